"""`ear-engine serve` with a map that moves, as a client sees it over OSC."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.ear_files import find_ear
from ear_engine.layout.map_file import MAP, read_map
from ear_engine.osc.codec import decode, encode
from ear_engine.platform import process_alive
from tests.test_hot_swap import Engine

pytestmark = pytest.mark.slow

POSITIONS = "/ear/map/positions"
PAPER = 42_608


class Listener(Engine):
    """A client that puts the map together."""

    def __init__(self, out: Path, port: int) -> None:
        super().__init__(out, port)
        self.versions: list[int] = []  # of whole maps, as they came
        self.map: NDArray[np.float32] = np.zeros((0, 2), np.float32)  # the last whole one
        self._parts: dict[int, tuple[float, ...]] = {}
        self._version = -1

    def send(self, address: str, *arguments: object) -> None:
        self._socket.send(encode(address, *arguments))

    def listen(self) -> None:
        end = time.perf_counter() + 0.1  # a map that moves leaves no pause
        with contextlib.suppress(TimeoutError):
            while time.perf_counter() < end:
                for message in decode(self._socket.recv(65536)):
                    if message.address == POSITIONS:
                        self._add(message.flat)
                    else:
                        self.heard.append((message.address, message.flat))

    def _add(self, arguments: list[Any]) -> None:
        version, offset, total, *values = arguments
        if version != self._version:
            self._version, self._parts = version, {}
        self._parts[offset] = tuple(values)
        if sum(map(len, self._parts.values())) == total:
            whole = [value for _, part in sorted(self._parts.items()) for value in part]
            self.map = np.array(whole, np.float32).reshape(-1, 2)
            self.versions.append(version)

    def info(self) -> tuple[int, str, int, float]:
        """What ``/ear/map/info`` answers now."""
        self.heard = [item for item in self.heard if item[0] != "/ear/map/info"]
        self.send("/ear/map/info")
        self.until(lambda: self.answers("/ear/map/info"), 10.0)
        neurons, phase, step, rate = self.answers("/ear/map/info")[-1]
        return neurons, phase, step, rate

    def until_info(self, condition: Callable[[tuple[int, str, int, float]], object], seconds: float = 120.0) -> None:
        end = time.perf_counter() + seconds
        while not condition(found := self.info()):
            assert time.perf_counter() < end, (found, self.status(), self.answers("/ear/event"))
            time.sleep(0.05)

    def watch(self, seconds: float) -> None:
        """Listen for a while."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.listen()


@contextmanager
def playing(folder: Path, *options: str, ear: str = "small") -> Iterator[tuple[Listener, subprocess.Popen[str]]]:
    out = folder / "out"
    plain = [
        "serve",
        "--no-restart",
        "--audio",
        "null",
        "--osc-port",
        "0",
        "--json-status",
        "--device",
        "cpu",
        "--ear",
        ear,
        "--midi",
        "off",
    ]
    calm = ["--optimizer.steps_per_loop", "1"]  # the map loads after the dream, on a small machine for a while
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with out.open("w") as stdout, (folder / "err").open("w") as stderr:
        command = [sys.executable, "-m", "ear_engine", *plain, *calm, *options]
        process = subprocess.Popen(
            command, stdout=stdout, stderr=stderr, text=True, start_new_session=True, env=environment
        )
        try:
            end = time.perf_counter() + 60
            while not any(json.loads(line)["loop"] > 0 for line in out.read_text().splitlines() if line.endswith("}")):
                assert process.poll() is None and time.perf_counter() < end, (folder / "err").read_text()
                time.sleep(0.1)
            client = Listener(out, json.loads(out.read_text().splitlines()[0])["osc_port"])
            with contextlib.closing(client):
                client.send("/ear/stream/subscribe", POSITIONS, 30.0)
                client.send("/ear/stream/subscribe", "/ear/event", 30.0)
                yield client, process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def stored(ear: str) -> NDArray[np.float32]:
    return read_map(find_ear(ear).path / MAP).positions


def test_the_map_moves_freezes_lies_still_follows_the_ear_and_comes_back_when_killed(tmp_path: Path) -> None:
    still = stored("small")
    with playing(tmp_path) as (client, process):
        client.until(lambda: client.versions)
        np.testing.assert_array_equal(client.map, still)
        assert client.info() == (len(still), "still", 0, 0.0)
        assert "map" not in client.status()["pids"]

        client.send("/ear/map/motion", "live")
        client.until_info(lambda info: info[1] == "moving" and info[3] > 0.0)
        client.versions.clear()
        client.until(lambda: len(client.versions) > 3)
        assert client.map.shape == still.shape
        assert 0.0 < np.median(np.abs(client.map - still)) < 0.1
        assert np.abs(client.map).max() < 2.0

        client.send("/ear/map/motion", "frozen")
        client.until_info(lambda info: info[1] == "frozen")
        client.watch(1.0)  # the rest of the last one
        frozen, step = list(client.versions), client.info()[2]
        client.watch(2.0)
        assert client.versions == frozen and client.info()[2] == step

        client.until(lambda: "map" in client.status()["pids"])
        killed = client.status()["pids"]["map"]
        client.send("/ear/map/motion", "live")
        os.kill(killed, signal.SIGKILL)
        client.until(lambda: any(row[1] == "map_restarted" for row in client.answers("/ear/event")))
        client.until(lambda: client.status()["pids"].get("map", killed) != killed)
        client.until_info(lambda info: info[1] == "moving")

        client.send("/ear/model/ear", "paper")
        client.until_info(lambda info: info[:2] == (PAPER, "moving"))
        client.until(lambda: len(client.map) == PAPER)
        client.until(lambda: client.status()["ear"] == "paper")
        near = np.abs(client.map - stored("paper"))
        assert np.median(near) < 0.1

        moving = client.status()["pids"]["map"]
        client.send("/ear/map/motion", "still")
        client.until(lambda: np.array_equal(client.map, stored("paper")), 20.0)
        client.until(lambda: "map" not in client.status()["pids"])
        assert not process_alive(moving)
        assert [row[1] for row in client.answers("/ear/event")].count("map_restarted") == 1
        assert client.status()["dropouts"] == 0
        process.terminate()
        assert process.wait(10) == 0
    assert "Traceback" not in (tmp_path / "err").read_text()


def test_an_ear_whose_map_is_damaged_lies_still_says_why_and_plays_on(tmp_path: Path) -> None:
    ear = tmp_path / "damaged"
    shutil.copytree(find_ear("small").path, ear)
    (ear / MAP).write_bytes((ear / MAP).read_bytes()[:1000])
    with playing(tmp_path, "--map.motion", "live", ear=str(ear)) as (client, process):
        client.until(lambda: any(row[1] == "map_still" for row in client.answers("/ear/event")))
        (event,) = (row for row in client.answers("/ear/event") if row[1] == "map_still")
        assert event[0] == "warning" and "damaged" in event[2] and "ear-engine layout" in event[2]
        client.send("/ear/map/motion")
        client.until(lambda: client.answers("/ear/map/motion"))
        assert client.answers("/ear/map/motion")[-1] == ["still"]
        client.until(lambda: "map" not in client.status()["pids"])
        client.until(lambda: client.versions)
        assert client.map.shape == stored("small").shape  # the chart, in place of the map
        client.go_on(1)
        process.terminate()
        assert process.wait(10) == 0


def test_it_is_flipped_as_fast_as_can_be_and_ends_while_it_loads(tmp_path: Path) -> None:
    with playing(tmp_path) as (client, process):
        for number in range(50):
            client.send("/ear/map/motion", ("live", "still", "frozen", "still")[number % 4])
            client.watch(0.02)
        client.send("/ear/map/motion", "live")
        client.until_info(lambda info: info[1] == "loading")
        assert client.answers("/ear/event") == []
        process.terminate()
        begun = time.perf_counter()
        assert process.wait(10) == 0
        assert time.perf_counter() - begun < 3.0
    assert "Traceback" not in (tmp_path / "err").read_text()
