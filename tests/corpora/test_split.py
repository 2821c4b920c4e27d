"""The split holds groups together, is the same everywhere, and hardly moves when music is added."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ear_engine.corpora.split import position, validating

NAMES = st.sets(st.text(max_size=8), min_size=2, max_size=40)


@given(old=NAMES, new=st.sets(st.text(max_size=8), max_size=8), share=st.floats(0.0, 1.0))
def test_adding_groups_moves_no_more_of_them_than_are_added(old: set[str], new: set[str], share: float) -> None:
    before = validating(old, share)
    assert 1 <= len(before) < len(old)
    assert before <= old
    after = validating(old | new, share)
    assert len((before ^ after) & old) <= len(new - old)


@given(groups=st.lists(st.text(max_size=4), min_size=2).filter(lambda groups: len(set(groups)) > 1))
def test_order_and_repetition_do_not_matter(groups: list[str]) -> None:
    assert validating(groups, 0.3) == validating(sorted(set(groups), reverse=True), 0.3)


def test_the_share_is_that_of_the_groups() -> None:
    groups = [f"piece {number}" for number in range(200)]
    assert len(validating(groups, 0.1)) == 20
    assert len(validating(groups, 0.0)) == 1
    assert len(validating(groups, 1.0)) == 199


def test_positions_are_those_of_sha_256_and_spread_evenly() -> None:
    assert position("") == 0xE3B0C44298FC1C14 / 2**64  # SHA-256 of nothing begins so
    places = [position(str(number)) for number in range(4000)]
    assert abs(sum(places) / 4000 - 0.5) < 0.02
    assert 0.0 <= min(places) < 0.01 < 0.99 < max(places) < 1.0
