"""Bands: every seed is another piece, in the key, tempo and meter that its labels say, and sounds."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.corpora.band import label_band, plan_band, render_band, score_band, styles, write_band
from ear_engine.corpora.band.harmony import Key, lay, progression, spell, voice
from ear_engine.corpora.band.mastering import master
from ear_engine.corpora.band.patterns import BASSES, COMPS, GROOVES, grooves, patterns
from ear_engine.corpora.band.styles import ENSEMBLES, programs
from ear_engine.corpora.band.voices import lead_voices
from ear_engine.corpora.midi import midi_bytes
from ear_engine.corpora.procedural.styles import SCALES
from ear_engine.errors import UserError
from tests.corpora.soundfonts import write_soundfont

needs_fluidsynth = pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="fluidsynth is not installed")
METERS = {"4/4": 4, "2/4": 4, "5/4": 4, "3/4": 3, "6/8": 6}


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_soundfont(tmp_path_factory.mktemp("soundfont") / "tone.sf2")


def test_plans_cover_styles_tempi_meters_and_keys() -> None:
    plans = [plan_band(seed) for seed in range(600)]
    assert {plan.style.name for plan in plans} == {style.name for style in styles()}
    assert {plan.root for plan in plans} == set(range(12))
    assert {plan.scale for plan in plans} == set(SCALES)
    meters = Counter(plan.meter for plan in plans)
    assert set(meters) == set(METERS)
    assert meters["5/4"] < 0.05 * len(plans) < min(meters["3/4"], meters["6/8"], meters["4/4"])
    tempi = np.array([plan.tempo for plan in plans])
    assert np.all((tempi >= 55.0) & (tempi <= 180.0))
    assert tempi.min() < 65.0
    assert tempi.max() > 165.0


def test_labels_follow_the_plan() -> None:
    for seed in range(200):
        plan, labels = plan_band(seed), label_band(seed)
        assert float(labels["tempo"]) == plan.tempo
        assert float(labels["first_beat"]) == plan.first_beat
        assert labels["beats_per_bar"] == {"2/4": "2", "3/4": "3", "4/4": "4", "5/4": "5", "6/8": "2"}[labels["meter"]]
        assert labels["style"] == plan.style.name
        assert ("root" in labels) == ("scale" in labels)
        if "root" in labels:
            assert (labels["root"], labels["scale"]) == (str(plan.root), plan.scale)
        assert plan.tonal or "root" not in labels


def test_everything_that_styles_name_exists() -> None:
    known = programs()
    for style in styles():
        for role in style.roles:
            for instrument in role.instruments:
                assert instrument == "same" or all(name in known for name in ENSEMBLES.get(instrument, (instrument,)))
            for way in role.ways:
                for meter in style.meters:
                    if role.kind in ("drums", "perc"):
                        assert grooves(way, METERS[meter])
                    elif role.kind == "bass" and way != "riff":
                        assert patterns(BASSES, way, METERS[meter])[1]
                    elif role.kind == "comp" and way != "cells":
                        assert patterns(COMPS, way, METERS[meter])[0] in ("hold", "ring", "short")
    for line in GROOVES.strip().splitlines():
        _, meter, *rest = line.split()
        assert {len(marks) for marks in rest[1::2]} == {16 if meter == "4" else 12}, line
    for table, marks in ((COMPS, "Cc12345bBf."), (BASSES, "Rrftsowan.")):
        for name in {line.split()[0] for line in table.strip().splitlines()}:
            for meter in (4, 3, 6):
                for pattern in patterns(table, name, meter)[1]:
                    assert len(pattern) == (16 if meter == 4 else 12), (name, pattern)
                    assert set(pattern) <= set(marks), (name, pattern)


@settings(max_examples=12)
@given(st.integers(0, 2**40))
def test_any_seed_makes_a_score_that_fills_the_time_and_fits_midi(seed: int) -> None:
    score = score_band(seed, 20.0)
    assert score == score_band(seed, 20.0)
    midi_bytes(score)
    starts = sorted(score.seconds(note.start) for part in score.parts for note in part.notes)
    assert starts[0] < plan_band(seed).first_beat + 12.0
    assert starts[-1] > 20.0 - 8.0
    assert all(0 <= note.pitch < 128 and note.length > 0 for part in score.parts for note in part.notes)


def test_the_longer_piece_begins_like_the_shorter_one() -> None:
    short, long = score_band(5, 10.0), score_band(5, 10.0).before(5.0)
    assert long.parts[0].notes == [note for note in short.parts[0].notes if short.seconds(note.start) < 5.0]


def test_notes_are_in_the_scale_that_the_labels_name() -> None:
    shares = []
    for seed in range(40):
        labels = label_band(seed)
        if "scale" not in labels:
            continue
        inside = {(int(labels["root"]) + step) % 12 for step in SCALES[labels["scale"]]}
        notes = [note for part in score_band(seed, 20.0).parts if not part.drums for note in part.notes]
        shares.append(np.mean([note.pitch % 12 in inside for note in notes]))
    assert len(shares) > 20
    assert np.mean(shares) > 0.93
    assert min(shares) > 0.7


def test_music_stays_on_the_beats_that_the_labels_name() -> None:
    for seed in range(20):
        plan, score = plan_band(seed), score_band(seed, 20.0)
        beat = 60.0 / plan.tempo
        times = np.array([score.seconds(note.start) for part in score.parts for note in part.notes])
        phase = (times - plan.first_beat) / beat
        away = np.abs(phase - np.round(phase)) * beat
        assert np.mean(away < 0.06) > 0.25, seed
        early = plan.first_beat - times.min()
        assert early < 0.06


def test_no_two_bands_are_alike() -> None:
    bands = [tuple(sorted(part.program for part in score_band(seed, 10.0).parts)) for seed in range(40)]
    assert len(set(bands)) > 35


def test_chords_are_spelled_in_the_key() -> None:
    c_minor = Key(0, "minor")
    assert spell(c_minor, "0", 3)[0] == (0, 3, 7)
    assert spell(c_minor, "4", 4)[0] == (7, 10, 2, 5)
    assert spell(c_minor, "D4", 4) == ((7, 11, 2, 5), (0, 2, 3, 5, 7, 8, 11))
    assert spell(Key(2, "major"), "S0", 3)[0] == (2, 7, 9)


@pytest.mark.parametrize("scale", sorted(SCALES))
@pytest.mark.parametrize("family", ["functional", "loop", "jazz", "blues", "vamp"])
def test_progressions_have_the_length_asked_for_and_voice_within_reach(family: str, scale: str) -> None:
    rng = np.random.default_rng(1)
    for count in (1, 2, 3, 4, 8, 12, 32):
        tokens = progression(rng, family, scale, count)
        assert len(tokens) == count
        before: tuple[int, ...] = ()
        for chord in lay(rng, Key(3, scale), tokens, 2.0, 4):
            after = voice(chord, 4, 62.0, before)
            assert abs(np.mean(after) - 62.0) < 9.0
            assert {pitch % 12 for pitch in after} <= set(chord.tones)
            assert list(after) == sorted(after)
            before = after


def test_full_closes_end_on_the_tonic() -> None:
    rng = np.random.default_rng(2)
    phrases = [progression(rng, "functional", "major", 8) for _ in range(20)]
    assert {(phrase[0], phrase[3], phrase[-2], phrase[-1]) for phrase in phrases} == {("0", "D4", "D4", "0")}


def test_four_voices_keep_their_ranges_and_avoid_parallels() -> None:
    rng, parallels, steps = np.random.default_rng(3), 0, 0
    for _ in range(10):
        chords = lay(rng, Key(int(rng.integers(12)), "major"), progression(rng, "functional", "major", 8), 1.0, 3)
        found = lead_voices(rng, chords, 11)
        for pitches, chord in zip(found, chords, strict=True):
            assert pitches[0] >= pitches[1] >= pitches[2] >= pitches[3]
            assert pitches[3] % 12 == chord.bass
            assert set(chord.tones) == {pitch % 12 for pitch in pitches}
        for before, after in pairwise(found):
            steps += 1
            moves = np.subtract(after, before)
            parallels += any(
                (before[a] - before[b]) % 12 in (0, 7) == (after[a] - after[b]) % 12
                and (before[a] - before[b]) % 12 == (after[a] - after[b]) % 12
                and moves[a] * moves[b] > 0
                for a in range(4)
                for b in range(a + 1, 4)
            )
    assert steps == 70
    assert parallels <= 2


def test_mastering_changes_color_and_level_and_stays_in_range() -> None:
    source = (0.1 * np.random.default_rng(0).standard_normal(44100)).astype(np.float32)
    made = [master(np.random.default_rng(seed), source, 44100) for seed in range(12)]
    assert all(audio.shape == source.shape and audio.dtype == np.float32 for audio in made)
    assert max(float(np.abs(audio).max()) for audio in made) < 1.0
    levels = [20.0 * np.log10(np.sqrt(np.mean(audio**2))) for audio in made]
    assert np.ptp(levels) > 5.0
    assert np.isfinite(master(np.random.default_rng(1), np.zeros(44100, dtype=np.float32), 44100)).all()


@needs_fluidsynth
def test_four_seconds_are_rendered_written_and_labeled(tone: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    paths = write_band(
        tmp_path, 2, 4.0, 7, tone, sample_rate=22050, workers=1, progress=lambda *step: told.append(step)
    )
    assert [path.name for path in paths] == ["band_000007.flac", "band_000008.flac"]
    assert told == [(1, 2), (2, 2)]
    audio, rate = soundfile.read(paths[0], dtype="float32")
    assert (rate, len(audio)) == (22050, 4 * 22050)
    assert np.abs(audio - render_band(7, 4.0, tone, 22050)).max() < 1e-4
    assert np.sqrt(np.mean(audio**2)) > 0.01
    labels = json.loads((tmp_path / "labels.json").read_text())
    assert labels["band_000007.flac"]["tempo"] == label_band(7)["tempo"]
    assert labels["band_000007.flac"]["soundfont"] == "tone"
    assert labels["band_000007.flac"]["group"] != labels["band_000008.flac"]["group"]


@pytest.mark.parametrize(("seed", "seconds"), [(-1, 1.0), (0, 0.0), (0, float("nan")), (0, 1e9)])
def test_arguments_out_of_range_are_refused(seed: int, seconds: float, tone: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="band's piece"):
        write_band(tmp_path, 1, seconds, seed, tone)


def test_without_fluidsynth_nothing_is_begun(monkeypatch: pytest.MonkeyPatch, tone: Path, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="apt-get install fluidsynth"):
        write_band(tmp_path / "new", 1, 1.0, 0, tone)
    assert not (tmp_path / "new").exists()
