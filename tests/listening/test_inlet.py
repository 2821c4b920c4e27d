"""From the ring to an ear: at its rate, without what is no number, and never further behind than a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ear_engine.listening.inlet import Inlet
from ear_engine.shared_memory.input_ring import InputReader, InputWriter


class Stage:
    def __init__(self, folder: Path, rate: int) -> None:
        self.writer, self.reader = InputWriter(folder, rate), InputReader(folder)
        self.inlet = Inlet(self.reader, 44100)
        self.writer.write(np.zeros(100, np.float32), 0.0)
        assert self.take() == (0, True)  # what came before is not heard

    def take(self) -> tuple[int, bool]:
        audio, anew = self.heard()
        return len(audio), anew

    def heard(self) -> tuple[np.ndarray, bool]:
        state = self.reader.state()
        assert state is not None
        return self.inlet.take(state)


def test_it_takes_what_is_new_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 44100)
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 3000).astype(np.float32)
    stage.writer.write(sound, 10.0)
    audio, anew = stage.heard()
    assert np.array_equal(audio, sound) and not anew
    assert stage.take() == (0, False)
    state = stage.reader.state()
    assert state is not None
    assert stage.inlet.when(1000, state) == pytest.approx(10.0 - 2000 / 44100)
    assert stage.inlet.level == pytest.approx(np.abs(sound).max()) and stage.inlet.clipped == 0.0


def test_another_rate_is_brought_to_the_ears(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 48000)
    tone = np.sin(2 * np.pi * 480 * np.arange(48000) / 48000).astype(np.float32)
    parts = []
    for part in np.split(tone, 100):
        stage.writer.write(part, 1.0)
        parts.append(stage.heard()[0])
    audio = np.concatenate(parts)
    assert abs(len(audio) - 44100) < 1000
    middle = audio[2000:42000]
    expected = np.sin(2 * np.pi * 480 * np.arange(2000, 42000) / 44100)
    assert np.abs(middle - expected).max() < 1e-3  # its first sample is the first, only later


def test_what_is_no_number_is_silence_and_what_clips_is_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 44100)
    stage.writer.write(np.array([0.1, np.nan, np.inf, -np.inf, 1.0, -2.0, 1e30, 0.2], np.float32), 0.0)
    audio, _ = stage.heard()
    assert np.array_equal(audio, np.array([0.1, 0, 0, 0, 1.0, -2.0, 8.0, 0.2], np.float32))
    assert (stage.inlet.broken, stage.inlet.clipped) == (3, 3 / 8)


def test_what_comes_too_fast_is_skipped_and_moments_stay_true(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 44100)
    stage.writer.write(np.arange(3 * 44100, dtype=np.float32) / 1e6, 20.0)
    audio, anew = stage.heard()
    state = stage.reader.state()
    assert state is not None and not anew
    assert len(audio) == 11025 and stage.inlet.skipped == 3 * 44100 - 11025
    assert audio[-1] == np.float32((3 * 44100 - 1) / 1e6)
    assert stage.inlet.when(0, state) == pytest.approx(20.0 - 0.25)


def test_another_device_begins_anew(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 44100)
    other = InputWriter(tmp_path, 48000)
    other.write(np.zeros(480, np.float32), 0.0)
    assert stage.take() == (0, True)
    other.write(np.zeros(4800, np.float32), 0.0)
    assert stage.take()[1] is False
