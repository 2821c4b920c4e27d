"""`ear-engine serve` with another ear, source and device while it plays: nothing of that may be heard as a gap."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.sources.loops import render_builtin

RATE = 44100
SMOOTH = ("voice", "chords")  # clips without attacks, so that a jump stands out


class Engine:
    """A running engine, played over OSC."""

    def __init__(self, out: Path, port: int) -> None:
        self._out = out
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.settimeout(0.05)
        self.heard: list[tuple[str, list[Any]]] = []

    def status(self) -> dict[str, Any]:
        """The last line for programs."""
        report: dict[str, Any] = json.loads(self._out.read_text().rpartition("\n")[0].splitlines()[-1])
        return report

    def send(self, address: str, *arguments: object) -> None:
        """Send a message."""
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)  # type: ignore[arg-type]
        self._socket.send(builder.build().dgram)

    def listen(self) -> None:
        """Take what has come."""
        try:
            while True:
                message = OscMessage(self._socket.recv(65536))
                self.heard.append((message.address, list(message.params)))
        except TimeoutError:
            return

    def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait, listening."""
        end = time.perf_counter() + seconds
        while not condition():
            assert time.perf_counter() < end, (self.heard[-20:], self.status())
            self.listen()

    def answers(self, address: str) -> list[list[Any]]:
        """What was heard at ``address``."""
        return [params for heard, params in self.heard if heard == address]

    def go_on(self, loops: int = 2) -> None:
        """Wait for so many more loops to be heard."""
        loop = self.status()["loop"]
        self.until(lambda: self.status()["loop"] >= loop + loops)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with two small ears and a broken one."""
    folder = tmp_path_factory.mktemp("home")
    ears = folder / "ear-engine" / "ears"
    torch.manual_seed(1)
    save_ear(Ear(EarConfig(width=0.125)), ears / "narrow", "narrow", "an eighth as wide")
    save_ear(Ear(EarConfig(width=0.25)), ears / "wide", "wide", "a quarter as wide")
    save_ear(Ear(EarConfig(width=0.25)), ears / "broken", "broken", "")
    (ears / "broken" / "weights.safetensors").write_bytes((ears / "narrow" / "weights.safetensors").read_bytes())
    return folder


@contextmanager
def playing(home: Path, folder: Path, *options: str) -> Iterator[tuple[Engine, subprocess.Popen[str]]]:
    plain = [
        "serve",
        "--no-restart",
        "--audio",
        "null",
        "--osc-port",
        "0",
        "--json-status",
        "--ear",
        "narrow",
        "--device",
        "cpu",
    ]
    out = folder / "out"
    environment = {**os.environ, "XDG_DATA_HOME": str(home), "OMP_NUM_THREADS": "1"}
    with out.open("w") as stdout, (folder / "err").open("w") as stderr:
        typed = [sys.executable, "-m", "ear_engine", *plain, *options]
        process = subprocess.Popen(
            typed, stdout=stdout, stderr=stderr, text=True, start_new_session=True, env=environment
        )
        try:
            end = time.perf_counter() + 60
            while not any(json.loads(line)["loop"] > 1 for line in out.read_text().splitlines() if line.endswith("}")):
                assert process.poll() is None and time.perf_counter() < end, (folder / "err").read_text()
                time.sleep(0.1)
            engine = Engine(out, json.loads(out.read_text().splitlines()[0])["osc_port"])
            yield engine, process
            engine.close()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.slow
def test_ears_sources_and_devices_change_without_a_gap_or_a_jump(home: Path, tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    quiet = ("--dream.rate", "-60", "--source.clip", SMOOTH[0])  # what is heard stays the clip, so its slopes are known
    with playing(home, tmp_path, "--record", str(take), *quiet) as (engine, process):
        engine.send("/ear/ears/list")
        engine.until(lambda: any(row[2] == "wide" for row in engine.answers("/ear/ears/list")))
        rows = {row[2]: row[3:] for row in engine.answers("/ear/ears/list")}
        assert rows["wide"][0] == "a quarter as wide" and rows["wide"][1] > 0
        for ear, clip, device in (("wide", 1, "auto"), ("narrow", 0, "cpu"), ("wide", 1, "cpu")):
            engine.send("/ear/model/ear", ear)
            engine.until(lambda ear=ear: engine.status()["ear"] == ear)
            engine.go_on()
            engine.send("/ear/source/clip", SMOOTH[clip])
            engine.go_on()
            engine.send("/ear/model/device", device)
            engine.go_on()
        engine.heard.clear()
        engine.send("/ear/layers/list")
        engine.until(lambda: len(engine.answers("/ear/layers/list")) > 20)
        shapes = {row[2]: row[3] for row in engine.answers("/ear/layers/list")}
        assert shapes["encoder_3_conv1"] == 16  # a quarter of the paper's 64
        assert engine.answers("/ear/fail") == []
        final = engine.status()
        process.terminate()
        assert process.wait(20) == 0
    assert final["dropouts"] == 0 and final["ear"] == "wide"
    played, rate = soundfile.read(take, dtype="float32")
    sound = np.flatnonzero(np.abs(played).max(axis=1) > 1e-4)
    music = played[sound[0] + rate // 10 : sound[-1] - rate // 10]
    steepest = max(float(np.abs(np.diff(render_builtin(name).audio, axis=1)).max()) for name in SMOOTH)
    assert np.abs(np.diff(music, axis=0)).max() < 1.5 * steepest
    blocks = music[: len(music) // 441 * 441].reshape(-1, 441 * 2)
    quietest = min(np.abs(_around(render_builtin(name).audio)).max(axis=(1, 2)).min() for name in SMOOTH)
    assert np.abs(blocks).max(axis=1).min() > 0.25 * quietest


def _around(audio: Any) -> Any:
    stereo = np.broadcast_to(audio, (2, audio.shape[1]))
    return stereo[:, : audio.shape[1] // 441 * 441].T.reshape(-1, 441, 2)


@pytest.mark.slow
def test_an_ear_that_cannot_be_used_is_answered_and_the_parameter_goes_back(home: Path, tmp_path: Path) -> None:
    with playing(home, tmp_path) as (engine, _):
        for name, reason in (("broken", "another network"), ("nobody", "does not exist"), ("../narrow", "path")):
            engine.heard.clear()
            engine.send("/ear/model/ear", name)
            engine.until(lambda: engine.answers("/ear/fail"))
            (fail,) = engine.answers("/ear/fail")
            assert fail[0] == "/ear/model/ear" and any(reason in str(part) for part in fail)
        engine.heard.clear()
        absent = "mps" if sys.platform != "darwin" else "cuda"
        engine.send("/ear/model/device", absent)
        engine.until(lambda: engine.answers("/ear/fail"))
        engine.send("/ear/model/ear")
        engine.send("/ear/model/device")
        engine.until(lambda: engine.answers("/ear/model/ear") and engine.answers("/ear/model/device"))
        assert engine.answers("/ear/model/ear") == [["narrow"]]
        assert engine.answers("/ear/model/device")[-1] == ["cpu"]
        engine.go_on()
        assert engine.status()["ear"] == "narrow"
        assert len(engine.answers("/ear/fail")) == 1
