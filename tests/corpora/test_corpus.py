"""Corpora are filtered and joined without a recording changing sides or counting twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.corpora.corpus import Corpus, Recording, join
from ear_engine.errors import UserError


def recording(name: str, length: int = 100, validation: bool = False, digest: str = "") -> Recording:
    return Recording(name, np.arange(length, dtype=np.int16), {"author": name}, validation, digest)


def corpus(name: str, *recordings: Recording, rate: int = 44100, shippable: bool = True) -> Corpus:
    return Corpus(name, Path(name), recordings, (), rate, shippable)


def test_samples_become_audio_at_full_scale() -> None:
    one = Recording("one", np.array([0, 32767, -32767, 16384], np.int16))
    audio = one.audio(1, 3)
    assert audio.dtype == np.float32
    assert audio.tolist() == [1.0, -1.0, pytest.approx(0.50002, abs=1e-5)]
    assert one.length == 4
    assert len(one.audio(2, 99)) == 2


def test_short_recordings_are_left_out_and_named() -> None:
    whole = corpus("c", recording("a", 10), recording("b", 50), recording("v", 50, True), recording("w", 9, True))
    long = whole.at_least(44)
    assert [r.name for r in long.recordings] == ["b", "v"]
    assert [(s.path.as_posix(), s.reason) for s in long.skipped] == [
        ("a", "is shorter than 0.0 s"),
        ("w", "is shorter than 0.0 s"),
    ]
    assert [r.name for r in long.training] == ["b"]
    assert [r.name for r in long.validation] == ["v"]
    assert whole.hours == pytest.approx(119 / 44100 / 3600)


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (11, "has 2 to learn from and 0 to validate of its 4 recordings"),
        (51, "has 0 to learn from and 0 to validate"),
    ],
)
def test_a_side_that_empties_is_an_error(samples: int, said: str) -> None:
    whole = corpus("c", recording("a", 50), recording("b", 50), recording("v", 10, True), recording("w", 9, True))
    with pytest.raises(UserError, match=said):
        whole.at_least(samples)


def test_names_that_clash_get_their_corpus_in_front() -> None:
    joined = join([corpus("x", recording("a"), recording("b")), corpus("y", recording("a"), recording("c"))])
    assert [r.name for r in joined.recordings] == ["x/a", "b", "y/a", "c"]
    assert joined.name == "x+y"
    twice = join([corpus("x", recording("a")), corpus("x", recording("a")), corpus("z", recording("x/a"))])
    assert len({r.name for r in twice.recordings}) == 3


def test_the_same_audio_in_two_corpora_counts_once_and_keeps_its_side() -> None:
    first = corpus("x", recording("a", validation=True, digest="1"), recording("b", digest="2"))
    second = corpus("y", recording("copy", validation=False, digest="1"), recording("c", digest="3"))
    joined = join([first, second])
    assert [(r.name, r.validation) for r in joined.recordings] == [("a", True), ("b", False), ("c", False)]
    assert [(s.path.as_posix(), s.reason) for s in joined.skipped] == [("y/copy", "has the same audio as x/a")]


def test_joined_corpora_may_ship_only_if_all_may() -> None:
    free, other = corpus("x", recording("a")), corpus("y", recording("b"), shippable=False)
    assert join([free]).shippable and not join([free, other]).shippable
    assert join([free, corpus("z", recording("b"))]).shippable


def test_what_cannot_be_joined_is_refused() -> None:
    with pytest.raises(UserError, match=r"x, y have different sample rates \(22050 Hz, 44100 Hz\)"):
        join([corpus("x", recording("a")), corpus("y", recording("b"), rate=22050)])
    with pytest.raises(UserError, match="is missing"):
        join([])


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.lists(st.sampled_from(["a", "x/a", "a_2", "b"]))), min_size=1))
def test_names_stay_unique_whatever_is_joined(named: list[tuple[str, list[str]]]) -> None:
    corpora = [corpus(name, *(recording(inside) for inside in dict.fromkeys(names))) for name, names in named]
    joined = join(corpora)
    assert len(joined.recordings) == sum(len(c.recordings) for c in corpora)
    assert len({r.name for r in joined.recordings}) == len(joined.recordings)
