"""Clips: reading any file as a loop, refusing bad ones, finding beats, fitting to a tempo."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ear_engine.clip import Clip, estimate_beats, fit_clip, load_clip, resample_loop
from ear_engine.errors import UserError
from ear_engine.sources.loops import builtin_names, render_builtin


def sine(cycles: int, samples: int, channels: int = 1) -> NDArray[np.float32]:
    """A sine with whole cycles in the loop, shape (channels, samples), each channel at its own phase."""
    phase = np.arange(channels)[:, None]
    return np.asarray(0.5 * np.sin(2 * np.pi * cycles * np.arange(samples) / samples + phase), dtype=np.float32)


def write(path: Path, audio: NDArray[Any], rate: int = 44100, **options: str) -> Path:
    soundfile.write(path, audio.T, rate, **options)
    return path


def refusal(path: Path, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        load_clip(path, **options)
    assert path.name[:8] in str(caught.value)
    assert caught.value.mend
    return caught.value


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


class TestLoading:
    @pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
    def test_any_rate_becomes_a_seamless_loop(self, tmp_path: Path, rate: int) -> None:
        clip = load_clip(write(tmp_path / "loop.wav", sine(880, 2 * rate), rate, subtype="FLOAT"))
        assert (clip.audio.shape, clip.sample_rate) == ((1, 88200), 44100)
        assert np.max(np.abs(clip.audio - sine(880, 88200))) < 5e-5

    @pytest.mark.parametrize(
        ("suffix", "subtype", "error"),
        [
            ("wav", "PCM_16", 1e-4),
            ("wav", "PCM_U8", 1e-2),
            ("wav", "PCM_24", 1e-6),
            ("wav", "DOUBLE", 1e-6),
            ("flac", "PCM_24", 1e-6),
            ("aiff", "PCM_16", 1e-4),
            ("ogg", "VORBIS", 0.05),
        ],
    )
    def test_formats(self, tmp_path: Path, suffix: str, subtype: str, error: float) -> None:
        audio = sine(440, 44100, 2)
        clip = load_clip(write(tmp_path / f"loop.{suffix}", audio, subtype=subtype))
        assert clip.name == "loop"
        assert clip.audio.dtype == np.float32
        assert clip.audio.flags.c_contiguous
        assert np.max(np.abs(clip.audio - audio)) < error

    def test_more_channels_than_two_fold_evenly(self, tmp_path: Path) -> None:
        audio = sine(440, 44100, 4)
        clip = load_clip(write(tmp_path / "quad.wav", audio, subtype="FLOAT"))
        center = audio[2] + audio[3]
        assert np.allclose(clip.audio, (audio[:2] + center) / 3.0, atol=1e-6)

    def test_float_beyond_full_scale_is_scaled_down(self, tmp_path: Path) -> None:
        clip = load_clip(write(tmp_path / "hot.wav", 8 * sine(440, 44100), subtype="FLOAT"))
        assert np.max(np.abs(clip.audio)) == pytest.approx(1.0)

    @pytest.mark.parametrize(
        ("name", "seconds", "beats"),
        [
            ("loop_120bpm", 4.0, 8),
            ("140 BPM techno", 60 / 140 * 16, 16),
            ("bpm 90 dusty", 60 / 90 * 4, 4),
            ("x_7beats", 4.0, 7),
            ("Groove-4bars", 8.0, 16),
            ("half_93.75bpm", 2.56, 4),
            ("12_beats_90bpm", 4.0, 12),
        ],
    )
    def test_beats_that_the_name_states(self, tmp_path: Path, name: str, seconds: float, beats: int) -> None:
        clip = load_clip(write(tmp_path / f"{name}.wav", sine(50, round(seconds * 8000)), 8000))
        assert (clip.beats, clip.beats_from, clip.note) == (beats, "name", "")

    @pytest.mark.parametrize("name", ["808beatsmith", "5000bpm", "tr808 kit", "0 beats", "abpm", "1bpm"])
    def test_names_that_only_look_like_it(self, tmp_path: Path, name: str) -> None:
        assert load_clip(write(tmp_path / f"{name}.wav", sine(50, 32000), 8000)).beats_from == "estimate"

    def test_a_tempo_that_does_not_fit_is_noted(self, tmp_path: Path) -> None:
        clip = load_clip(write(tmp_path / "odd_100bpm.wav", sine(50, 32000), 8000))
        assert clip.beats == 7
        assert "6.67 beats" in clip.note

    def test_crop_reads_only_the_start(self, tmp_path: Path) -> None:
        path = write(tmp_path / "long.flac", 0.3 * np.ones((1, 600 * 8000)), 8000)
        clip = load_clip(path, sample_rate=8000, max_seconds=4.0, crop=True)
        assert clip.seconds == 4.0
        assert clip.audio[0, -1] == 0.0

    def test_crop_keeps_whole_beats_of_a_stated_tempo(self, tmp_path: Path) -> None:
        path = write(tmp_path / "long_130bpm.wav", sine(440, 20 * 8000), 8000)
        clip = load_clip(path, sample_rate=8000, max_seconds=5.0, crop=True)
        assert clip.beats == 10
        assert clip.tempo == pytest.approx(130.0, abs=0.1)


class TestRefusals:
    def test_missing(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "nowhere.wav").code == "not_found"
        assert refusal(tmp_path).code == "not_found"

    @pytest.mark.parametrize("name", ["x" * 5000, "nul\0.wav"])
    def test_impossible_paths(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UserError):
            load_clip(tmp_path / name)

    @pytest.mark.parametrize("name", ["text.wav", "text.raw", "text"])
    def test_not_audio(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("four score and seven beats ago" * 40)
        assert refusal(tmp_path / name).code in ("not_audio", "unreadable")

    def test_empty(self, tmp_path: Path) -> None:
        (tmp_path / "zero.wav").touch()
        assert refusal(tmp_path / "zero.wav").code == "empty"
        assert refusal(write(tmp_path / "header.wav", np.zeros((1, 0)))).code == "empty"

    def test_silent(self, tmp_path: Path) -> None:
        error = refusal(write(tmp_path / "quiet.wav", 1e-4 * sine(440, 44100), subtype="FLOAT"))
        assert error.code == "silent"
        assert "`silence`" in error.mend

    def test_too_short_and_too_long(self, tmp_path: Path) -> None:
        assert refusal(write(tmp_path / "short.wav", sine(20, 1999), 8000)).code == "too_short"
        load_clip(write(tmp_path / "enough.wav", sine(20, 2000), 8000))
        path = write(tmp_path / "longer.wav", sine(20, 33 * 8000), 8000)
        error = refusal(path)
        assert error.code == "too_long"
        assert "crop" in error.mend
        load_clip(path, crop=True)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, tmp_path: Path, bad: float) -> None:
        audio = sine(440, 44100)
        audio[0, 777] = bad
        assert refusal(write(tmp_path / "broken.wav", audio, subtype="FLOAT")).code == "not_finite"

    def test_truncated_flac(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 88200))
        whole = write(tmp_path / "whole.flac", noise).read_bytes()
        (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
        assert refusal(tmp_path / "cut.flac").code == "damaged"

    @settings(deadline=None, max_examples=60)
    @given(junk=st.binary(max_size=400), at=st.integers(0, 300), kind=st.sampled_from(("wav", "flac", "aiff", "ogg")))
    def test_damaged_files_are_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int, kind: str
    ) -> None:
        folder = tmp_path_factory.mktemp("junk")
        data = bytearray(write(folder / f"whole.{kind}", sine(440, 8000), 8000).read_bytes())
        data[at : at + len(junk)] = junk
        path = folder / f"damaged.{kind}"
        path.write_bytes(data)
        try:
            clip = load_clip(path, max_seconds=4.0, crop=True)
        except UserError:
            return
        assert np.isfinite(clip.audio).all()
        assert 0.25 * 44100 - 1 <= clip.samples <= 4 * 44100


class TestBeats:
    @pytest.mark.parametrize("name", builtin_names())
    def test_built_in_loops(self, name: str) -> None:
        clip = render_builtin(name, 22050)
        assert estimate_beats(clip.mid, clip.sample_rate) == clip.beats

    @pytest.mark.parametrize("tempo", [74, 85, 92, 100, 110, 128, 140, 150, 165])
    def test_clicks_at_a_tempo(self, tempo: int) -> None:
        samples = round(8 * 60 / tempo * 22050)
        clicks = np.zeros(samples, dtype=np.float32)
        for beat in range(8):
            start = round(beat * samples / 8)
            clicks[start : start + 300] = np.random.default_rng(beat).uniform(-1, 1, 300)
        assert estimate_beats(clicks, 22050) == 8

    @settings(deadline=None, max_examples=20)
    @given(samples=st.integers(2000, 8000 * 32))
    def test_any_length_has_beats(self, samples: int) -> None:
        assert 1 <= estimate_beats(sine(7, samples)[0], 8000) <= 64


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

    def test_crop_keeps_pitch_and_attack_and_joins_smoothly(self) -> None:
        clip = make(sine(441, 88200), 4)
        fitted = fit_clip(clip, "crop", 133.0, 4)
        begin = fitted.samples // 2
        assert np.array_equal(fitted.audio[:, :begin], clip.audio[:, :begin])
        around = np.concatenate((fitted.audio, fitted.audio), axis=1)
        steepest = np.max(np.abs(np.diff(clip.audio)))
        assert np.max(np.abs(np.diff(around))) < 1.5 * steepest

    def test_crop_starts_a_short_clip_again_on_the_beat(self) -> None:
        clip = make(np.zeros((1, 30000), dtype=np.float32), 2)
        clip.audio[0, 0] = 1.0
        fitted = fit_clip(clip, "crop", 120.0, 4)
        assert list(np.flatnonzero(fitted.audio[0] > 0.9)) == [0, 22050, 44100, 66150]

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
