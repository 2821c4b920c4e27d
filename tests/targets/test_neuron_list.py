"""Lists of neurons as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.errors import UserError
from ear_engine.targets.neuron_list import MOST, read_neurons, write_neurons


@given(st.sets(st.integers(0, 99_999), min_size=1))
def test_what_is_written_reads_as_the_same_neurons(numbers: set[int]) -> None:
    assert read_neurons(write_neurons(numbers), 100_000).tolist() == sorted(numbers)


def test_ranges_take_both_ends_and_overlap() -> None:
    assert read_neurons(" 12-14, 13 - 15 20,3", 50).tolist() == [3, 12, 13, 14, 15, 20]
    assert write_neurons([5, 3, 4, 4, 9]) == "3-5,9"


@given(st.text(alphabet="0123456789-, x", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read_neurons(text, 1000)
    except UserError as error:
        assert error.code in ("bad_neurons", "empty_target", "out_of_range")
    else:
        assert len(found) and 0 <= found[0] and found[-1] < 1000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_target"),
        (" , ", "empty_target"),
        ("5-3", "empty_target"),
        ("3,1000", "out_of_range"),
        ("-3", "bad_neurons"),
    ],
)
def test_bad_lists(text: str, code: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_neurons(text, 1000)
    assert refusal.value.code == code


def test_a_list_has_an_end() -> None:
    assert len(read_neurons(write_neurons(range(0, 2 * MOST, 2)), 10_000)) == MOST
    with pytest.raises(UserError, match="more than 4096"):
        write_neurons(range(0, 2 * MOST + 2, 2))
    with pytest.raises(UserError, match="neuron -1"):
        write_neurons([3, -1])
