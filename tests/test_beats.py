"""Beats, judged by ear."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.beats import estimate_beats
from ear_engine.sources.loops import builtin_names, render_builtin
from tests.sounds import sine


@pytest.mark.parametrize("name", builtin_names())
def test_built_in_loops(name: str) -> None:
    clip = render_builtin(name, 22050)
    assert estimate_beats(clip.mid, clip.sample_rate) == clip.beats


@pytest.mark.parametrize("tempo", [74, 85, 92, 100, 110, 128, 140, 150, 165])
def test_clicks_at_a_tempo(tempo: int) -> None:
    samples = round(8 * 60 / tempo * 22050)
    clicks = np.zeros(samples, dtype=np.float32)
    for beat in range(8):
        start = round(beat * samples / 8)
        clicks[start : start + 300] = np.random.default_rng(beat).uniform(-1, 1, 300)
    assert estimate_beats(clicks, 22050) == 8


@settings(deadline=None, max_examples=20)
@given(samples=st.integers(2000, 8000 * 32))
def test_any_length_has_beats(samples: int) -> None:
    assert 1 <= estimate_beats(sine(7, samples)[0], 8000) <= 64
