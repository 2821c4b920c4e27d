"""The SuperCollider Quark: a real sclang and a real scsynth with a real engine."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.clients import quark
from ear_engine.clients.install import engine_program, install
from ear_engine.clients.table import find_client
from ear_engine.osc.codec import decode, encode
from ear_engine.parameters import ParameterTree
from ear_engine.playback.backend import boot_server
from ear_engine.shared_memory.clock import playhead
from ear_engine.shared_memory.states import AudioState, StateReader
from tests.clients.conftest import ENGINES, HERE, RunningEngine, program, run_engine

pytestmark = [pytest.mark.clients, pytest.mark.slow]
SCRIPTS = HERE / "quark"
RATE = 48_000


@pytest.fixture(scope="module")
def engine() -> Iterator[RunningEngine]:
    """A real engine for all tests here; they leave it as they found it."""
    yield from run_engine(ENGINES["real"])


@pytest.fixture(scope="module")
def jack() -> Iterator[str]:
    """A JACK server without hardware, for scsynth."""
    name = f"ear-engine-quark-{os.getpid()}"
    command = [program("jackd"), "--no-realtime", "-n", name, "-d", "dummy", "-r", str(RATE), "-p", "512"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACK_DEFAULT_SERVER", name)
        end = time.perf_counter() + 10
        while time.perf_counter() < end:
            client = boot_server("jack", 44_100, 512)
            if client is not None:
                client.shutdown()
                break
            time.sleep(0.05)
    yield name
    server.terminate()
    server.wait()


@dataclass(frozen=True)
class Sclang:
    """An sclang in which the Quark is installed, as the installer does it."""

    command: list[str]
    environment: dict[str, str]
    folder: Path

    def run(self, script: Path, timeout: float = 120, **more: str) -> tuple[int, list[str]]:
        """Exit code and lines of a script."""
        ran = subprocess.run(
            [*self.command, str(script)],
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        lines = ran.stdout.splitlines()
        assert not any("ERROR: " in line for line in lines), ran.stdout
        return ran.returncode, lines


@pytest.fixture
def installed(sclang: tuple[list[str], dict[str, str]], tmp_path: Path) -> Sclang:
    command, environment = sclang
    home = Path(environment["HOME"])
    extensions = home / ".local" / "share" / "SuperCollider" / "Extensions"
    folder = install(find_client("supercollider"), extensions).folder
    environment.pop("XDG_DATA_HOME", None)
    environment |= {"EAR_QUARK": str(folder), "EAR_FOLDER": str(tmp_path), "EAR_RATE": str(RATE)}
    return Sclang(command, environment, folder)


def told(lines: list[str], word: str) -> list[str]:
    """What follows ``word`` in the lines that begin with it."""
    return [line.removeprefix(word).strip() for line in lines if line.startswith(word + " ")]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_generated_files_are_those_of_the_table() -> None:
    source = find_client("supercollider").source()
    why = "run `python -m ear_engine.clients.quark`"
    assert (source / quark.CLASS).read_text(encoding="utf-8") == quark.class_text(ParameterTree()), why
    assert (source / quark.HELP).read_text(encoding="utf-8") == quark.help_text(ParameterTree()), why


def test_every_unit_test_passes(engine: RunningEngine, jack: str, installed: Sclang) -> None:
    code, lines = installed.run(
        installed.folder / "Tests" / "run.scd", 300, EAR_PORT=str(engine.port), JACK_DEFAULT_SERVER=jack
    )
    (result,) = told(lines, "RESULT")
    passed, _, failed, _ = result.split()
    assert (code, failed) == (0, "0"), "\n".join(lines)
    assert int(passed) > 400
    assert len(told(lines, "RAN")) == 5


def test_a_buffer_has_the_samples_that_http_gives(
    engine: RunningEngine, jack: str, installed: Sclang, tmp_path: Path
) -> None:
    command = [*installed.command, str(SCRIPTS / "loop.scd")]
    more = {"EAR_PORT": str(engine.port), "JACK_DEFAULT_SERVER": jack}
    process = subprocess.Popen(command, env=installed.environment | more, stdout=subprocess.PIPE, text=True)
    too_long = threading.Timer(90, process.kill)
    too_long.start()
    assert process.stdout is not None
    downloaded = set()
    try:
        for line in process.stdout:
            if line.startswith("WROTE "):
                port, number, fetched, rate, path = line.removeprefix("WROTE ").split()
                url = f"http://127.0.0.1:{port}/loops/{number}.wav"
                with urllib.request.urlopen(url, timeout=10) as answer:
                    heard, sample_rate = soundfile.read(io.BytesIO(answer.read()), dtype="float32")
                held, _ = soundfile.read(path, dtype="float32")
                assert int(rate) == sample_rate
                assert held.shape == heard.shape and len(held) > sample_rate
                assert np.array_equal(held, heard)
                assert np.abs(held).max() > 0.01
                downloaded.add(fetched)
            if len(downloaded) == 2:
                (tmp_path / "compared").touch()  # it quits its server then
        assert process.wait(10) == 0
    finally:
        too_long.cancel()
        process.kill()
        process.stdout.close()
    assert downloaded == {"true", "false"}


def test_the_clock_follows_what_is_heard(engine: RunningEngine, installed: Sclang) -> None:
    """Its phase against that of the audio process, within 10 ms but for moments after the sound itself has jumped."""
    reader = StateReader(session_of(engine.port), "audio", AudioState)
    truth: list[tuple[float, float, float]] = []  # wall clock, beat, beats a second
    beats = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal beats
        while not done.wait(0.005):
            wall, at, state = time.time(), time.perf_counter(), reader.read()
            here = None if state is None else playhead(state, at)
            if state is not None and here is not None:
                beats = here.entry.beats
                truth.append((wall, here.beat, beats * state.sample_rate / here.entry.samples))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        code, lines = installed.run(SCRIPTS / "phase.scd", EAR_PORT=str(engine.port))
    finally:
        done.set()
        watcher.join()
        reader.close()
    assert code == 0 and "END" in lines
    heard = np.array(truth)
    jumps = jumps_of(heard, beats)
    errors = []
    for line in told(lines, "PHASE"):
        wall, beat, of = map(float, line.split())
        assert of == beats
        near = int(np.abs(heard[:, 0] - wall).argmin())
        if abs(heard[near, 0] - wall) < 0.05 and not np.any((jumps > wall - 3.0) & (jumps < wall + 0.05)):
            ahead = beat - heard[near, 1] - (wall - heard[near, 0]) * heard[near, 2]
            errors.append(((ahead + beats / 2) % beats - beats / 2) / heard[near, 2])
    assert len(errors) >= 20, f"the sound has jumped {len(jumps)} times"
    assert np.abs(errors).max() <= 0.010


def jumps_of(heard: np.ndarray, beats: int) -> np.ndarray:
    """When the sound was late by more than 2 ms at once, as on a machine that is too busy to play."""
    walls, phases, tempo = heard.T
    steps = np.diff(phases) - np.diff(walls) * tempo[1:]
    steps = ((steps + beats / 2) % beats - beats / 2) / tempo[1:]
    found: np.ndarray = walls[1:][np.abs(steps) > 0.002]
    return found


def session_of(port: int) -> Path:
    """Session folder of the engine at ``port``, from the path of its newest loop."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(20)
        client.sendto(encode("/ear/stream/subscribe", "/ear/loop"), ("127.0.0.1", port))
        while True:
            for message in decode(client.recv(65_536)):
                if message.address == "/ear/loop":
                    client.sendto(encode("/ear/stream/unsubscribe"), ("127.0.0.1", port))
                    return Path(str(message.flat[1])).parent.parent


def test_streams_survive_cmd_period_and_outlive_a_lease(engine: RunningEngine, installed: Sclang) -> None:
    code, lines = installed.run(SCRIPTS / "endure.scd", EAR_PORT=str(engine.port))
    assert code == 0 and "END" in lines
    assert told(lines, "CLOCK") == ["true true"]


def test_it_starts_an_engine_finds_it_and_starts_it_again(installed: Sclang) -> None:
    found = engine_program()
    assert found is not None
    code, lines = installed.run(SCRIPTS / "boot.scd", EAR_PORT=str(free_port()))
    assert "END" in lines, "\n".join(lines)
    assert code == 0
    assert told(lines, "BOOT") == ["true"]
    assert told(lines, "CLIP") == ["hats"]
    assert told(lines, "EARLY") == ["-12.0"]
    assert told(lines, "FOUND") == ["true true"]
    assert told(lines, "ALIVE") == ["false"]
    assert told(lines, "AGAIN") == told(lines, "STREAMS") == ["true"]
    (refused,) = told(lines, "REFUSED")
    assert refused.startswith("ear-engine ended with 2: ear-engine: clip 'no_such_clip'")
    assert sum("no_such_clip" in line for line in lines if line.startswith("EarEngine:")) == 1


def test_no_program_and_no_engine_are_said_in_a_line(installed: Sclang, tmp_path: Path) -> None:
    (installed.folder / "engine_path.txt").unlink()
    script = tmp_path / "none.scd"
    script.write_text(f'EarEngine.boot({free_port()}, onFail: {{ "END".postln; 0.exit }});')
    code, lines = installed.run(script, PATH="/nowhere", EAR_ENGINE="")
    said = told(lines, "EarEngine:")
    assert code == 0 and "END" in lines
    assert said == [
        "ear-engine is not found; set EarEngine.program to its path, or run `ear-engine clients install supercollider`"
    ]


def test_the_examples_make_sound(engine: RunningEngine, jack: str, installed: Sclang, tmp_path: Path) -> None:
    code, lines = installed.run(SCRIPTS / "examples.scd", EAR_PORT=str(engine.port), JACK_DEFAULT_SERVER=jack)
    assert code == 0 and "END" in lines, "\n".join(lines)
    for name in ("follow", "granulate"):
        sound, rate = soundfile.read(tmp_path / f"{name}.wav", dtype="float32")
        assert len(sound) > 5 * rate
        assert 0.003 < np.sqrt(np.mean(sound**2)) < 0.5, name
        assert np.abs(sound).max() <= 1.0


def test_every_class_and_method_has_a_word_of_help(installed: Sclang) -> None:
    code, lines = installed.run(SCRIPTS / "help.scd")
    assert code == 0 and "END" in lines
    (classes,) = told(lines, "CLASSES")
    assert int(classes) >= 9
    assert told(lines, "MISSING") == []
    assert not [line for line in lines if "SCDoc" in line and "WARNING" in line]


def test_sclang_looks_where_it_is_installed(sclang: tuple[list[str], dict[str, str]], tmp_path: Path) -> None:
    command, environment = sclang
    script = tmp_path / "where.scd"
    script.write_text('("WHERE" + Platform.userExtensionDir).postln; 0.exit;')
    ran = subprocess.run([*command, str(script)], env=environment, capture_output=True, text=True, timeout=60)
    asked = "from ear_engine import platform; print(platform.supercollider_extensions())"
    python = subprocess.run(
        [ENGINES["real"][0], "-c", asked], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert told(ran.stdout.splitlines(), "WHERE") == [python.stdout.strip()]
