"""A folder of anything becomes recordings: what cannot be used is listed, the rest is decoded once and divided."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.errors import UserError
from ear_engine.training.corpus import Corpus, Recording, draw_excerpts, open_corpus

RATE = 44100


def sine(frequency: float, seconds: float, rate: int = RATE, amplitude: float = 0.25) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


def write(path: Path, audio: np.ndarray, rate: int = RATE, subtype: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, rate, subtype)
    return path


def by_name(corpus: Corpus) -> dict[str, Recording]:
    return {recording.path.name: recording for recording in corpus.training + corpus.validation}


def sides(corpus: Corpus) -> dict[str, bool]:
    found = {recording.path.name: True for recording in corpus.validation}
    return found | {recording.path.name: False for recording in corpus.training}


def test_every_format_rate_and_number_of_channels_becomes_mono_at_one_rate(tmp_path: Path) -> None:
    music = tmp_path / "music"
    write(music / "a.wav", sine(440, 1.0))
    write(music / "b.flac", sine(440, 1.0, 48000), 48000)
    write(music / "deep" / "er" / "c.ogg", sine(440, 1.0, 22050), 22050)
    write(music / "d.WAV", np.stack([sine(440, 1.0), np.zeros(RATE)], axis=1))
    write(music / "e.wav", np.stack([sine(440, 1.0, 96000)] * 5, axis=1), 96000, "FLOAT")
    write(music / "f.aiff", sine(440, 1.0, 8000), 8000, "PCM_24")
    write(music / "g.mp3", sine(440, 1.0))
    (music / "notes.txt").write_text("not music, and not looked at")
    corpus = open_corpus(music, tmp_path / "cache", excerpt=30000)
    assert corpus.skipped == []
    assert corpus.sample_rate == RATE
    found = by_name(corpus)
    assert sorted(found) == ["a.wav", "b.flac", "c.ogg", "d.WAV", "e.wav", "f.aiff", "g.mp3"]
    for name, recording in found.items():
        assert recording.samples.dtype == np.int16
        assert abs(recording.length - RATE) < 3000, name
        middle = np.asarray(recording.samples[8000:32000], dtype=float) / 32767
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(24000)))
        assert abs(int(spectrum.argmax()) * RATE / 24000 - 440) < 2, name
        amplitude = 0.125 if name == "d.WAV" else 0.25  # one of two channels is silent
        assert middle.std() * 2**0.5 == pytest.approx(amplitude, rel=0.05), name
    assert corpus.hours == pytest.approx(sum(r.length for r in found.values()) / RATE / 3600)


def test_what_cannot_be_used_is_listed_with_its_reason_and_stops_nothing(tmp_path: Path) -> None:
    music = tmp_path / "music"
    for number in range(3):
        write(music / f"good_{number}.wav", sine(200 + number, 1.0))
    write(music / "silent.wav", np.zeros(RATE))
    write(music / "empty.wav", np.zeros(0))
    write(music / "short.wav", sine(200, 0.5))
    not_finite = sine(200, 1.0)
    not_finite[500] = np.nan
    write(music / "nan.wav", not_finite, subtype="FLOAT")
    (music / "zero.wav").write_bytes(b"")
    (music / "text.mp3").write_text("this is not an mp3 file " * 40)
    (music / "cut.flac").write_bytes(write(tmp_path / "x.flac", sine(200, 1.0)).read_bytes()[:50])
    (music / "dangling.wav").symlink_to(tmp_path / "nowhere.wav")
    (music / "folder.wav").mkdir()
    told: list[tuple[int, int]] = []
    corpus = open_corpus(music, tmp_path / "cache", excerpt=RATE, progress=lambda *step: told.append(step))
    assert sorted(by_name(corpus)) == ["good_0.wav", "good_1.wav", "good_2.wav"]
    reasons = {skipped.path.name: skipped.reason for skipped in corpus.skipped}
    assert set(reasons) == {"silent.wav", "empty.wav", "short.wav", "nan.wav", "zero.wav", "text.mp3", "cut.flac"}
    assert reasons["silent.wav"] == reasons["empty.wav"] == "is silent"
    assert reasons["short.wav"] == "is shorter than 1.0 s"
    assert "not finite" in reasons["nan.wav"]
    assert told == [(done, 10) for done in range(1, 11)]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (None, "is not a folder"),
        ({}, "has no music"),
        ({"a.wav": 1.0}, "has 1 usable recordings"),
        ({"a.wav": 0.1, "b.wav": 0.1}, "a.wav is shorter than"),
    ],
)
def test_a_folder_that_cannot_train_an_ear_is_refused(
    tmp_path: Path, files: dict[str, float] | None, said: str
) -> None:
    if files is not None:
        (tmp_path / "music").mkdir()
        for name, seconds in files.items():
            write(tmp_path / "music" / name, sine(300, seconds))
    with pytest.raises(UserError, match=said):
        open_corpus(tmp_path / "music", tmp_path / "cache", excerpt=20000)


def test_loud_files_are_turned_down_and_quiet_ones_are_not_turned_up(tmp_path: Path) -> None:
    write(tmp_path / "m" / "loud.wav", sine(300, 1.0, amplitude=4.0), subtype="FLOAT")
    write(tmp_path / "m" / "quiet.wav", sine(300, 1.0, amplitude=0.01))
    found = by_name(open_corpus(tmp_path / "m", tmp_path / "cache", excerpt=1000))
    assert np.abs(np.asarray(found["loud.wav"].samples, dtype=int)).max() == 32767
    assert np.abs(found["quiet.wav"].samples).max() == pytest.approx(328, abs=3)


def test_files_are_decoded_once_and_again_when_they_change(tmp_path: Path) -> None:
    music, cache = tmp_path / "music", tmp_path / "cache"
    for name in "abc":
        write(music / f"{name}.wav", sine(300, 1.0))
    open_corpus(music, cache, excerpt=1000)
    before = {path.name: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert len(before) == 3
    open_corpus(music, cache, excerpt=1000)
    assert {path.name: path.stat().st_mtime_ns for path in cache.iterdir()} == before
    write(music / "b.wav", sine(300, 1.5))
    corpus = open_corpus(music, cache, excerpt=1000)
    assert by_name(corpus)["b.wav"].length == 66150
    assert len(list(cache.iterdir())) == 4
    other = open_corpus(music, cache, excerpt=1000, sample_rate=22050)
    assert by_name(other)["b.wav"].length == 33075


@settings(deadline=None, max_examples=12)
@given(
    old=st.sets(st.integers(0, 10**6), min_size=2, max_size=30),
    new=st.sets(st.integers(0, 10**6), max_size=6),
    share=st.floats(0.0, 1.0),
)
def test_adding_music_moves_no_more_recordings_than_it_adds(
    tmp_path_factory: pytest.TempPathFactory, old: set[int], new: set[int], share: float
) -> None:
    music, cache = tmp_path_factory.mktemp("music"), tmp_path_factory.mktemp("cache")
    one = write(music / "one.bin.wav", sine(300, 0.02))
    for number in old:
        shutil.copy(one, music / f"{number}.wav")
    one.unlink()
    before = sides(open_corpus(music, cache, excerpt=100, validation_share=share))
    assert 1 <= sum(before.values()) < len(before) == len(old)
    assert sides(open_corpus(music, cache, excerpt=100, validation_share=share)) == before
    moved_away = tmp_path_factory.mktemp("elsewhere") / "music"  # the split belongs to names inside the folder
    shutil.copytree(music, moved_away)
    assert sides(open_corpus(moved_away, cache, excerpt=100, validation_share=share)) == before
    for number in new - old:
        shutil.copy(music / f"{min(old)}.wav", music / f"{number}.wav")
    after = sides(open_corpus(music, cache, excerpt=100, validation_share=share))
    assert len(after) == len(old | new)
    assert sum(after[name] != before[name] for name in before) <= len(new - old)


def recordings(lengths: list[int]) -> list[Recording]:
    """Samples that say which recording they are from and, within one, where."""
    return [
        Recording(Path(f"{number}.wav"), (1000 * number + np.arange(length) % 1000).astype(np.int16))
        for number, length in enumerate(lengths)
    ]


@given(
    lengths=st.lists(st.integers(50, 900), min_size=1, max_size=12),
    count=st.integers(1, 12),
    seed=st.integers(0, 2**32),
)
def test_excerpts_are_whole_stretches_and_a_seed_is_a_batch(lengths: list[int], count: int, seed: int) -> None:
    music = recordings(lengths)
    drawn = draw_excerpts(music, count, 50, np.random.default_rng(seed))
    assert np.array_equal(drawn, draw_excerpts(music, count, 50, np.random.default_rng(seed)))
    assert (drawn.shape, drawn.dtype) == ((count, 50), np.float32)
    samples = np.round(drawn * 32767).astype(int)
    assert (np.diff(samples, axis=1) == 1).all()  # consecutive samples of one recording
    sources = samples[:, 0] // 1000
    assert all(lengths[number] - samples[row, 0] % 1000 >= 50 for row, number in enumerate(sources))
    if count <= len(lengths):
        assert len(set(sources)) == count


def test_other_seeds_draw_other_excerpts_and_long_recordings_come_more_often() -> None:
    music = recordings([51, 950])
    drawn = [draw_excerpts(music, 1, 50, np.random.default_rng(seed))[0, 0] * 32767 for seed in range(200)]
    from_long = np.array(drawn) >= 999.5
    expected = 901**0.5 / (901**0.5 + 2**0.5)
    assert from_long.mean() == pytest.approx(expected, abs=0.06)
    assert len(set(np.array(drawn)[from_long].round())) > 100
