"""Performances that are whole, cut off, of a newer engine, or none at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.errors import UserError
from ear_engine.offline.replaying import play_again, write_loops
from ear_engine.performance.reading import find_performance, read_performance
from ear_engine.performance.records import MAGIC, packed
from ear_engine.performance.timeline import timeline
from tests.performance.helpers import player
from tests.playback.helpers import Session, noise

OPEN = {
    "format": 1,
    "part": "sound",
    "at": 0,
    "time": 5.0,
    "sample_rate": 44100,
    "device_rate": 44100,
    "gains": ["wet"] * 6,
}


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short one, of two loops and a moved fader."""
    session = Session(tmp_path_factory.mktemp("session") / "session")
    folder = tmp_path_factory.mktemp("takes") / "take"
    folder.mkdir()
    session.source(1, noise(2205, 1))
    with player(session) as playing:
        playing.record(folder)
        playing.play(0.2)
        session.dream(1, noise(2205, 2), 1)
        session.set(gain=-3.0)
        playing.record(folder)
        playing.play(1.0)
        playing.feeder.drain(playing.at)
    return folder


def write(path: Path, *records: tuple[str, dict[str, object], dict[str, object]]) -> None:
    parts = [part for record in records for part in packed(*record)]  # type: ignore[arg-type]
    path.write_bytes(MAGIC + b"".join(bytes(part) for part in parts))


def test_a_part_cut_off_anywhere_is_used_as_far_as_it_goes(take: Path, tmp_path: Path) -> None:
    whole = (take / "sound-1.kept").read_bytes()
    full, _ = play_again(read_performance(take))
    rng = np.random.default_rng(7)
    for length in sorted({*rng.integers(0, len(whole), 60).tolist(), len(whole) - 1}):
        (tmp_path / "sound-1.kept").write_bytes(whole[:length])
        try:
            kept = read_performance(tmp_path)
        except UserError as refused:
            assert refused.code == "damaged"
            continue
        assert len(kept.faults) == 1
        timeline(kept)
        if kept.seconds:
            played, _ = play_again(kept)
            assert played.differences == () and played.seconds <= full.seconds


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_records_that_say_anything_are_named_not_believed(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = st.one_of(
        st.none(), st.integers(-5, 1 << 40), st.floats(allow_nan=False), st.text(max_size=5), st.just([])
    )
    keys = (
        "device",
        "engine",
        "silent",
        "key",
        "wet",
        "dry",
        "start",
        "origin",
        "samples",
        "beats",
        "fade",
        "at",
        "rows",
    )
    keys += ("count", "crc", "time", "loop", "file", "source_number")
    kinds = st.sampled_from(["anch", "loop", "entr", "ramp", "over", "mark", "miss", "shut"])
    heads = st.dictionaries(st.sampled_from(keys), values)
    mark = ("mark", {"at": 0, "count": 3000, "crc": 0, "time": 1.0}, {})
    arrays = st.sampled_from([{}, {"audio": np.zeros((2, 8), np.float32)}, {"gains": np.zeros((1, 4), np.float32)}])
    folder = tmp_path_factory.mktemp("strange")
    records = data.draw(st.lists(st.tuples(kinds, heads, arrays), max_size=6))
    write(folder / "sound-1.kept", ("open", OPEN, {}), mark, *records)
    kept = read_performance(folder)
    timeline(kept)
    try:
        play_again(kept)
    except UserError as refused:
        assert refused.code in ("bad_performance", "damaged")


def test_the_number_of_a_loop_leads_nowhere(tmp_path: Path) -> None:
    entry = {"start": 0, "origin": 0, "beats": 4, "fade": 1, "samples": 8, "loop": "/../../../up", "source_number": 1}
    told = {"key": "k"}, {"audio": np.zeros((2, 8), np.float32)}
    write(
        tmp_path / "sound-1.kept", ("open", OPEN, {}), ("loop", *told), ("entr", {**entry, "wet": "k", "dry": "k"}, {})
    )
    kept = read_performance(tmp_path)
    assert kept.sounds[0].entries == [] and "loop is '/../" in kept.faults[0]


def test_a_newer_format_is_refused_by_its_number(tmp_path: Path) -> None:
    write(tmp_path / "sound-1.kept", ("open", {**OPEN, "format": 99}, {}))
    with pytest.raises(UserError, match="format 99") as refused:
        read_performance(tmp_path)
    assert refused.value.code == "newer_version"


def test_what_is_no_performance_is_refused(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    for name in ("music", str(tmp_path / "song.wav"), "nothing", "x" * 5000, "a\0b", ""):
        with pytest.raises(UserError) as refused:
            find_performance(name, tmp_path)
        assert refused.value.code in ("bad_performance", "not_found") and len(str(refused.value)) < 400
    (tmp_path / "music" / "sound-1.kept").write_bytes(b"something else")
    with pytest.raises(UserError) as refused:
        read_performance(find_performance("music", tmp_path))
    assert refused.value.code == "damaged" and "no part of a performance" in str(refused.value)


def test_it_is_found_by_its_name_its_folder_and_a_file_in_it(take: Path) -> None:
    for name in (take.name, str(take), str(take / "sound-1.kept")):
        assert find_performance(name, take.parent) == take


def test_loops_are_written_each_once_as_they_were_heard(take: Path, tmp_path: Path) -> None:
    from scipy.io import wavfile

    kept = read_performance(take)
    files = write_loops(kept, tmp_path / "loops")
    assert [file.name for file in files] == ["00001_source-1.wav", "00002_loop-1.wav"]
    assert np.array_equal(wavfile.read(files[1])[1].T, noise(2205, 2))
    with pytest.raises(UserError, match="not empty"):
        write_loops(kept, tmp_path / "loops")


def test_the_timeline_says_what_entered_when(take: Path) -> None:
    told = [(moment.who, moment.what) for moment in timeline(read_performance(take))]
    assert told == [("audio", "source (4 beats)"), ("audio", "loop 1 (4 beats)")]
