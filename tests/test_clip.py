"""Clips: what one is, resampling around the circle, fitting to a tempo."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ear_engine.clip import Clip, fit_clip, resample_loop
from ear_engine.errors import UserError
from ear_engine.sources.loops import render_builtin
from tests.sounds import sine


def make(audio: NDArray[np.float32], beats: int = 8, rate: int = 44100) -> Clip:
    return Clip("test", audio, rate, beats, "declared")


class TestClip:
    def test_properties(self) -> None:
        clip = make(sine(100, 176400, 2))
        assert (clip.samples, clip.seconds, clip.tempo) == (176400, 4.0, 120.0)
        assert np.allclose(clip.mid + clip.side, clip.audio[0], atol=1e-7)
        assert np.allclose(clip.mid - clip.side, clip.audio[1], atol=1e-7)
        assert not make(sine(100, 1000)).side.any()

    @pytest.mark.parametrize("shape", [(8,), (3, 8), (1, 0), (1, 2, 3)])
    def test_other_shapes_are_refused(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="shape"):
            make(np.zeros(shape, dtype=np.float32))


class TestResampling:
    @pytest.mark.parametrize(("before", "after"), [(192000, 176400), (44100, 48000), (32000, 44100), (99991, 44100)])
    def test_a_sine_stays_a_sine_and_loops(self, before: int, after: int) -> None:
        resampled = resample_loop(sine(440, before, 2), after)
        assert resampled.shape == (2, after)
        assert np.max(np.abs(resampled - sine(440, after, 2))) < 2e-5

    @settings(deadline=None, max_examples=25)
    @given(before=st.integers(2000, 20000), after=st.integers(2000, 20000))
    def test_any_lengths_leave_no_click(self, before: int, after: int) -> None:
        resampled = resample_loop(sine(31, before), after)
        assert np.max(np.abs(resampled - sine(31, after))) < 1e-4


class TestFitting:
    def test_clip_tempo_changes_nothing(self) -> None:
        clip = make(sine(100, 44100))
        assert fit_clip(clip, "clip_tempo", 20.0, 64) is clip

    @settings(deadline=None, max_examples=60)
    @given(
        mode=st.sampled_from(("stretch", "crop")),
        tempo=st.floats(20.0, 300.0),
        beats=st.integers(1, 64),
        own=st.integers(1, 16),
        samples=st.integers(500, 20000),
    )
    def test_lengths(self, mode: Any, tempo: float, beats: int, own: int, samples: int) -> None:
        clip = make(sine(3, samples), own, 2000)
        if beats * 60.0 / tempo > 32.0:
            with pytest.raises(UserError, match="longer than 32 s"):
                fit_clip(clip, mode, tempo, beats)
            return
        fitted = fit_clip(clip, mode, tempo, beats)
        assert fitted.samples == round(beats * 60.0 / tempo * 2000)
        assert (fitted.beats, fitted.beats_from) == (beats, "given")
        assert np.isfinite(fitted.audio).all()
        assert np.max(np.abs(fitted.audio)) < 1.5

    @pytest.mark.parametrize("mode", ["stretch", "crop"])
    def test_at_its_own_tempo_a_clip_repeats_exactly(self, mode: Any) -> None:
        clip = render_builtin("beat", 8000)
        assert np.array_equal(fit_clip(clip, mode, 120.0, 8).audio, clip.audio)
        assert np.array_equal(fit_clip(clip, mode, 120.0, 16).audio, np.tile(clip.audio, 2))

    def test_stretch_changes_pitch_with_tempo(self) -> None:
        fitted = fit_clip(make(sine(1000, 88200), 4), "stretch", 90.0, 4)
        assert np.max(np.abs(fitted.audio - sine(1000, 117600))) < 1e-4

    @settings(deadline=None, max_examples=25)
    @given(tempo=st.floats(40.0, 300.0), beats=st.integers(1, 16), own=st.integers(1, 16))
    def test_crop_lays_beats_on_beats_to_a_sample(self, tempo: float, beats: int, own: int) -> None:
        clip = make(np.zeros((1, 60013), dtype=np.float32), own)
        strokes = [round(beat * clip.samples / own) for beat in range(own)]
        clip.audio[0, strokes] = np.linspace(0.5, 1.0, own)
        fitted = fit_clip(clip, "crop", tempo, beats)
        grid = [round(beat * fitted.samples / beats) for beat in range(beats)]
        for beat, place in enumerate(grid):
            assert fitted.audio[0, place] == clip.audio[0, strokes[beat % own]]
        assert set(np.flatnonzero(fitted.audio[0] > 0.4)) == set(grid)

    @pytest.mark.parametrize("tempo", [61.0, 119.0, 119.99, 120.01, 133.0, 299.0])
    def test_crop_keeps_pitch_and_joins_smoothly(self, tempo: float) -> None:
        clip = make(sine(441, 88200), 4)
        fitted = fit_clip(clip, "crop", tempo, 4)
        whole = min(fitted.samples, clip.samples) // 4 - 221
        for start, own in zip(range(0, fitted.samples, fitted.samples // 4), range(0, 88200, 22050), strict=False):
            start = round(round(start * 4 / fitted.samples) * fitted.samples / 4)
            assert np.array_equal(fitted.audio[:, start : start + whole], clip.audio[:, own : own + whole])
        around = np.concatenate((fitted.audio, fitted.audio), axis=1)
        steepest = np.max(np.abs(np.diff(clip.audio)))
        assert np.max(np.abs(np.diff(around))) < 1.5 * steepest

    def test_crop_takes_the_first_beats_of_a_long_clip_and_joins_their_ends(self) -> None:
        clip = make(sine(441, 176400), 8)
        fitted = fit_clip(clip, "crop", 120.0, 3)
        assert np.array_equal(fitted.audio[:, : 66150 - 220], clip.audio[:, : 66150 - 220])
        around = np.concatenate((fitted.audio, fitted.audio), axis=1)
        assert np.max(np.abs(np.diff(around))) < 1.5 * np.max(np.abs(np.diff(clip.audio)))

    def test_crop_lets_a_short_beat_rest(self) -> None:
        clip = make(np.ones((1, 30000), dtype=np.float32), 2)
        fitted = fit_clip(clip, "crop", 60.0, 2)
        for start in (0, 44100):
            assert fitted.audio[0, start : start + 14700].min() == 1.0
            assert not fitted.audio[0, start + 15000 : start + 43800].any()

    def test_half_a_clip_has_no_click(self) -> None:
        clip = make(sine(441, 88200), 4)
        fitted = fit_clip(clip, "stretch", 120.0, 3)
        around = np.concatenate((fitted.audio, fitted.audio), axis=1)
        assert np.max(np.abs(np.diff(around))) < 1.5 * np.max(np.abs(np.diff(clip.audio)))

    @pytest.mark.parametrize(
        ("mode", "tempo", "beats"),
        [
            ("stretch", 19.9, 4),
            ("stretch", 300.1, 4),
            ("crop", math.nan, 4),
            ("crop", math.inf, 4),
            ("crop", 120.0, 0),
            ("crop", 120.0, 65),
            ("stretch", 20.0, 64),
            ("warp", 120.0, 4),
        ],
    )
    def test_what_cannot_be_is_refused(self, mode: Any, tempo: float, beats: int) -> None:
        with pytest.raises(UserError):
            fit_clip(make(sine(10, 22050)), mode, tempo, beats)

    def test_the_source_is_left_alone(self) -> None:
        clip = render_builtin("bass", 8000)
        before = clip.audio.copy()
        fit_clip(replace(clip, beats=7), "crop", 133.0, 5)
        fit_clip(clip, "stretch", 61.0, 3)
        assert np.array_equal(clip.audio, before)
