from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.errors import UserError
from ear_engine.osc.patterns import Pattern, has_wildcards


def reference(pattern: str) -> re.Pattern[str]:
    """The same language as a regular expression, piece by piece."""
    pieces = re.findall(r"\[[^\]]*\]|\{[^}]*\}|.", pattern)
    result = ""
    for piece in pieces:
        if piece == "*":
            result += "[^/]*"
        elif piece == "?":
            result += "[^/]"
        elif piece.startswith("["):
            inside = piece[1:-1]
            head = "^" if inside.startswith("!") else ""
            body = inside[1:] if head else inside
            result += f"[{head}{body}]" if body else ("[^/]" if head else "(?!)")
        elif piece.startswith("{"):
            result += "(?:" + "|".join(map(re.escape, piece[1:-1].split(","))) + ")"
        else:
            result += re.escape(piece)
    return re.compile(result)


pieces = st.sampled_from(["a", "b", "c", "/", "*", "?", "[ab]", "[!a]", "[a-b]", "[!a-b]", "[]", "[!]", "{a,bc}", "{b,}", "{ab}"])  # fmt: skip  # noqa: E501
patterns = st.lists(pieces, max_size=8).map(lambda found: "/" + "".join(found))
addresses = st.text("abc/", max_size=8).map(lambda found: "/" + found)


@given(patterns, addresses)
def test_agrees_with_regular_expressions(pattern: str, address: str) -> None:
    assert Pattern(pattern).matches(address) == bool(reference(pattern).fullmatch(address))


@pytest.mark.parametrize(
    ("pattern", "address", "expected"),
    [
        ("/ear/dream/rate", "/ear/dream/rate", True),
        ("/ear/dream/*", "/ear/dream/rate", True),
        ("/ear/*", "/ear/dream/rate", False),
        ("/ear/*/*", "/ear/dream/rate", True),
        ("/ear/activation/encoder_[0-3]_conv?", "/ear/activation/encoder_2_conv1", True),
        ("/ear/{dream,tone}/{rate,tilt}", "/ear/tone/tilt", True),
        ("/ear/{dream,tone}/{rate,tilt}", "/ear/tone/pull", False),
        ("/ear/dream/r*t*e", "/ear/dream/rate", True),
        ("/ear/dream/", "/ear/dream/rate", False),
    ],
)
def test_addresses_of_the_engine(pattern: str, address: str, expected: bool) -> None:
    assert Pattern(pattern).matches(address) is expected


@pytest.mark.parametrize("pattern", ["ear", "/a[b", "/a{b", "/[a/b]", "/" + "a" * 300])
def test_what_is_not_a_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(UserError) as caught:
        Pattern(pattern)
    assert caught.value.code == "bad_pattern"


def test_nothing_makes_it_slow() -> None:
    pattern = Pattern("/" + "*{a,aa}" * 35 + "b")
    start = time.perf_counter()
    assert not pattern.matches("/" + "a" * 2000)
    assert time.perf_counter() - start < 1.0


def test_alternatives_that_say_nothing_cost_nothing() -> None:
    pattern = Pattern("/{" + "," * 120 + "}{" + "," * 120 + "}b")
    start = time.perf_counter()
    assert not pattern.matches("/" + "a" * 4000)
    assert time.perf_counter() - start < 0.1


def test_wildcards_are_seen() -> None:
    assert not has_wildcards("/ear/dream/rate")
    assert all(has_wildcards(f"/ear/{sign}") for sign in "?*[{")
