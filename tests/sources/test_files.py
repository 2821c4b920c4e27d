"""Reading any file as a loop, refusing bad ones, and the beats that names state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.sources.files import load_clip
from tests.sounds import sine


def write(path: Path, audio: NDArray[Any], rate: int = 44100, **options: str) -> Path:
    soundfile.write(path, audio.T, rate, **options)
    return path


def refusal(path: Path, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        load_clip(path, **options)
    assert path.name[:8] in str(caught.value)
    assert caught.value.mend
    return caught.value


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

    @pytest.mark.parametrize(("suffix", "said"), [("wav", "50% of"), ("aiff", "50% of"), ("ogg", "last Ogg page")])
    def test_a_file_cut_off_while_copied(self, tmp_path: Path, suffix: str, said: str) -> None:
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 88200))
        whole = write(tmp_path / f"whole.{suffix}", noise).read_bytes()
        load_clip(tmp_path / f"whole.{suffix}")
        (tmp_path / f"cut.{suffix}").write_bytes(whole[: len(whole) // 2])
        error = refusal(tmp_path / f"cut.{suffix}")
        assert error.code == "damaged" and "cut off" in str(error) and said in str(error)

    @pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
    def test_a_wav_from_a_pipe_leaves_its_length_open(self, tmp_path: Path, length: int) -> None:
        data = bytearray(write(tmp_path / "loop.wav", sine(440, 44100)).read_bytes())
        at = data.index(b"data") + 4
        data[at : at + 4] = length.to_bytes(4, "little")
        (tmp_path / "loop.wav").write_bytes(data)
        if length:
            assert load_clip(tmp_path / "loop.wav").samples == 44100
        else:
            assert "cut off" not in str(refusal(tmp_path / "loop.wav"))

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
