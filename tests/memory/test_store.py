from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.memory.family import family
from ear_engine.memory.store import MemoryStore
from tests.memory.nights import hear, sound


def night(folder: Path, count: int, **limits: int) -> MemoryStore:
    """A source and ``count`` loops, each dreamed on from the one before."""
    store, before = MemoryStore(folder, **limits), 0
    for _ in range(count + 1):
        before = hear(store, before)
    return store


def passing(store: MemoryStore) -> list[int]:
    return [loop.number for loop in store.loops if not loop.kept and store.has_sound(loop.number)]


def test_the_last_64_stay_with_their_sound_as_it_was(tmp_path: Path) -> None:
    store = night(tmp_path, 69)
    assert passing(store) == list(range(7, 71))
    assert np.array_equal(store.read(70).audio, sound(70).audio)
    with pytest.raises(UserError, match="loop 6 is forgotten"):
        store.read(6)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"{n}.{end}" for n in range(7, 71) for end in ("ear", "json")} | {"1.json"}


def test_a_family_stays_whole_when_its_elders_are_forgotten(tmp_path: Path) -> None:
    store = night(tmp_path, 3, most=3)
    store.change(2, name="the good one", kept=True)
    branch = hear(store, 2)
    for _ in range(3):
        hear(store, branch)
    found = {one.loop.number: (one.parent, one.later) for one in family(store.loops)}
    assert found == {1: (0, 0), 2: (1, 1), 6: (2, 2), 7: (2, 2), 8: (2, 2)}
    assert passing(store) == [6, 7, 8] and not store.has_sound(1)
    for number in (2, 6, 7, 8):
        store.forget(number)
    assert store.loops == (), "nothing descends from the source any more"


def test_more_than_64_can_be_kept_and_none_of_them_goes(tmp_path: Path) -> None:
    store = night(tmp_path, 1, most=3)
    kept = [store.change(hear(store, 1), kept=True).number for _ in range(70)]
    for _ in range(5):
        hear(store, 1)
    assert all(store.has_sound(number) for number in kept) and len(passing(store)) == 3
    assert "70 kept loops take 2.24 MB" in store.more_room()


def test_a_loop_that_is_kept_without_room_to_say_so_is_not_kept_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    store = night(tmp_path, 1)
    with monkeypatch.context() as patch:
        patch.setattr("ear_engine.memory.store.whole_file", full)
        for _ in range(2):
            with pytest.raises(UserError, match="loop 2 is kept while the engine runs, but would be lost if it died"):
                store.change(2, kept=True)
    assert not MemoryStore(tmp_path).find(2).kept and store.find(2).kept
    store.change(2, kept=True)
    assert MemoryStore(tmp_path).find(2).kept


def test_kept_loops_are_not_counted_and_may_be_let_go(tmp_path: Path) -> None:
    store = night(tmp_path, 1, most=2)
    store.change(2, kept=True)
    for _ in range(4):
        hear(store, 2)
    assert store.has_sound(2) and passing(store) == [5, 6]
    store.change(2, kept=False)
    hear(store, 6)
    assert not store.has_sound(2)


def test_no_more_room_is_taken_than_there_is(tmp_path: Path) -> None:
    store = night(tmp_path, 9, room=3 * 8 * 4000)
    assert passing(store) == [8, 9, 10]


def test_names_are_a_performers_own_and_each_means_one_loop(tmp_path: Path) -> None:
    store = night(tmp_path, 3)
    assert store.change(2, name="  the  good one ").name == "the good one"
    assert store.find("the good one").number == store.find("2").number == 2
    for name, why in (
        ("", "empty"), ("17", "a number"), ("x" * 61, "longer"), ("a\x07b", "characters"), ("3 a loop", "another")
    ):  # fmt: skip
        with pytest.raises(UserError, match=why):
            store.change(2, name=name)
    with pytest.raises(UserError, match="did you mean the good one"):
        store.find("the god one")
    with pytest.raises(UserError, match="not remembered"):
        store.find(99)


def test_another_process_reads_what_is_whole(tmp_path: Path) -> None:
    store = night(tmp_path, 3)
    store.change(3, name="mine", kept=True)
    (tmp_path / "9.json").write_text('{"number": 9, "na')
    again = MemoryStore(tmp_path)
    assert again.loops == store.loops and again.next_number() == 5
    assert np.array_equal(again.read(3).audio, sound(3).audio)
