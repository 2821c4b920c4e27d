"""Programs that speak OSC and know nothing of us: python-osc, liblo's tools, and osc.js on Node, over UDP."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from tests.clients.conftest import ENGINES, HERE, RunningEngine, program, run_engine

pytestmark = pytest.mark.clients

RATE = float(np.float32(-30.1))  # what is left of it in 32 bits
WET = float(np.float32(0.1))
Message = tuple[str, list[Any]]


@pytest.fixture(scope="module")
def engine() -> Iterator[RunningEngine]:
    yield from run_engine(ENGINES["real"])


class PythonOsc:
    """One socket of python-osc."""

    def __init__(self, port: int) -> None:
        self.client = SimpleUDPClient("127.0.0.1", port)

    def until(self, enough: Callable[[list[Message]], bool]) -> list[Message]:
        heard: list[Message] = []
        for message in self.client.get_messages(timeout=20):
            heard.append((message.address, list(message.params)))
            if enough(heard):
                return heard
        raise AssertionError(f"not enough: {heard}")

    def ask(self, address: str) -> list[Any]:
        self.client.send_message(address, [])
        return self.until(lambda heard: any(there == address for there, _ in heard))[-1][1]

    def set(self, address: str, tag: str, value: object) -> None:
        builder = OscMessageBuilder(address)
        builder.add_arg(value, tag)
        self.client.send(builder.build())


@pytest.fixture
def osc(engine: RunningEngine) -> Iterator[PythonOsc]:
    opened = PythonOsc(engine.port)
    with opened.client:
        yield opened


def test_python_osc_sets_gets_subscribes_and_receives(osc: PythonOsc) -> None:
    for address, tag, value, expected in (
        ("/ear/dream/rate", "f", -30.1, RATE),
        ("/ear/norm/playback/wet", "d", 0.1, WET),
        ("/ear/optimizer/steps_per_loop", "h", 12, 12),
        ("/ear/playback/mute", "T", True, 1),
        ("/ear/playback/mute", "F", False, 0),
        ("/ear/source/fit", "s", "crop", "crop"),
    ):
        osc.set(address, tag, value)
        (found,) = osc.ask(address)
        assert (type(found), found) == (type(expected), expected), address
    bundle = OscBundleBuilder(IMMEDIATELY)
    for address, arguments in (("/ear/tone/low", [-3.5]), ("/ear/tone/low", []), ("/ear/tone/mid", [])):
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        bundle.add_content(builder.build())
    osc.client.send(bundle.build())
    assert ("/ear/tone/low", [-3.5]) in osc.until(lambda heard: any(there == "/ear/tone/mid" for there, _ in heard))

    osc.client.send_message("/ear/dream/rat", 1)
    ((_, refusal),) = osc.until(bool)
    assert refusal[:2] == ["/ear/dream/rat", "unknown_address"] and refusal[3] == 0

    osc.client.send_message("/ear/stream/subscribe", ["/ear/playhead", 60.0])
    heard = osc.until(lambda heard: sum(there == "/ear/playhead" for there, _ in heard) >= 20)
    assert [there for there, _ in heard].count("/ear/done") == 1
    assert_playheads([arguments for there, arguments in heard if there == "/ear/playhead"])


def assert_playheads(heads: list[list[Any]]) -> None:
    assert {tuple(type(part) for part in head) for head in heads} == {(int, float, int, float, int)}
    assert all(0.0 <= phase < 1.0 and float(np.float32(phase)) == phase for _, phase, *_ in heads)
    steps = [later - earlier for (_, earlier, *_), (_, later, *_) in pairwise(heads)]
    assert sum(step > 0.0 for step in steps) >= len(steps) - 3  # it goes on, and comes round
    assert all(later[4] > earlier[4] for earlier, later in pairwise(heads))


def test_node_osc_sets_gets_subscribes_and_receives(engine: RunningEngine) -> None:
    if not (HERE / "node" / "node_modules" / "osc").exists():
        pytest.fail("osc.js is missing; `make peers` installs it")
    command = [program("node"), str(HERE / "node" / "drive_udp.js"), str(engine.port)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["values"] == {
        "rate": [{"type": "f", "value": RATE}],
        "wet": [{"type": "f", "value": WET}],
        "steps": [{"type": "i", "value": 12}],
        "mute": [{"type": "i", "value": 1}],
        "fit": [{"type": "s", "value": "crop"}],
        "low": [{"type": "f", "value": -3}],
    }
    assert [part["value"] for part in found["refusal"][:2]] == ["/ear/dream/rat", "unknown_address"]
    assert "".join(part["type"] for part in found["done"]) == "siisiff"
    assert {"".join(part["type"] for part in head) for head in found["playheads"]} == {"ififi"}
    tags = "ififi"
    typed = [
        [float(p["value"]) if t == "f" else p["value"] for t, p in zip(tags, h, strict=True)]
        for h in found["playheads"]
    ]
    assert_playheads(typed)
    loop, frame, offset, total, kind, scale = (part["value"] for part in found["blob"])
    assert loop > 0 and frame >= 0 and (kind, scale) == ("float32", 1.0)
    head, values = found["list"][:4], found["list"][4:]
    assert [part["value"] for part in head] == [loop, frame, offset, total]
    assert {part["type"] for part in values} == {"f"} and any(part["value"] for part in values)
    assert [part["value"] for part in values][: len(found["floats"])] == found["floats"][: len(values)]  # every bit


class Oscdump:
    """A running ``oscdump``: lines as it prints them, without their time."""

    def __init__(self, folder: Path) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._file = folder / "dump.txt"
        self._out = self._file.open("w")
        self.process = subprocess.Popen([program("oscdump"), "-L", str(self.port)], stdout=self._out, text=True)

    def until(self, line: str) -> list[str]:
        """All lines up to the first that begins so."""
        end = time.monotonic() + 20.0
        while True:
            lines = [text.partition(" ")[2] for text in self._file.read_text().splitlines()]
            if any(text.startswith(line) for text in lines):
                return lines
            assert time.monotonic() < end and self.process.poll() is None, lines
            time.sleep(0.02)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self._out.close()


@pytest.fixture
def oscdump(tmp_path: Path) -> Iterator[Oscdump]:
    dump = Oscdump(tmp_path)
    try:
        me = ["127.0.0.1", str(dump.port)]
        end = time.monotonic() + 10.0
        while "/here" not in (tmp_path / "dump.txt").read_text():  # it listens
            subprocess.run([program("oscsend"), *me, "/here"], check=True)
            assert time.monotonic() < end
        yield dump
    finally:
        dump.close()


def test_liblo_sets_gets_subscribes_and_receives(engine: RunningEngine, oscdump: Oscdump, tmp_path: Path) -> None:
    def send(*words: str) -> None:
        subprocess.run([program("oscsend"), "127.0.0.1", str(engine.port), *words], check=True, timeout=10)

    # every oscsend is a client of its own, which names the port that is to hear
    for pattern, rate in (("/ear/playhead", "60"), ("/ear/{tone,dream,playback,source,optimizer}/*", "60")):
        send("/ear/stream/subscribe", "sfsif", pattern, rate, "list", str(oscdump.port), "0")
    oscdump.until("/ear/playhead ififi ")
    lines = oscdump.until("/ear/dream/rate f ")
    assert any(line.startswith("/ear/source/clip s ") for line in lines)  # all values as they are
    send("/ear/dream/rate", "f", "-31.7")
    send("/ear/norm/playback/wet", "d", "0.7")
    send("/ear/optimizer/steps_per_loop", "h", "7")
    send("/ear/playback/mute", "T")
    send("/ear/source/fit", "S", "stretch")
    send("/ear/tone/{low,mid}", "i", "-5")
    for line in (
        f"/ear/dream/rate f {np.float32(-31.7):f}",
        f"/ear/playback/wet f {np.float32(0.7):f}",
        "/ear/optimizer/steps_per_loop i 7",
        "/ear/playback/mute i 1",
        '/ear/source/fit s "stretch"',
        "/ear/tone/low f -5.000000",
        "/ear/tone/mid f -5.000000",
    ):
        lines = oscdump.until(line)
    heads = [line.split()[2:] for line in lines if line.startswith("/ear/playhead ififi ")]
    assert all(re.fullmatch(r"\d+ 0\.\d{6} \d+ \d+\.\d{6} \d+", " ".join(head)) for head in heads)
    sequence = [int(head[-1]) for head in heads]
    assert len(heads) >= 3 and sequence == sorted(set(sequence))

    # one oscsendfile is one client: what it asks is answered where it says
    asked = ["/ear/system/reply_port i", "/ear/dream/rate", "/ear/dream/rat i 1", "/ear/system/sync i 5"]
    asked[0] += f" {oscdump.port}"
    (tmp_path / "asked.txt").write_text("".join(line + "\n" for line in asked))
    url = f"osc.udp://127.0.0.1:{engine.port}"
    subprocess.run([program("oscsendfile"), url, str(tmp_path / "asked.txt")], check=True, timeout=10)
    lines = oscdump.until("/ear/system/synced i 5")
    assert any(line.startswith('/ear/done sii "/ear/system/reply_port" 0 ') for line in lines)
    assert any(line.startswith('/ear/fail sssi "/ear/dream/rat" "unknown_address"') for line in lines)
