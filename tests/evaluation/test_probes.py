"""Probes ask what they say, of excerpts that do not overlap."""

from __future__ import annotations

import numpy as np
import pytest

from ear_engine.corpora.corpus import Corpus, Recording
from ear_engine.errors import UserError
from ear_engine.evaluation.excerpts import cut
from ear_engine.evaluation.follows import GAP, distance
from ear_engine.evaluation.probes import choose, families
from ear_engine.evaluation.study import Library, Settings, Study
from tests.evaluation.music import corpus, library, noise, tiny_window

WINDOW = tiny_window()
SETTINGS = Settings(WINDOW)


@pytest.fixture(scope="module")
def pieces() -> list[Recording]:
    """Two composers with six pieces each, and one with a single piece."""
    who = [("bach", number) for number in range(6)] + [("haydn", number) for number in range(6)] + [("weber", 0)]
    return [
        noise(f"{composer}/{number}", 2.3, labels={"composer": composer, "group": f"{composer} {number}"})
        for composer, number in who
    ]


@pytest.fixture(scope="module")
def scores() -> Corpus:
    """Twelve pieces in C and D at two tempi, most in four."""
    made = []
    for number in range(12):
        labels = {
            "tempo": "60" if number % 2 else "120",
            "first_beat": "0.5",
            "beats_per_bar": "3" if number >= 9 else "4",
            "root": "0" if number < 6 else "11",
            "scale": "major" if number < 6 else "minor",
        }
        made.append(noise(f"piece {number:02}", 2.1, labels=labels))
    made.append(noise("unknown", 2.1))
    return corpus("procedural_test", made)


def only(name: str, find: Library, settings: Settings = SETTINGS) -> Study:
    chosen = choose([name], find, settings)
    (study,) = chosen.studies
    assert [test.name for test in study.tests] == [name] and not chosen.left_out
    return study


def test_excerpts_fill_a_recording_without_overlap_and_skip_silence() -> None:
    silent = Recording("half", np.concatenate([noise("a", 1).samples, np.zeros(2 * WINDOW.samples, np.int16)]))
    found = cut("set", [noise("a", 2.9), noise("short", 0.9), silent], WINDOW)
    assert found.owner.tolist() == [0, 0, 2]
    assert found.start.tolist() == [0, WINDOW.samples, 0]
    assert found.audio(1).shape == (WINDOW.samples,)
    assert len(cut("set", [noise("b", 9)], WINDOW, every=5)) == 2
    assert len(cut("set", [noise("b", 9)], WINDOW, most=3)) == 3


def test_a_set_is_named_by_its_sound() -> None:
    one, same, other = (cut("set", [noise(name, 2)], WINDOW) for name in ("a", "a", "b"))
    assert one.digest == same.digest != other.digest
    quieter = Recording("a", (noise("a", 2).samples // 2).astype(np.int16))
    assert cut("set", [quieter], WINDOW).digest != one.digest


def test_tracks_are_their_own_classes_and_the_changed_ones_are_tested_alone() -> None:
    find = library(corpus("tracks", [noise("one", 15), noise("two", 17), noise("too short", 9)]))
    changed = only("tracks_changed", find)
    assert changed.classes == ("one", "two")
    (test,) = changed.tests
    assert changed.excerpts.change is None and test.excerpts.change == 0
    assert not np.allclose(test.excerpts.audio(3), changed.excerpts.audio(3))
    for fold, rows in zip(changed.folds, test.folds, strict=True):
        apart = np.abs(changed.excerpts.start[fold.training][:, None] - changed.excerpts.start[rows])
        same = changed.excerpts.owner[fold.training][:, None] == changed.excerpts.owner[rows]
        assert (apart[same] >= 2 * WINDOW.samples).all()
    assert only("tracks_random", find).tests[0].leaks


def test_no_piece_of_a_composer_is_on_both_sides_and_composers_with_few_pieces_are_left_out(
    pieces: list[Recording],
) -> None:
    other = [Recording(f"other {r.name}", r.samples, r.labels) for r in pieces]
    find = library(corpus("piano", pieces), corpus("piano_other", other))
    study = choose(["composers", "composers_across_soundfonts"], find, SETTINGS).studies[0]
    assert study.classes == ("bach", "haydn")
    across = study.tests[1]
    assert across.excerpts.recordings[0].name.startswith("other")
    assert len(across.labels) == len(study.labels) == 24
    for fold, plain, rows in zip(study.folds, study.tests[0].folds, across.folds, strict=True):
        trained = {study.excerpts.recordings[study.excerpts.owner[row]].labels["group"] for row in fold.training}
        for test, own in ((study.tests[0], plain), (across, rows)):
            tested = {test.excerpts.recordings[test.excerpts.owner[row]].labels["group"] for row in own}
            assert tested and not trained & tested
    assert np.concatenate(across.folds).size == 24


def test_tempo_is_asked_in_classes(scores: Corpus) -> None:
    study = only("tempo", library(scores))
    assert len(study.classes) == 2
    for label, tempo in enumerate(("60", "120")):
        owners = study.excerpts.owner[study.labels == label]
        assert {study.excerpts.recordings[owner].labels["tempo"] for owner in owners} == {tempo}
    assert (study.labels == -1).sum() == 2  # the unknown one


def test_key_is_that_of_the_relative_major(scores: Corpus) -> None:
    study = only("key", library(scores))
    assert study.classes == ("C", "D")  # C major, and B minor


def test_beat_phase_is_the_beat_in_which_the_last_frame_lies() -> None:
    labels = {"tempo": "60", "first_beat": "0.25", "beats_per_bar": "4"}
    study = only(
        "beat_phase", library(corpus("procedural_test", [noise(f"{n:02}", 4.2, labels=labels) for n in range(12)]))
    )
    assert set(study.classes) <= {f"beat {number}" for number in range(1, 5)}
    for row in study.folds[0].test:
        seconds = (study.excerpts.start[row] + WINDOW.end) / 44100 - 0.25
        assert study.classes[study.labels[row]] == f"beat {int(seconds) % 4 + 1}"


def test_meter_needs_more_than_one(scores: Corpus) -> None:
    recordings = corpus("band_test", scores.recordings)
    assert only("meter", library(recordings)).classes == ("3", "4")
    with pytest.raises(UserError, match="needs 10 recordings with known answers"):
        only("meter", library(corpus("band_test", scores.recordings[:9])))


def test_what_follows_comes_after_a_gap_and_the_other_never_does() -> None:
    find = library(corpus("tracks", [noise(f"{number}", 8.3) for number in range(10)]))
    hard, easy = choose(["follows_hard", "follows_easy"], find, SETTINGS).studies
    for study, same in ((hard, True), (easy, False)):
        assert study.pairs is not None
        excerpts, pairs = study.excerpts, study.pairs
        assert len(study.labels) == 10 * 4 == len(set(pairs.other)) == len(set(pairs.following))
        assert set(pairs.other) == set(pairs.following)
        assert not (pairs.other == pairs.following).any()
        assert (excerpts.owner[pairs.first] == excerpts.owner[pairs.following]).all()
        later = excerpts.start[pairs.following] - excerpts.start[pairs.first]
        assert (later == distance(SETTINGS)).all()
        frames = distance(SETTINGS) // WINDOW.hop
        assert frames == WINDOW.heard - 1 + 4 * GAP
        assert ((excerpts.owner[pairs.first] == excerpts.owner[pairs.other]) == same).all()
        assert abs(int(study.labels.sum()) - 20) <= 1
        for fold in study.folds:  # what tests is heard by no pair that trains
            assert set(pairs.other[fold.test]) <= set(pairs.following[fold.test])


def test_a_quick_look_keeps_a_fifth() -> None:
    tracks = corpus("tracks", [noise(f"{number}", 76) for number in range(2)])
    full, quick = (only("tracks", library(tracks), Settings(WINDOW, every=every)) for every in (1, 5))
    assert len(quick.labels) == pytest.approx(len(full.labels) / 5, abs=1)
    assert len(np.unique(quick.labels[quick.folds[0].test])) == 2


def test_what_is_unknown_or_cannot_be_made_is_said(scores: Corpus) -> None:
    find = library(scores)
    with pytest.raises(UserError, match="'tmepo' does not exist; did you mean tempo"):
        choose(["tmepo"], find, SETTINGS)
    with pytest.raises(UserError, match="'piano' is neither a corpus nor a folder"):
        choose(["composers"], find, SETTINGS)
    everything = choose([], find, SETTINGS)
    made = {test.name for study in everything.studies for test in study.tests}
    assert made == {"tempo", "key"}
    assert made | set(everything.left_out) == {name for family in families() for name in family.names}
    with pytest.raises(UserError, match="has no probe that can be made"):
        choose([], library(), SETTINGS)


def test_without_another_soundfont_the_composers_are_still_asked(pieces: list[Recording]) -> None:
    find = library(corpus("piano", pieces))
    chosen = choose([], find, SETTINGS)
    assert "composers" in {test.name for study in chosen.studies for test in study.tests}
    assert "composers_across_soundfonts" in chosen.left_out
    with pytest.raises(UserError, match="'piano_other' is neither"):
        choose(["composers_across_soundfonts"], find, SETTINGS)
