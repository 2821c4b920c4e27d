"""Procedural music: deterministic, varied, in range, and written whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.corpora.procedural import TEST_SEEDS, label_track, plan_track, render_track, styles, write_corpus
from ear_engine.errors import UserError


def test_a_seed_is_a_recording() -> None:
    first, again, other = render_track(7, 3.0), render_track(7, 3.0), render_track(8, 3.0)
    assert first.dtype == np.float32
    assert first.shape == (3 * 44100,)
    assert np.array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-3)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**63), seconds=st.floats(0.001, 2.0), sample_rate=st.sampled_from((8000, 22050, 48000)))
def test_any_seed_and_length_sounds_within_range(seed: int, seconds: float, sample_rate: int) -> None:
    audio = render_track(seed, seconds, sample_rate)
    assert audio.shape == (max(1, round(seconds * sample_rate)),)
    assert np.isfinite(audio).all()
    assert np.max(np.abs(audio)) < 1.0


def test_plans_cover_styles_tempi_and_keys() -> None:
    plans = [plan_track(seed) for seed in range(300)]
    assert {plan.style.name for plan in plans} == {style.name for style in styles()}
    assert {plan.root for plan in plans} == set(range(12))
    tempi = np.array([plan.tempo for plan in plans])
    assert tempi.min() < 92.0
    assert tempi.max() > 143.0
    assert np.all((tempi >= 85.0) & (tempi <= 150.0))


def test_every_pattern_is_one_bar_of_marks() -> None:
    for style in styles():
        for name in ("kick", "snare", "hats", "open", "bass"):
            assert style.patterns[name]
            assert all(len(pattern) == 16 and set(pattern) <= set("xo.") for pattern in style.patterns[name])


def test_recordings_differ_in_level_and_in_color() -> None:
    tracks = [render_track(seed, 4.0, 22050) for seed in range(8)]
    levels = 20.0 * np.log10([np.sqrt(np.mean(track**2)) for track in tracks])
    assert np.ptp(levels) > 4.0
    assert np.all((levels > -40.0) & (levels < -6.0))
    spectra = [np.abs(np.fft.rfft(track)) for track in tracks]
    brightness = np.log2([np.sum(s**2 * np.arange(len(s))) / np.sum(s**2) for s in spectra])
    assert np.ptp(brightness) > 1.0


def test_corpus_is_written_and_reported(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    paths = write_corpus(tmp_path / "new", 2, 0.5, 40, sample_rate=22050, progress=lambda *step: told.append(step))
    assert [path.name for path in paths] == ["procedural_000040.flac", "procedural_000041.flac"]
    assert told == [(1, 2), (2, 2)]
    assert sorted((tmp_path / "new").iterdir()) == sorted([tmp_path / "new" / "labels.json", *paths])
    labels = json.loads((tmp_path / "new" / "labels.json").read_text())
    assert labels == {path.name: label_track(seed) for path, seed in zip(paths, (40, 41), strict=True)}
    audio, rate = soundfile.read(paths[1])
    assert rate == 22050
    assert np.max(np.abs(audio - render_track(41, 0.5, 22050))) < 1e-4


def test_samples_do_not_depend_on_workers_and_finished_files_are_kept(tmp_path: Path) -> None:
    alone = write_corpus(tmp_path / "one", 3, 0.2, 7, sample_rate=8000, workers=1)
    before = alone[0].stat().st_mtime_ns
    alone[1].write_bytes(b"cut off")
    together = write_corpus(tmp_path / "two", 3, 0.2, 7, sample_rate=8000, workers=2)
    assert write_corpus(tmp_path / "one", 4, 0.2, 7, sample_rate=8000, workers=1)[:3] == alone
    assert alone[0].stat().st_mtime_ns == before
    for one, two in zip(alone, together, strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_other_recipes_replace_files_and_keep_the_labels_of_others(tmp_path: Path) -> None:
    short = write_corpus(tmp_path, 2, 0.1, 1, sample_rate=8000, workers=1)
    write_corpus(tmp_path, 1, 0.3, 1, sample_rate=8000, workers=1)
    assert [soundfile.info(path).frames for path in short] == [2400, 800]
    assert len(json.loads((tmp_path / "labels.json").read_text())) == 2


def test_labels_follow_the_plan() -> None:
    plan, labels = plan_track(TEST_SEEDS), label_track(TEST_SEEDS)
    assert float(labels["tempo"]) == pytest.approx(plan.tempo, abs=1e-3)
    assert (labels["root"], labels["scale"], labels["style"]) == (str(plan.root), plan.scale, plan.style.name)
    assert (labels["beats_per_bar"], labels["first_beat"], labels["license"]) == ("4", "0", "CC0-1.0")


def test_the_tracks_of_a_seed_never_change() -> None:
    first, last = render_track(1, 3.0), render_track(96, 3.0)
    assert first[10000::40000] == pytest.approx([-0.166321, 0.079198, 0.073588, -0.040494], abs=2e-5)
    assert last[10000::40000] == pytest.approx([-0.046672, 0.011311, -0.397925, 0.023291], abs=2e-5)


def test_corpus_in_an_unwritable_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        write_corpus(tmp_path / "file", 1, 0.1, 0)


@pytest.mark.parametrize(
    ("seed", "seconds", "rate"), [(-1, 1.0, 44100), (0, 0.0, 44100), (0, 1e9, 44100), (0, 1.0, 10)]
)
def test_arguments_out_of_range_are_refused(seed: int, seconds: float, rate: int) -> None:
    with pytest.raises(UserError, match="procedural track"):
        render_track(seed, seconds, rate)


def test_nan_seconds_are_refused() -> None:
    with pytest.raises(UserError):
        render_track(0, float("nan"))
