"""Messages as people type and read them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.errors import UserError
from ear_engine.osc.codec import Bang, Message, decode, encode
from ear_engine.osc.spelling import as_json, show, spell


@pytest.mark.parametrize(
    ("word", "known", "value"),
    [
        ("12", "", 12),
        ("-12", "i", -12),
        ("12", "f", 12.0),
        ("1.5", "i", 1.5),
        (".5e2", "", 50.0),
        ("true", "", True),
        ("False", "i", False),
        ("true", "s", "true"),
        ("12", "s", "12"),
        ("on", "i", "on"),
        ("loud", "f", "loud"),
        ("nan", "f", "nan"),
        ("1_000", "", "1_000"),
        ("", "", ""),
    ],
)
def test_a_word_is_what_it_looks_like_or_what_the_address_takes(word: str, known: str, value: object) -> None:
    (found,) = spell([word], known=[known])
    assert (type(found), found) == (type(value), value)


def test_what_comes_after_all_that_is_known_is_guessed() -> None:
    assert spell(["7", "7", "7"], known=("s", "f")) == ["7", 7.0, 7]


def test_types_that_are_asked_for() -> None:
    assert spell(["1", "1", "1", "01 ff"], "ifsb") == [1, 1.0, "1", b"\x01\xff"]
    assert encode("/a", *spell(["true", "2"], "if")) == encode("/a", 1, 2.0)


@pytest.mark.parametrize(
    ("words", "tags", "sentence"),
    [
        (["1"], "if", "--type if has 2 letters for 1 value; give"),
        (["1", "2"], "f", "--type f has 1 letter for 2 values"),
        (["1"], "T", "--type T has a letter that is not sent"),
        (["1.5"], "i", "value '1.5' is not a whole number of 32 bits"),
        (["2147483648"], "", "value '2147483648' is not a whole number of 32 bits"),
        (["1e39"], "", "value '1e39' is not a number of 32 bits"),
        (["inf"], "f", "value 'inf' is not a number of 32 bits"),
        (["0xg"], "b", "value '0xg' is not bytes in hexadecimal"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_a_sentence(words: Sequence[str], tags: str, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        spell(words, tags)
    assert str(refused.value).startswith(sentence)


def test_a_line_shows_types_and_nothing_that_a_terminal_obeys() -> None:
    arguments = (1, 0.10000000149011612, 'a "b"\n\x1b[31m', b"\x01\x02", True, None, Bang.BANG, (2, (3.0,)))
    assert show(Message("/a\x07", arguments)) == (
        '/a\ufffd 1 0.1 "a \\"b\\"\ufffd\ufffd[31m" <2 bytes 0102> true nil bang [2 [3.0]]'
    )
    assert show(Message("/a", (bytes(33),))) == f"/a <33 bytes {' '.join(['00000000'] * 8)}…>"


def test_json_has_types_and_shortest_floats() -> None:
    line = as_json(Message("/a", (1, 0.10000000149011612, 1e300, 1 << 40, "é", b"\xff", False, ("x", 2))), time=1.5)
    assert json.loads(line) == {
        "time": 1.5,
        "address": "/a",
        "types": "ifdhsbF[si]",
        "arguments": [1, 0.1, 1e300, 1 << 40, "é", "ff", False, ["x", 2]],
    }


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_that_is_read_and_typed_again_is_the_same(value: float) -> None:
    (message,) = decode(encode("/a", value))
    assert encode("/a", *spell(show(message).split()[1:], known=["f"])) == encode("/a", value)
