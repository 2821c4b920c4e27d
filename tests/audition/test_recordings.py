"""Recordings by the names that statistics have: found, read, and what is said when they are not there."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ear_engine import platform
from ear_engine.audition.cut import as_loud_as, cut
from ear_engine.audition.excerpts import Excerpt, Turns, choose, excerpts_of
from ear_engine.audition.recordings import Recordings
from ear_engine.errors import UserError
from ear_engine.loudness import LoudnessMeter
from tests.audition.music import MOMENT, NAMES, SECONDS, SILENT, Music, heard_pitch, measured, piece, pitch
from tests.corpora.audio import RATE, write


def excerpt(which: int = 1, corpus: str = "music") -> Excerpt:
    return choose(excerpts_of(measured(corpus), 7), 7, which)


def second(audio: np.ndarray, number: int, rate: int = RATE) -> np.ndarray:
    return audio[number * rate : (number + 1) * rate]


def test_the_strongest_comes_first_and_says_what_it_is() -> None:
    found = excerpts_of(measured(), 7)
    assert [(one.which, one.total, one.recording) for one in found] == [(1, 2, NAMES[0]), (2, 2, NAMES[1])]
    assert found[0] == Excerpt(7, 1, 2, "music", "first piece", MOMENT, 9.0)
    assert excerpts_of(measured(), SILENT) == ()


@pytest.mark.parametrize(
    ("number", "which", "code", "said"),
    [
        (SILENT, 1, "no_excerpts", "never fired"),
        (7, 3, "out_of_range", "1 to 2"),
        (7, 0, "out_of_range", "1 to 2"),
        (7, -1, "out_of_range", "1 to 2"),
        (-1, 1, "out_of_range", "outside the network"),
        (1 << 40, 1, "out_of_range", "outside the network"),
    ],
)
def test_what_there_is_not_is_said(number: int, which: int, code: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as refusal:
        choose(excerpts_of(measured(), number), number, which)
    assert refusal.value.code == code


def test_an_ear_without_statistics_says_how_to_make_them() -> None:
    with pytest.raises(UserError, match="ear-engine statistics") as refusal:
        excerpts_of(None, 7)
    assert refusal.value.code == "no_statistics"


def test_turns_go_round_and_begin_anew_with_another_neuron_or_ear() -> None:
    turns, seven, eight = Turns(), excerpts_of(measured(), 7), excerpts_of(measured(), 8)
    order = []
    for ear, known in (("a", seven), ("a", seven), ("a", seven), ("a", eight), ("b", eight), ("b", eight)):
        which = turns.next(ear, known)
        turns.take(ear, known[which - 1])
        order.append(which)
    assert order == [1, 2, 1, 1, 1, 2]
    assert turns.next("b", ()) == 1


@pytest.mark.parametrize(("which", "recording"), [(1, 0), (2, 1)])
@pytest.mark.parametrize("rate", [None, 48000, 22050])
def test_an_excerpt_is_cut_around_its_moment(music: Music, which: int, recording: int, rate: int | None) -> None:
    found = Recordings().find("music", NAMES[recording])
    made = cut(found, excerpt(which), 4.0, rate)
    rate = rate or RATE
    assert (made.sample_rate, made.begins, made.seconds) == (rate, MOMENT - 3.0, 4.0)
    for number in range(4):
        hertz = heard_pitch(second(made.audio, number, rate), rate)
        assert hertz == pytest.approx(pitch(recording, 9 + number), abs=1.0)
    assert abs(made.audio[0]) < 1e-3 and abs(made.audio[-1]) < 1e-3
    inner = made.audio[2000:-2000]
    assert np.abs(inner).max() == pytest.approx(np.abs(piece(recording)).max(), abs=0.01)


def test_at_the_ends_of_a_recording_it_lies_inside(music: Music) -> None:
    found = Recordings().find("music", NAMES[0])
    early = cut(found, replace(excerpt(), seconds=0.5), 4.0)
    late = cut(found, replace(excerpt(), seconds=float(SECONDS)), 4.0)
    assert (early.begins, early.seconds, late.begins, late.seconds) == (0.0, 4.0, SECONDS - 4.0, 4.0)
    whole = cut(found, excerpt(), 12 * 60.0)
    assert (whole.begins, whole.seconds) == (0.0, float(SECONDS))


def test_what_is_known_of_a_recording_comes_along(music: Music) -> None:
    found = Recordings().find("music", NAMES[0])
    assert found.labels["author"] == "Ada" and found.labels["license"] == "CC-BY-3.0"
    assert (found.corpus, found.seconds) == ("music", float(SECONDS))


@pytest.mark.parametrize("loudness", [-12.0, -20.0, -30.0])
def test_it_is_as_loud_as_the_loop(music: Music, loudness: float) -> None:
    made = cut(Recordings().find("music", NAMES[0]), excerpt())
    matched = as_loud_as(made.audio, RATE, loudness)
    meter = LoudnessMeter(len(matched), RATE)
    assert meter.measure(np.stack((matched, matched))) == pytest.approx(loudness, abs=0.1)


def test_peaks_and_faint_passages_bound_how_loud(music: Music) -> None:
    made = cut(Recordings().find("music", NAMES[0]), excerpt())
    assert np.abs(as_loud_as(made.audio, RATE, 0.0)).max() == pytest.approx(0.85)
    faint = made.audio * np.float32(0.01)
    assert np.allclose(as_loud_as(faint, RATE, -12.0), faint * 10 ** (12 / 20), atol=1e-7)
    assert not as_loud_as(np.zeros(RATE, np.float32), RATE, -12.0).any()
    usual = as_loud_as(made.audio, RATE, -70.0)  # a silent loop is no measure
    assert LoudnessMeter(len(usual), RATE).measure(np.stack((usual, usual))) == pytest.approx(-18.0, abs=0.1)


def test_a_corpus_that_is_not_built_says_how(music: Music) -> None:
    recordings = Recordings()
    with pytest.raises(UserError, match="is not built on this machine; build it: ear-engine corpus build open") as no:
        recordings.find("open", "x")
    assert no.value.code == "not_built"
    with pytest.raises(UserError, match="corpus build FOLDER --name mine"):
        recordings.find("mine", "x")
    shutil.rmtree(music.store)
    with pytest.raises(UserError, match="not built"):
        recordings.find("music", NAMES[0])
    music.build()
    assert recordings.find("music", NAMES[0]).seconds == SECONDS


@pytest.mark.parametrize("name", ["../music", "/etc", "", "..", "a/b", "music\n", ".music", "x" * 200])
def test_a_name_leads_to_no_other_folder(music: Music, name: str) -> None:
    with pytest.raises(UserError) as refusal:
        Recordings().find(name, NAMES[0])
    assert refusal.value.code == "bad_name"


def test_a_recording_that_is_gone_is_said(music: Music) -> None:
    recordings = Recordings()
    before = recordings.find("music", NAMES[0])
    (music.source / f"{NAMES[0]}.wav").unlink()
    write(music.source / "another.wav", piece(3))
    write(music.source / f"{NAMES[1]}.wav", piece(1, 5))  # shorter than it was
    music.build()
    with pytest.raises(UserError, match="is not in it any more") as refusal:
        recordings.find("music", NAMES[0])
    assert refusal.value.code == "recording_gone"
    with pytest.raises(UserError, match=r"ends before 12\.0 s"):
        cut(recordings.find("music", NAMES[1]), excerpt(2))
    for shard in music.store.glob("shard_*"):
        shard.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        cut(before, excerpt())


def test_a_store_that_is_cut_short_is_said_and_ends_nothing(music: Music) -> None:
    recordings = Recordings()
    for shard in music.store.glob("shard_*"):
        shard.write_bytes(shard.read_bytes()[: 4 * RATE])
    for which, name in enumerate(NAMES, 1):
        with pytest.raises(UserError, match="is cut short"):
            cut(recordings.find("music", name), excerpt(which))
    (music.store / "index.json").write_text('{"format": "ear-engine corpus", "recordings": 7}')
    with pytest.raises(UserError, match="is damaged"):
        recordings.find("music", NAMES[0])


def test_joined_corpora_and_folders_without_a_name_are_found(music: Music) -> None:
    music.build("other")
    unnamed = platform.user_cache_dir() / "corpora" / ("folder-" + "0123456789abcdef")
    shutil.copytree(music.store, unnamed)
    recordings = Recordings()
    assert recordings.find("music+other", NAMES[0]).folder == music.store
    assert recordings.find("music+other", f"other/{NAMES[0]}").folder == music.store.with_name("other")
    assert recordings.find("folder", NAMES[1]).folder == unnamed
    with pytest.raises(UserError, match="'nobody' that this ear was measured on is not built"):
        recordings.find("music+nobody", "third piece")


def test_nothing_is_written_by_reading(music: Music) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in Path(music.store.parent).rglob("*"))
    cut(Recordings().find("music", NAMES[0]), excerpt())
    assert sorted((path, path.stat().st_mtime_ns) for path in Path(music.store.parent).rglob("*")) == before
