"""The real audio process: spawned, killed, restarted, stopped; on a clock and on JACK."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from ear_engine.platform import process_alive
from ear_engine.playback.backend import boot_server
from ear_engine.playback.devices import jack_server
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import AudioState
from tests.playback.helpers import RATE, Session, sine, spawn

TONE = 441.0


def sounds(state: AudioState) -> bool:
    return state.peak > 0.1


def crossings(signal: NDArray[np.float32], rate: int) -> float:
    """Frequency of a clean tone from its first to its last upward zero crossing, in Hz."""
    up = np.flatnonzero((signal[:-1] < 0) & (signal[1:] >= 0))
    exact = up + signal[up] / (signal[up] - signal[up + 1])
    return float((len(exact) - 1) * rate / (exact[-1] - exact[0]))


def test_sound_within_a_second_and_an_end_with_a_whole_recording(session: Session, tmp_path: Path) -> None:
    session.source(1, sine(4400, TONE))
    process = spawn(session, record=tmp_path / "take.wav")
    begun = time.perf_counter()
    state = session.wait(sounds)
    assert time.perf_counter() - begun < 5.0  # 0.3 s where nothing else runs
    assert (state.pid, state.backend, state.device_rate) == (process.pid, "null", RATE)
    later = session.wait(lambda found: found.recorded > 0.6)
    assert later.position - state.position == pytest.approx((later.time - state.time) * RATE, abs=0.1 * RATE)
    session.set(stop=True)
    process.join(5)
    assert process.exitcode == 0
    final = session.audio()
    assert final is not None and final.events == []
    played, rate = soundfile.read(tmp_path / "take.wav", dtype="float32")
    assert rate == RATE and len(played) == round(final.recorded * RATE)
    tone = np.flatnonzero(np.abs(played[:, 0]) > 0.1)
    assert crossings(played[tone[0] + 2000 : tone[-1] - 4000, 0], RATE) == pytest.approx(TONE, abs=0.01)
    assert np.abs(played[-256:]).max() < 1e-3  # it faded out
    assert np.abs(np.diff(played[:, 0])).max() < 0.035  # the tone's own slope is 0.031: no click


def test_killed_it_comes_back_at_the_right_phase_and_leaves_both_takes_readable(
    session: Session, tmp_path: Path
) -> None:
    session.source(1, sine(4400, TONE))
    session.dream(1, sine(4400, TONE), 1)
    process = spawn(session, record=tmp_path / "take.wav")
    before = session.wait(lambda found: sounds(found) and found.position > RATE // 2)
    assert before.record_path == str(tmp_path / "take.wav") and before.events == []
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    killed = session.audio()
    assert killed is not None
    time.sleep(0.2)
    process = spawn(session, record=tmp_path / "take.wav")
    again = session.wait(lambda found: found.pid == process.pid and sounds(found))
    clock = killed.position + (again.time - killed.time) * RATE
    assert again.position == pytest.approx(clock, abs=0.004 * RATE)
    assert again.dropouts == killed.dropouts + 1
    assert again.record_path == str(tmp_path / "take-2.wav")
    assert [event.code for event in again.events] == ["recording_goes_on"]
    assert "take-2.wav" in again.events[0].message
    assert again.schedule[-1].file == before.schedule[-1].file
    assert again.schedule[-1].origin == before.schedule[-1].origin
    time.sleep(0.3)
    session.set(stop=True)
    process.join(5)
    assert process.exitcode == 0
    assert sorted(path.name for path in tmp_path.glob("*.wav")) == ["take-2.wav", "take.wav"]
    for path in tmp_path.glob("*.wav"):
        assert soundfile.info(path).duration > 0.2


def test_a_file_that_exists_is_not_recorded_over_and_it_says_so(session: Session, tmp_path: Path) -> None:
    (tmp_path / "take.wav").write_bytes(b"music")
    session.source(1, sine(4400, TONE))
    process = spawn(session, record=tmp_path / "take.wav")
    state = session.wait(lambda found: found.recorded > 0.2)
    assert state.record_path == str(tmp_path / "take-2.wav")
    assert [event.code for event in state.events] == ["recording_renamed"]
    assert "take.wav exists already" in state.events[0].message and "take-2.wav" in state.events[0].message
    session.set(stop=True)
    process.join(5)
    assert (tmp_path / "take.wav").read_bytes() == b"music"
    assert soundfile.info(tmp_path / "take-2.wav").duration > 0.2


def test_it_ends_on_sigterm_and_ignores_ctrl_c(session: Session) -> None:
    session.source(1, sine(4400, TONE))
    process = spawn(session)
    session.wait(sounds)
    os.kill(process.pid or 0, signal.SIGINT)
    time.sleep(0.2)
    assert process.is_alive()
    process.terminate()
    process.join(5)
    assert process.exitcode == 0


_PARENT = """
import sys, time
from pathlib import Path
from multiprocessing import get_context
from ear_engine.playback.options import AudioOptions
from ear_engine.playback.process import audio_main
if __name__ == "__main__":
    options = AudioOptions(backend="null", keeper=int(sys.argv[2]))
    get_context("spawn").Process(target=audio_main, args=(Path(sys.argv[1]), options)).start()
    time.sleep(60)
"""


@pytest.mark.parametrize("outlive", [False, True])
def test_without_its_parent_it_ends_unless_a_keeper_lives(session: Session, tmp_path: Path, outlive: bool) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    session.source(1, sine(4400, TONE))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen(
        [sys.executable, str(script), str(session.folder), str(os.getpid() * outlive)], env=environment
    )
    state = session.wait(sounds)
    parent.kill()
    parent.wait()
    try:
        assert ends(state.pid, within=1.0 if outlive else 5.0) != outlive
        last = session.audio()
        assert last is not None and (not outlive or now() - last.time < 0.5)
    finally:
        session.set(stop=True)
    assert ends(state.pid, within=5.0)


def ends(pid: int, within: float) -> bool:
    """Whether a process that is not ours to wait for ends within so many seconds."""
    end = time.perf_counter() + within
    while process_alive(pid) and time.perf_counter() < end:
        time.sleep(0.01)
    return not process_alive(pid)


def test_bad_input_ends_with_code_2_and_says_why_in_the_slot(session: Session, tmp_path: Path) -> None:
    process = spawn(session, device="Kitchen")
    process.join(10)
    assert process.exitcode == 2
    state = session.audio()
    assert state is not None and state.events[-1].level == "error" and "'Kitchen'" in state.events[-1].message


@pytest.fixture(params=[44100, 48000])
def jack(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A JACK server of that rate without hardware."""
    if shutil.which("jackd") is None:
        pytest.skip("jackd is not installed")
    name = f"ear-engine-test-{os.getpid()}-{request.param}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    command = ["jackd", "--no-realtime", "-n", name, "-d", "dummy", "-r", str(request.param), "-p", "512"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.perf_counter() + 5
    while time.perf_counter() < end:
        client = boot_server("jack", RATE, 512)
        if client is not None:
            client.shutdown()
            break
        time.sleep(0.05)
    yield request.param
    server.terminate()
    server.wait()


@pytest.mark.jack
def test_jack_at_any_rate_plays_at_the_right_pitch(session: Session, tmp_path: Path, jack: int) -> None:
    session.source(1, sine(4400, TONE))
    process = spawn(session, backend="jack", record=tmp_path / "take.wav")
    state = session.wait(sounds)
    assert (state.backend, state.device_rate, state.sample_rate) == ("jack", jack, RATE)
    assert state.buffer_size == 512
    time.sleep(1.5)
    session.set(stop=True)
    process.join(5)
    assert process.exitcode == 0
    played, rate = soundfile.read(tmp_path / "take.wav", dtype="float32")
    assert rate == jack
    tone = np.flatnonzero(np.abs(played[:, 0]) > 0.1)
    settled = played[tone[0] + 2000 : tone[-1] - 6000, 0]
    assert len(settled) > jack
    assert crossings(settled, rate) == pytest.approx(TONE, abs=0.01)
    assert np.abs(np.diff(settled)).max() < 0.035


def jackd(name: str, rate: int, outputs: int = 2) -> subprocess.Popen[bytes]:
    """A JACK server without hardware, once it takes clients."""
    command = ["jackd", "--no-realtime", "-n", name, "-d", "dummy", "-r", str(rate), "-p", "512", "-P", str(outputs)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.perf_counter() + 5
    while jack_server() is None and time.perf_counter() < end:
        time.sleep(0.05)
    return server


@pytest.mark.jack
@pytest.mark.slow
def test_a_server_that_dies_is_stood_in_for_and_taken_again_when_it_is_back(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("jackd") is None:
        pytest.skip("jackd is not installed")
    name = f"ear-engine-test-{os.getpid()}-back"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    server = jackd(name, 44100)
    try:
        session.source(1, sine(4400, TONE))
        process = spawn(session, backend="jack")
        before = session.wait(sounds)
        server.kill()
        server.wait()
        died = time.perf_counter()
        process.join(5)
        assert process.exitcode == 3 and time.perf_counter() - died < 1.8  # the next one waits in the node
        process = spawn(session, backend="jack")
        state = session.wait(lambda found: found.pid == process.pid and sounds(found))
        assert (state.backend, state.missing) == ("null", ["jack", ""])
        assert [event.code for event in state.events] == ["device_lost", "standing_in"]
        assert state.dropouts == before.dropouts + 1
        heard, then = (found.position - found.latency * RATE for found in (state, before))
        assert heard == pytest.approx(then + (state.time - before.time) * RATE, abs=0.012 * RATE)  # half a block
        server = jackd(name, 48000)
        process.join(10)
        assert process.exitcode == 3
        process = spawn(session, backend="jack")
        state = session.wait(lambda found: found.pid == process.pid and sounds(found))
        assert (state.backend, state.device_rate, state.missing) == ("jack", 48000, [])
        assert state.events[-1].code == "device_back"
    finally:
        session.set(stop=True)
        process.join(5)
        server.terminate()
        server.wait()
