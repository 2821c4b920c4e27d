"""What was dreamed so far, at another tempo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ear_engine.clip import Clip, fit_clip
from ear_engine.fitting import lay_beats, resample_loop
from ear_engine.node.carrying import Carrier, carried_name, laid_rows
from ear_engine.shared_memory.loops import LoopFile, loop_name, read_loop, source_name, write_loop
from tests.playback.helpers import RATE, noise

CLIP = Clip("beat", noise(8 * 22050, 1), RATE, 8, "declared")
DREAM = noise(8 * 22050, 2, 0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_loop(tmp_path / source_name(1), LoopFile(0, CLIP.audio, RATE, 8, source_number=1, name="beat"))
    dreamed = LoopFile(4, CLIP.audio + DREAM, RATE, 8, source_number=1, step=40, sequence=7, name="beat")
    write_loop(tmp_path / loop_name(4), dreamed)
    return tmp_path


def fitted(tempo: float, beats: int, name: str = "beat", mode: str = "crop") -> LoopFile:
    clip = fit_clip(CLIP, mode, tempo, beats)  # type: ignore[arg-type]
    return LoopFile(0, clip.audio, RATE, beats, source_number=2, name=name)


@pytest.mark.parametrize(("tempo", "beats"), [(97.3, 8), (131.7, 4), (120.0, 16)])
def test_the_dream_is_laid_on_the_beats_as_its_clip_is(folder: Path, tempo: float, beats: int) -> None:
    source = fitted(tempo, beats)
    file = Carrier(folder, lambda: loop_name(4)).carry(source, stretched=False)
    carried = read_loop(folder / file)
    assert file == carried_name(2)
    assert (carried.loop, carried.source_number, carried.beats, carried.step) == (4, 2, beats, 40)
    assert np.abs(carried.audio - source.audio - lay_beats(DREAM, 8, source.samples, beats, RATE)).max() < 1e-6
    beat = round(source.samples / beats)  # so long both have what they had on every beat
    assert np.allclose(carried.audio[:, beat : beat + 15000], (CLIP.audio + DREAM)[:, 22050:37050], atol=1e-6)


def test_it_is_stretched_where_the_clip_is(folder: Path) -> None:
    source = fitted(100.0, 8, mode="stretch")
    carried = read_loop(folder / Carrier(folder, lambda: loop_name(4)).carry(source, stretched=True))
    assert np.abs(carried.audio - source.audio - resample_loop(DREAM, source.samples)).max() < 1e-6


def test_without_a_dream_of_this_clip_the_source_is_what_sounds(folder: Path) -> None:
    source = source_name(2)
    assert Carrier(folder, str).carry(fitted(90.0, 8), stretched=False) == source
    assert Carrier(folder, lambda: loop_name(9)).carry(fitted(90.0, 8), stretched=False) == source
    assert Carrier(folder, lambda: loop_name(4)).carry(fitted(90.0, 8, name="bass"), stretched=False) == source
    (folder / source_name(1)).unlink()
    assert Carrier(folder, lambda: loop_name(4)).carry(fitted(90.0, 8), stretched=False) == source


@pytest.mark.parametrize(("tempo", "beats", "mode"), [(97.3, 8, "crop"), (150.0, 12, "crop"), (90.0, 4, "stretch")])
def test_activations_are_laid_on_the_same_beats(folder: Path, tempo: float, beats: int, mode: str) -> None:
    dream = read_loop(folder / loop_name(4))
    source = fitted(tempo, beats, mode=mode)
    rows = 176
    laid = laid_rows(rows, dream, source, mode == "stretch")
    assert len(laid) == round(rows * source.samples / dream.samples)
    for beat in range(beats):
        first = int(np.ceil(beat * len(laid) / beats))
        assert abs(laid[first] - beat % 8 * rows / 8) <= 1.5
        last = int(np.ceil((beat + 1) * len(laid) / beats)) - 1
        assert laid[last] <= (beat % 8 + 1) * rows / 8
