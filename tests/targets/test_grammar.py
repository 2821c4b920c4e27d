"""The algebra: what reads as what, and what is said about what does not read."""

from __future__ import annotations

import pickle
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.errors import UserError
from ear_engine.targets.expression import (
    Argument,
    Call,
    Expression,
    Number,
    Range,
    Scaled,
    Sum,
    Text,
    calls,
    scaled,
)
from ear_engine.targets.functions import FUNCTIONS, Slot
from ear_engine.targets.grammar import parse
from ear_engine.targets.tokens import BadExpression

NUMBERS = st.floats(-1e5, 1e5, allow_nan=False).map(lambda number: 0.0 if abs(number) < 1e-300 else number)
WHOLE = st.integers(0, 10_000).map(float)


def values(slot: Slot) -> st.SearchStrategy[object]:
    if slot.kind == "text":
        return st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).map(Text)
    if slot.kind == "indices":
        return WHOLE.map(Number) | st.builds(Range, WHOLE, WHOLE)
    if slot.kind == "span":
        return st.builds(Range, NUMBERS, NUMBERS)
    return {"index": WHOLE, "share": st.floats(0, 1), "number": NUMBERS}[slot.kind].map(Number)


@st.composite
def some_call(draw: st.DrawFn) -> Call:
    function = draw(st.sampled_from(list(FUNCTIONS.values())))
    slots = [slot for slot in function.slots if slot.required or draw(st.booleans())]
    return Call(function.name, tuple(Argument(slot.name, draw(values(slot))) for slot in slots))  # type: ignore[arg-type]


def grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    sums = st.lists(inner, min_size=2, max_size=4).map(lambda parts: Sum(tuple(parts)))
    factors = st.floats(-100, 100).filter(lambda factor: abs(factor) > 1e-6)
    return sums | st.builds(scaled, factors, inner | sums)


EXPRESSIONS = st.recursive(some_call(), grown, max_leaves=8)


@settings(max_examples=60)
@given(EXPRESSIONS)
def test_what_is_written_reads_as_the_same_tree(tree: Expression) -> None:
    text = str(tree)
    if len(text) <= 1000:
        assert parse(text) == tree


@given(st.text(max_size=60) | st.text(string.ascii_lowercase[:6] + "()+-*/.,=0123 '\"", max_size=60))
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    try:
        parse(text)
    except BadExpression as error:
        assert error.code == "bad_expression"
        assert 0 <= error.at <= len(text)
        assert f"at character {error.at + 1}" in str(error)


@given(st.lists(st.sampled_from([*"+-*/(),=", "..", "0.5", "3", "layer", "channel", "freq", "x", "2k"]), max_size=25))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    try:
        tree = parse(" ".join(words))
    except UserError:
        return
    assert parse(str(tree)) == tree


def test_the_example_of_the_table() -> None:
    text = "0.7*channel(encoder_4_conv2, 12) - 0.3*neuron(autoregressive_6, 7) + layer(encoder_2_conv1, freq=200..800)"
    channel = Call("channel", (Argument("layer", Text("encoder_4_conv2")), Argument("channels", Number(12))))
    neuron = Call("neuron", (Argument("layer", Text("autoregressive_6")), Argument("channel", Number(7))))
    layer = Call("layer", (Argument("layer", Text("encoder_2_conv1")), Argument("freq", Range(200, 800))))
    tree = parse(text)
    assert tree == Sum((Scaled(0.7, channel), Scaled(-0.3, neuron), layer))
    assert [call.at for call in calls(tree)] == [text.index(f"{name}(") for name in ("channel", "neuron", "layer")]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2*3*cpc()", "6*cpc()"),
        ("cpc() * 2", "2*cpc()"),
        ("cpc()/4", "0.25*cpc()"),
        ("(cpc() + surprise())/2", "0.5*(cpc() + surprise())"),
        ("-(-cpc())", "cpc()"),
        ("- cpc() - -surprise()", "surprise() - cpc()"),
        ("band(1k..2.5kHz)", "band(1000..2500)"),
        ("band(.2kHz..4e2Hz)", "band(200..400)"),
        ("likeness('dr\\'ums')", 'likeness("dr\'ums")'),
        ("layer(layer=x)", 'layer("x")'),
        ("neuron(channel=3, layer=x)", "neuron(x, 3)"),
        ("neuron(x,\t3,\r\n\u00a05)", "neuron(x, 3, 5)"),
    ],
)
def test_ways_to_say_the_same(text: str, same: str) -> None:
    def parts(tree: Expression) -> set[Expression]:
        return set(tree.parts) if isinstance(tree, Sum) else {tree}

    assert parts(parse(text)) == parts(parse(same))


@pytest.mark.parametrize(
    ("text", "character", "said"),
    [
        ("", 1, "ends too early; expected a number, a function or ("),
        ("layer(x) layer(y)", 10, "has 'layer'; expected +, -, * or the end"),
        ("chanel(x, 1)", 1, "unknown function 'chanel'; did you mean channel"),
        ("0.5*layer(x, frq=1..2)", 14, "unknown keyword 'frq'; did you mean freq"),
        ("channel(x, 1.5)", 12, "expected a whole number from 0"),
        ("channel(x)", 1, "needs channels in channel(…)"),
        ("neuron(x, 1, 2, 3)", 17, "has '3'; expected time= or )"),
        ("layer(x, freq=200)", 15, "expected a range such as 200..800"),
        ("layer(x, freq=200..)", 20, "has ')'; expected a number after .."),
        ("layer(x, freq=200...800)", 18, "has more than two dots; write a range as 200..800"),
        ("layer(x, freq=200....800)", 18, "has more than two dots"),
        ("layer(x, freq=1..2, freq=3..4)", 21, "gives freq twice"),
        ("layer(x", 8, "ends too early; expected a comma or )"),
        ("layer x", 7, "has 'x'; expected ("),
        ("layer(x) * layer(y)", 10, "multiplies two targets"),
        ("2 / layer(x)", 3, "divides by what is no number"),
        ("layer(x) / 0", 10, "divides by what is no number, or 0"),
        ("1 + layer(x)", 1, "adds a number to a target"),
        ("3", 1, "chooses nothing"),
        ("layer(x) @ 2", 10, "has '@', which means nothing"),
        ('layer("x)', 7, "begins a text that does not end"),
        ("band(1..2kick)", 10, "unknown unit 'kick'"),
        ("9e99999*layer(x)", 1, "too large"),
        ("1e5*1e5*layer(x)", 4, "beyond 1000000"),
        ("map(0.5, 2)", 10, "expected a number from 0 to 1 as y"),
        ("(" * 17 + "cpc()" + ")" * 17, 17, "nested deeper than 16"),
        ("-" * 17 + "cpc()", 16, "nested deeper than 16"),
        ("+".join(["cpc()"] * 65), 64 * 6 + 1, "more than 64 terms"),
        ("cpc()" + " " * 996, 1001, "beyond 1000 characters"),
        ("__import__('os')", 1, "unknown function '__import__'"),
        ("cpc().real", 6, "has '.', which means nothing"),
    ],
)
def test_what_is_wrong_is_named_with_its_character(text: str, character: int, said: str) -> None:
    with pytest.raises(BadExpression) as refusal:
        parse(text)
    assert f"at character {character} " in str(refusal.value)
    assert said in str(refusal.value)
    assert refusal.value.at == character - 1


def test_a_refusal_travels() -> None:
    with pytest.raises(BadExpression) as refusal:
        parse("0.5*laier(x)")
    again = pickle.loads(pickle.dumps(refusal.value))
    assert (str(again), again.at, again.code) == (str(refusal.value), 4, "bad_expression")
