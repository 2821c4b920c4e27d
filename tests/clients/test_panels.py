"""The Max package, the TouchOSC layout and the Open Stage Control session play a real engine, in stand-in hosts."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from ear_engine.clients.panel import PAD, rows, shown
from ear_engine.parameters import ParameterTree
from tests.clients.conftest import ENGINES, ROOT, RunningEngine, run_engine
from tests.clients.hosts.lines import Host
from tests.clients.hosts.touchosc_host import TouchOsc

pytestmark = pytest.mark.clients
PACKAGE = ROOT / "maxmsp" / "ear-engine"
SESSION = ROOT / "patches" / "openstagecontrol" / "ear-engine.json"
LAYOUT = ROOT / "patches" / "touchosc" / "ear-engine.tosc"
FADERS = [row for row in rows() if row.kind == "float" and row.name not in PAD]
PLACES = (0.0, 0.13, 0.5, 0.77, 1.0)


@pytest.fixture(scope="module")
def engine() -> Iterator[RunningEngine]:
    yield from run_engine(ENGINES["real"])


class Engine:
    """Asks and sets, as another client."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(10)

    def close(self) -> None:
        self._socket.close()

    def all_of(self, address: str) -> list[Any]:
        self._send(address)
        return self._answer(address)

    def ask(self, address: str) -> Any:
        return self.all_of(address)[0]

    def becomes(self, address: str, wanted: float | str, within: float = 1e-5) -> None:
        """Wait until a parameter is what a host has just made it."""
        end = time.monotonic() + 10
        while True:
            value = self.ask(address)
            if value == wanted if isinstance(wanted, str) else abs(value - wanted) <= within * max(1.0, abs(wanted)):
                return
            assert time.monotonic() < end, f"{address} is {value}, not {wanted}"

    def set(self, address: str, value: float | str) -> None:
        self._send(address, value)
        self._send("/ear/system/sync", 1)
        self._answer("/ear/system/synced")

    def _send(self, address: str, *values: float | str) -> None:
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        self._socket.sendto(builder.build().dgram, self._to)

    def _answer(self, address: str) -> list[Any]:
        while True:
            message = OscMessage(self._socket.recv(65536))
            if message.address == address:
                return list(message.params)

    def start_anew(self) -> None:
        """Values as they are at the start, of all that panels turn."""
        for row in ParameterTree():
            if row.page == "play" and row.kind in ("float", "bool", "choice"):
                self.set(row.address, row.default if isinstance(row.default, str) else float(row.default))


@pytest.fixture
def ear(engine: RunningEngine) -> Iterator[Engine]:
    made = Engine(engine.port)
    made.start_anew()
    yield made
    made.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def max_host(patch: str, port: int, package: Path = PACKAGE, **environment: str) -> Host:
    return Host("max_host.js", package, patch, port, free_port(), environment=environment)


def quiet(host: Host) -> None:
    assert host("told")["errors"] == []


# Max


def test_max_play_page_sets_gets_and_follows(engine: RunningEngine, ear: Engine) -> None:
    with max_host("ear-engine.maxpat", engine.port) as host:
        host.until("see", [["state"]], lambda state: state == 1)
        for row in FADERS:  # what follows another's hand has had all that comes at the start
            if row.name != "target/morph":
                ear.set(row.address, float(row.denormalize(0.9)))
                host.until("see", [[row.name, "value"]], lambda value: value == shown(row, 0.9))  # noqa: B023
        for row in FADERS:
            host.until("see", [[row.name, "value"]], bool)
            assert host("see", [row.name, "name"]) == row.name.split("/")[1].replace("_", " ")
            for place in PLACES:
                host("touch", [row.name, "fader"], place)
                assert host("see", [row.name, "value"]) == shown(row, place), (row.name, place)
        for name in ("target/a", "target/b"):  # there is no morph without both
            host("touch", [name, "button"])
        for row in FADERS:
            host("touch", [row.name, "fader"], 0.3)
            ear.becomes(row.address, float(row.denormalize(0.3)), 1e-4)
        ear.set("/ear/dream/rate", -60.0)
        host.until("see", [["dream/rate", "fader"]], lambda place: place == 0.0)
        assert host("see", ["dream/rate", "value"]) == "-60.0 dB"
        host("touch", ["map", "pad"], 250, 750)
        ear.becomes("/ear/target/x", 0.25)
        ear.becomes("/ear/target/y", 0.75)
        ear.set("/ear/target/x", 0.1)
        host.until("see", [["map", "pad"]], lambda place: place == [100, 750])
        assert abs(ear.ask("/ear/target/y") - 0.75) < 1e-6  # what was told was not said again
        host("touch", ["dream/run", "switch"], 0)
        ear.becomes("/ear/dream/run", 0)
        host("touch", ["tone/scale", "menu"], "dorian")
        ear.becomes("/ear/tone/scale", "dorian")
        host("touch", ["target/name", "text"], "low tones")
        ear.becomes("/ear/target/name", "low tones")
        host("touch", ["target/name", "text"], "qwxyz")  # no sound is called so; the engine keeps what it had
        host.until("see", [["target/name", "text"]], lambda words: words == "low tones")
        assert "qwxyz" in host("told")["log"][-1]
        assert host("see", ["target/keep", "button"]) == "keep"
        quiet(host)


def test_max_lists_presets_and_streams(engine: RunningEngine, ear: Engine) -> None:
    ear.set("/ear/target/layer", "encoder_4_conv2")
    with max_host("ear-engine.maxpat", engine.port) as host:
        layers = host.until("see", [["layers"]], lambda menu: menu["chosen"] == "encoder_4_conv2")["items"]
        assert layers[0] == "scalogram" and len(layers) == 26
        host("touch", ["layers"], "autoregressive_2")
        ear.becomes("/ear/target/layer", "autoregressive_2")
        clip = ear.ask("/ear/source/clip")
        host.until("see", [["clips"]], lambda menu: menu["chosen"] == clip)
        host.until("see", [["presets"]], lambda menu: "drone" in menu["items"])
        host("touch", ["presets"], "drone")
        host.until("see", [["dream/rate", "value"]], lambda text: text == f"{ear.ask('/ear/dream/rate'):.1f} dB")
        meters = host.until("see", [["meters"]], lambda bars: len(bars) == 26)
        assert all(0.0 <= bar <= 1.0 for bar in meters) and max(meters) > 0.0
        first = host.until("see", [["phase"]], lambda phase: 0.0 < phase < 1.0)
        host.until("see", [["phase"]], lambda phase: phase != first)
        quiet(host)


def test_max_loops_come_into_two_buffers_by_turns(engine: RunningEngine, ear: Engine) -> None:
    with max_host("ear.example.maxpat", engine.port) as host:
        assert set(host.until("buffers", [], lambda names: len(names) == 2, 40.0)) == {"dream.a", "dream.b"}
        data = base64.b64decode(host("buffer", "dream.a"))
        assert data[:4] == b"RIFF" and len(data) > 100_000
        log = " ".join(host("told")["log"])
        assert "state 1" in log
        quiet(host)


def test_max_fetches_loops_of_an_engine_elsewhere(engine: RunningEngine, ear: Engine) -> None:
    words = ear.all_of("/ear/system/status")
    http = words[words.index("http_port") + 1]
    with max_host("ear.loop.maxhelp", engine.port) as host:
        host("share", "ear.engine", "local", 0)
        host("send", "ear.again", "bang")

        def fetched(told: dict[str, list[str]]) -> bool:
            return sum(line.startswith("loop: ") for line in told["log"]) >= 2

        log = host.until("told", [], fetched, 40.0)["log"]
        number = int(next(line for line in reversed(log) if line.startswith("loop: ")).split()[1])
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/loops/{number}.wav", timeout=10) as answer:
            there = answer.read()
        assert there in [base64.b64decode(host("buffer", name)) for name in host("buffers")]
        quiet(host)


@pytest.mark.parametrize("patch", sorted(path.name for path in (PACKAGE / "help").iterdir()))
def test_max_help_patches_run(engine: RunningEngine, ear: Engine, patch: str) -> None:
    with max_host(patch, engine.port) as host:
        host.until("told", [], lambda told: not told["errors"])
        if patch == "ear.stream.maxhelp":
            lines = host.until("told", [], lambda told: any("loop_frame" in line for line in told["log"]))["log"]
            header = next(line for line in lines if "loop_frame" in line).split()
            assert len(header) == 5 and int(header[3]) % 256 == 0
        quiet(host)


@pytest.mark.skipif(os.name == "nt", reason="the engine's stand-in is a shell script")
def test_max_starts_and_stops_the_engine(tmp_path: Path) -> None:
    package = tmp_path / "ear-engine"
    shutil.copytree(PACKAGE, package)
    program = tmp_path / "ear-engine-here"
    start = "import sys; from ear_engine.cli import main; sys.exit(main())"
    program.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -c "{start}" "$@" --audio null --http-port 0\n')
    program.chmod(0o755)
    (package / "engine_path.txt").write_text(f"{program}\n")
    with max_host("ear-engine.maxpat", free_port(), package) as host:
        assert host("see", ["state"]) == 0
        host("touch", ["start"])
        host.until("see", [["state"]], lambda state: state == 1, 60.0)
        host("touch", ["stop"])
        host.until("see", [["said"]], lambda words: words == "ended 0", 30.0)
        quiet(host)
    (package / "engine_path.txt").write_text("/nowhere/ear-engine\n")
    with max_host("ear-engine.maxpat", free_port(), package) as host:
        host("touch", ["start"])
        host.until("see", [["said"]], lambda words: words == "ended -1", 10.0)


# TouchOSC


def test_touchosc_faders_move_the_engine_and_are_moved_by_it(engine: RunningEngine, ear: Engine) -> None:
    with TouchOsc(LAYOUT, engine.port, free_port()) as host:
        host.frames(2.6)
        assert host.see("status", "text").startswith("ear-engine ")
        for name in ("target_a", "target_b"):  # there is no morph without both
            host.touch(name, "x", 1.0)
        for row in FADERS:
            name = row.name.replace("/", "_")
            assert abs(host.see(name) - row.normalize(row.default)) < 1e-4, row.name
            for place in PLACES:
                host.touch(name, "x", place)
                assert host.beside(name) == shown(row, place), (row.name, place)
            host.touch(name, "x", 0.3)
            ear.becomes(row.address, float(row.denormalize(0.3)), 1e-4)
        for choice, place in (("tone_scale", 3 / 11), ("rhythm_grid", 0.4)):
            host.touch(choice, "x", place)
            row = ParameterTree()[choice.replace("_", "/")]
            ear.becomes(row.address, str(row.denormalize(place)))
            assert host.beside(choice) == shown(row, place)
        host.touch("dream_run", "x", 0.0)
        ear.becomes("/ear/dream/run", 0)
        host.touch("target_map", "x", 0.25)
        host.touch("target_map", "y", 0.75)
        ear.becomes("/ear/target/x", 0.25)
        ear.becomes("/ear/target/y", 0.75)
        ear.set("/ear/tone/tilt", 3.0)
        ear.set("/ear/target/y", 0.1)
        host.frames(0.5)
        assert host.beside("tone_tilt") == "3.00 dB/oct"
        assert abs(host.see("target_map", "y") - 0.1) < 1e-6


def test_touchosc_lists_are_the_engines(engine: RunningEngine, ear: Engine) -> None:
    with TouchOsc(LAYOUT, engine.port, free_port()) as host:
        host.frames(2.6)
        assert host.beside("layer", "25", "word") == "autoregressive_8"
        assert host.shown("layer", "25") and not host.shown("layer", "26")
        host.touch("layer", "x", 1.0, "7")
        ear.becomes("/ear/target/layer", "encoder_3_conv1")
        ear.set("/ear/target/layer", "encoder_3_conv2")
        host.frames(0.5)
        assert host.color("layer", "8") == "FFFFFFFF" and host.color("layer", "7") != "FFFFFFFF"
        host.touch("preset", "x", 1.0, "1")
        host.frames(1.0)
        assert host.beside("preset", "1", "word") == "drone"
        assert host.beside("dream_rate") == f"{ear.ask('/ear/dream/rate'):.1f} dB"


def test_touchosc_says_when_the_engine_is_not_there() -> None:
    with TouchOsc(LAYOUT, free_port(), free_port()) as host:
        host.frames(0.2)
        assert host.see("status", "text") == "looking for ear-engine"


# Open Stage Control


def test_open_stage_control_widgets_move_the_engine_and_are_moved_by_it(engine: RunningEngine, ear: Engine) -> None:
    with Host("open_stage_control_host.js", SESSION, engine.port) as host:
        host.until("see", ["engine"], lambda words: words != "looking for ear-engine")
        host.until("see", ["playhead"], bool)
        for name in ("target_a", "target_b"):  # there is no morph without both
            host("touch", name, 1)
        for row in FADERS:
            name = row.name.replace("/", "_")
            assert abs(host("see", name) - row.normalize(row.default)) < 1e-4, row.name
            for place in PLACES:
                host("touch", name, place)
                assert host("see", f"{name}_value") == shown(row, place), (row.name, place)
            host("touch", name, 0.3)
            ear.becomes(row.address, float(row.denormalize(0.3)), 1e-4)
        host("touch", "pad", [0.25, 0.75])
        ear.becomes("/ear/target/x", 0.25)
        ear.becomes("/ear/target/y", 0.75)
        ear.set("/ear/target/y", 0.1)
        host.until("see", ["pad"], lambda place: abs(place[1] - 0.1) < 1e-6 and abs(place[0] - 0.25) < 1e-6)
        host("touch", "dream_run", 0)
        ear.becomes("/ear/dream/run", 0)
        host("touch", "tone_scale", "dorian")
        ear.becomes("/ear/tone/scale", "dorian")
        host("touch", "target_name", "low tones")
        ear.becomes("/ear/target/name", "low tones")
        ear.set("/ear/tone/tilt", 3.0)
        host.until("see", ["tone_tilt_value"], lambda text: text == "3.00 dB/oct")
        assert host("errors") == []


def test_open_stage_control_lists_presets_and_streams(engine: RunningEngine, ear: Engine) -> None:
    ear.set("/ear/target/layer", "encoder_4_conv2")
    with Host("open_stage_control_host.js", SESSION, engine.port) as host:
        menu = host.until("see", ["layers"], lambda menu: menu.get("value") == "encoder_4_conv2")
        assert len(menu["choices"]) == 26
        host("touch", "layers", "autoregressive_2")
        ear.becomes("/ear/target/layer", "autoregressive_2")
        assert len(host.until("see", ["meters"], lambda bars: len(bars) == 26)) == 26
        first = host("see", "phase")
        host.until("see", ["phase"], lambda phase: phase != first)
        host("touch", "preset_drone", "drone")
        host.until("see", ["dream_rate_value"], lambda text: text == f"{ear.ask('/ear/dream/rate'):.1f} dB")
        assert host("errors") == []
