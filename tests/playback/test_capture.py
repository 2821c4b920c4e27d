"""A loop of the live input: in time with what is played, whole around its seam, at the engine's rate."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.errors import UserError
from ear_engine.playback.capture import Capture, input_name, take_name
from ear_engine.playback.events import EventLog
from ear_engine.playback.input_file import InputFile, check_input_file, read_input_file
from ear_engine.shared_memory.input_ring import InputReader, InputWriter
from ear_engine.shared_memory.loops import LoopFile, read_loop
from ear_engine.shared_memory.states import Entry
from tests.playback.helpers import RATE, Audio, Session, noise, spawn
from tests.playback.test_process import jack  # noqa: F401  (a fixture)

LOOP = 22050
ENTRY = Entry(1000, 1000, 1, "loop", LOOP, 2)


def taken(capture: Capture, folder: Path, position: float, number: int = 1, entry: Entry = ENTRY) -> LoopFile:
    end = time.perf_counter() + 5
    while capture.captured < number:
        capture.look(number, entry, position)
        assert time.perf_counter() < end
        time.sleep(0.005)
    return read_loop(folder / capture.file)


def played(samples: int, start: int, loop: Audio) -> Audio:
    """Whoever plays along plays the loop itself, from engine sample ``start`` on: (samples, 2)."""
    return loop[:, (start - ENTRY.origin + np.arange(samples)) % LOOP].T


@pytest.mark.parametrize("latency", [0.0, 0.02])
def test_what_is_played_along_comes_back_in_time(tmp_path: Path, latency: float) -> None:
    loop = noise(LOOP, 3)
    capture = Capture(tmp_path, RATE, RATE, latency, EventLog())
    late = round(latency * RATE)
    position = 5000
    for count in (7000, 16000, 16000, 11050):  # in pieces, beyond two loops
        capture.hear(played(count, position - late, loop))
        position += count
    found = taken(capture, tmp_path, position)
    assert capture.file == input_name(1) and (found.sample_rate, found.beats, found.name) == (RATE, 2, "input")
    assert np.abs(found.audio - loop).max() < 1e-6


def test_it_waits_until_a_loop_has_come_in_and_is_taken_once(tmp_path: Path) -> None:
    capture = Capture(tmp_path, RATE, RATE, 0.0, EventLog())
    capture.hear(noise(LOOP // 2, 1).T.copy())
    capture.look(1, ENTRY, 3000.0)
    capture.look(0, ENTRY, 3000.0)
    assert capture.captured == 0 and not list(tmp_path.iterdir())
    capture.hear(noise(LOOP, 1).T.copy())
    taken(capture, tmp_path, 3000.0)
    capture.look(1, ENTRY, 9000.0)
    assert [path.name for path in tmp_path.iterdir()] == [input_name(1)]


def test_the_seam_of_a_take_that_does_not_loop_has_no_step(tmp_path: Path) -> None:
    capture = Capture(tmp_path, RATE, RATE, 0.0, EventLog())
    slow = np.sin(2 * np.pi * 1.7 * np.arange(2 * LOOP) / RATE).astype(np.float32)  # not whole in the loop
    capture.hear(np.stack([slow, slow], axis=1))
    audio = taken(capture, tmp_path, 1000.0 + LOOP // 3).audio[0]
    steps = np.abs(np.diff(np.append(audio, audio[0])))
    assert steps.max() < 0.01  # a cut would be a step of 0.4


def test_another_rate_of_the_device(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * 48000) / 48000).astype(np.float32)
    capture = Capture(tmp_path, 48000, RATE, 0.0, EventLog())
    capture.hear(np.stack([tone, tone], axis=1))
    audio = taken(capture, tmp_path, 1000.0, entry=ENTRY).audio
    assert audio.shape == (2, LOOP)
    assert np.argmax(np.abs(np.fft.rfft(audio[0]))) == 220  # half a second


def test_without_an_input_that_is_told(session: Session) -> None:
    session.source(1, noise(4410, 1))
    spawn(session, input=True)
    state = session.wait(lambda found: found.peak > 0)
    assert [event.code for event in state.events] == ["no_input"]
    session.capture(2)
    state = session.wait(lambda found: found.captured == 2)
    assert state.captured_file == ""


@pytest.mark.jack
def test_the_engine_hears_itself_through_jack(session: Session, jack: int) -> None:  # noqa: F811
    spectrum = np.fft.rfft(noise(LOOP, 5))
    spectrum[:, 2000:] = 0.0  # above 4 kHz, where a part of a sample would matter
    loop = np.fft.irfft(spectrum, n=LOOP).astype(np.float32)
    session.source(1, loop)
    process = spawn(session, backend="jack", input=True, latency=0.0)
    session.wait(lambda found: found.peak > 0.1)
    server = os.environ["JACK_DEFAULT_SERVER"]
    ports = subprocess.run(["jack_lsp", "-s", server], capture_output=True, text=True, check=True).stdout.split()
    outs = [f"ear-engine:{side}" for side in ("left", "right")]
    ins = [f"ear-engine:in_{side}" for side in ("left", "right")]
    assert {*outs, *ins} <= set(ports), ports
    for source, target in zip(outs, ins, strict=True):
        subprocess.run(["jack_connect", "-s", server, source, target], check=True)
    time.sleep(1.2)
    session.capture(1)
    state = session.wait(lambda found: found.captured == 1)
    heard = read_loop(session.loops / state.captured_file).audio
    spectra = np.fft.rfft(heard[0]) * np.conj(np.fft.rfft(loop[0]))
    match = np.fft.irfft(spectra, n=LOOP) / np.sqrt(np.square(heard[0]).sum() * np.square(loop[0]).sum())
    late = int(match.argmax())
    assert match.max() > 0.95
    assert min(late, LOOP - late) <= 3 * 512 * RATE / jack  # a period or two through JACK
    session.set(stop=True)
    process.join(5)
    assert process.exitcode == 0


def recorded(capture: Capture, folder: Path, start: int, position: float, number: int = 1) -> LoopFile:
    end = time.perf_counter() + 5
    while capture.taken < number:
        capture.record(number, start, ENTRY, position)
        assert time.perf_counter() < end
        time.sleep(0.005)
    return read_loop(folder / capture.take_file)


@pytest.mark.parametrize("latency", [0.0, 0.02])
def test_a_take_begins_where_it_was_told_and_is_in_time(tmp_path: Path, latency: float) -> None:
    loop, late = noise(LOOP, 3), round(latency * RATE)
    capture = Capture(tmp_path, RATE, RATE, latency, EventLog())
    start, position = 12_025, 5000
    for count in (7000, 12_000, 10_100):
        capture.hear(played(count, position - late, loop))
        position += count
        capture.record(1, start, ENTRY, position)
    other = noise(3000, 9)
    capture.hear(np.concatenate([played(late, position - late, loop), other.T]))  # after its end he plays on, freely
    found = recorded(capture, tmp_path, start, position + late + 3000)
    assert capture.take_file == take_name(1) and found.beats == ENTRY.beats
    assert np.abs(found.audio - loop).max() < 1e-6


def test_a_take_is_as_long_as_the_loop_at_its_start(tmp_path: Path) -> None:
    capture = Capture(tmp_path, RATE, RATE, 0.0, EventLog())
    capture.hear(noise(9000, 1).T.copy())
    capture.record(1, 8000, ENTRY, 9000.0)
    longer = Entry(20_000, 20_000, 2, "other", 2 * LOOP, 4)
    capture.hear(noise(30_000, 2).T.copy())
    end = time.perf_counter() + 5
    while not capture.taken and time.perf_counter() < end:
        capture.record(1, 8000, longer, 39_000.0)
    assert read_loop(tmp_path / capture.take_file).samples == LOOP


def test_a_take_that_is_called_off_is_not_written_and_one_that_is_gone_is_told(tmp_path: Path) -> None:
    capture = Capture(tmp_path, RATE, RATE, 0.0, EventLog())
    capture.hear(noise(9000, 1).T.copy())
    capture.record(1, 8000, ENTRY, 9000.0)
    capture.record(1, -1, ENTRY, 9500.0)
    capture.hear(noise(60_000, 1).T.copy())
    capture.record(1, -1, ENTRY, 69_500.0)
    assert (capture.taken, list(tmp_path.iterdir())) == (0, [])
    capture.record(2, 500, ENTRY, 69_500.0)  # before anything came in
    assert (capture.taken, capture.take_file) == (2, "")


def test_what_comes_in_is_passed_on_and_a_file_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "in.wav"
    sound = noise(RATE // 4, 4)
    soundfile.write(path, sound.T, RATE, subtype="FLOAT")
    file = InputFile(read_input_file(path, RATE))
    capture = Capture(tmp_path, RATE, RATE, 0.0, EventLog(), live=InputWriter(tmp_path, RATE), instead=file)
    capture.hear(np.zeros((7000, 2), np.float32))
    capture.hear(np.zeros((7000, 2), np.float32), lost=1000)
    reader = InputReader(tmp_path)
    state = reader.state()
    assert state is not None and state.count == 15_000
    heard = reader.samples(0, 15_000)
    assert heard is not None
    expected = sound.mean(axis=0)[np.arange(15_000) % sound.shape[1]]
    assert np.abs(heard[:7000] - expected[:7000]).max() < 1e-6 and not heard[7000:8000].any()
    assert np.abs(heard[8000:] - expected[8000:]).max() < 1e-6


def test_a_file_that_is_no_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="was not found"):
        check_input_file(tmp_path / "nothing.wav")
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(UserError, match="is no sound file"):
        check_input_file(tmp_path / "text.wav")
    soundfile.write(tmp_path / "short.wav", np.zeros(100), RATE)
    with pytest.raises(UserError, match=r"lasts 0\.0 s"):
        read_input_file(tmp_path / "short.wav", RATE)
