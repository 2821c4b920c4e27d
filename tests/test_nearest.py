"""The names most like a word: what difflib finds among all names is found among those that are compared."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from ear_engine.nearest import nearest
from ear_engine.parameters import ParameterTree

ADDRESSES = [row.address for row in ParameterTree()]


@given(st.sampled_from(ADDRESSES), st.data())
def test_an_address_with_a_slip_is_found_as_among_all(address: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(5, len(address) - 1))
    slip = address[:place] + data.draw(st.sampled_from(["", "x", address[place] * 2])) + address[place + 1 :]
    assert nearest(slip, ADDRESSES, 1, 0.6) == difflib.get_close_matches(slip, ADDRESSES, n=1, cutoff=0.6)


def test_nothing_is_like_what_is_strange() -> None:
    assert nearest("Ω" * 5_000, ADDRESSES, 2, 0.6) == []
    assert nearest("", ADDRESSES, 2, 0.6) == []
    assert nearest("x", [], 2, 0.6) == []


def test_a_name_is_told_once() -> None:
    assert nearest("beet", ["beat", "beat", "noise"], 3, 0.5) == ["beat"]
