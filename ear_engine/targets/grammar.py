"""The algebra of objectives: text to a tree. Nothing is ever evaluated as a program.

::

    expression = product { ("+" | "-") product }
    product    = factor { "*" factor | "/" factor }      at most one of them is no number; none but numbers divide
    factor     = ("+" | "-") factor | number | call | "(" expression ")"
    call       = name "(" [ argument { "," argument } ] ")"
    argument   = [ name "=" ] value
    value      = number [ ".." number ] | name | text

Numbers take ``k``, ``Hz`` and ``kHz``. Which functions there are, and what they take:
:mod:`ear_engine.targets.functions`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ear_engine.targets.expression import Argument, Call, Expression, Number, Range, Scaled, Sum, Text, Value, scaled
from ear_engine.targets.functions import EXPECTED, FUNCTIONS, Function, Slot
from ear_engine.targets.tokens import BadExpression, Token, tokenize

DEEPEST = 16  # parentheses and signs in one another
MOST_CALLS = 64
LARGEST = 1e6  # factor, either sign


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        BadExpression: it is none; the character, what is there, and what was expected.
    """
    return _Parser(tokenize(text)).whole()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._calls = 0

    def whole(self) -> Expression:
        found = self._expression()
        if self._token.kind != "end":
            raise self._unexpected("+, -, * or the end")
        if isinstance(found, float):
            raise BadExpression("is a number and chooses nothing", "multiply it with a target: 0.5*layer(…)", 0)
        return found

    def _expression(self) -> Expression | float:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadExpression(f"is nested deeper than {DEEPEST}", "use fewer parentheses", self._token.at)
        begin = self._token.at
        parts = [self._product()]
        while self._is("+", "-"):
            sign = self._take()
            part = self._product()
            parts.append(part if sign.text == "+" else self._times(-1.0, part, sign.at))
        self._depth -= 1
        trees = [part for part in parts if not isinstance(part, float)]
        if not trees:
            return self._within(sum(part for part in parts if isinstance(part, float)), begin)
        if len(trees) < len(parts):
            raise BadExpression("adds a number to a target", "multiply them: 0.5*layer(…)", begin)
        return Sum(tuple(trees)) if len(trees) > 1 else trees[0]

    def _product(self) -> Expression | float:
        found = self._factor()
        while self._is("*", "/"):
            sign = self._take()
            by = self._factor()
            if sign.text == "*":
                found = self._times(found, by, sign.at)
            elif not isinstance(by, float) or by == 0.0:
                raise BadExpression("divides by what is no number, or 0", "divide by a number", sign.at)
            else:
                found = self._times(1.0 / by, found, sign.at)
        return found

    def _times(self, a: Expression | float, b: Expression | float, at: int) -> Expression | float:
        if isinstance(b, float):
            a, b = b, a
        if not isinstance(a, float):
            raise BadExpression("multiplies two targets", "multiply by numbers; add targets", at)
        if isinstance(b, float):
            return self._within(a * b, at)
        product = scaled(a, b)
        if isinstance(product, Scaled):
            self._within(product.factor, at)
        return product

    def _within(self, number: float, at: int) -> float:
        if not abs(number) <= LARGEST:
            raise BadExpression(f"makes a number beyond {LARGEST:.0f}", "use smaller factors", at)
        return number

    def _factor(self) -> Expression | float:
        token = self._token
        if self._is("+", "-"):
            self._take()
            self._depth += 1
            if self._depth > DEEPEST:
                raise BadExpression(f"is nested deeper than {DEEPEST}", "use fewer signs", token.at)
            inner = self._factor()
            self._depth -= 1
            return inner if token.text == "+" else self._times(-1.0, inner, token.at)
        if token.kind == "number":
            return self._within(self._take().value, token.at)
        if token.kind == "word":
            return self._call()
        if self._is("("):
            self._take()
            found = self._expression()
            self._expect(")")
            return found
        raise self._unexpected("a number, a function or (")

    def _call(self) -> Call:
        name = self._take()
        self._calls += 1
        if self._calls > MOST_CALLS:
            raise BadExpression(f"has more than {MOST_CALLS} terms", "write fewer", name.at)
        function = FUNCTIONS.get(name.text)
        if function is None:
            mend = _nearest(name.text, FUNCTIONS, "use one of")
            raise BadExpression(f"has the unknown function {name.shown}", mend, name.at)
        self._expect("(")
        given: dict[str, Value] = {}
        while not self._is(")"):
            if given:
                self._expect(",", "a comma or )")
            slot = self._slot(function, given)
            given[slot.name] = self._value(function, slot)
        self._take()
        for slot in function.slots:
            if slot.required and slot.name not in given:
                raise BadExpression(f"needs {slot.name} in {name.text}(…)", f"write {function.usage}", name.at)
        return Call(
            name.text, tuple(Argument(s.name, given[s.name]) for s in function.slots if s.name in given), name.at
        )

    def _slot(self, function: Function, given: dict[str, Value]) -> Slot:
        token = self._token
        following = self._tokens[min(self._next + 1, len(self._tokens) - 1)]
        if token.kind == "word" and following.kind == "sign" and following.text == "=":
            slot = function.slot(token.text)
            if slot is None:
                mend = _nearest(token.text, [s.name for s in function.slots], f"{function.name}(…) takes")
                raise BadExpression(f"has the unknown keyword {token.shown}", mend, token.at)
            if slot.name in given:
                raise BadExpression(f"gives {slot.name} twice", "leave one out", token.at)
            self._take()
            self._take()
            return slot
        free = (slot for slot in function.slots if not slot.keyword and slot.name not in given)
        found = next(free, None)
        if found is None:
            keywords = [f"{slot.name}=" for slot in function.slots if slot.keyword and slot.name not in given]
            raise self._unexpected(" or ".join([*keywords, ")"]))
        return found

    def _value(self, function: Function, slot: Slot) -> Value:
        token = self._token
        expected = f"{EXPECTED[slot.kind]} as {slot.name} of {function.name}(…)"
        if token.kind in ("word", "text"):
            self._take()
            found: Value = Text(token.text, token.at)
        else:
            low = self._signed(expected)
            found = Number(low, token.at)
            if self._is(".."):
                self._take()
                found = Range(low, self._signed("a number after .."), token.at)
        if not _fits(slot, found):
            raise self._unexpected(expected, token)
        return found

    def _signed(self, expected: str) -> float:
        sign = 1.0
        if self._is("-"):
            self._take()
            sign = -1.0
        if self._token.kind != "number":
            raise self._unexpected(expected)
        return sign * self._take().value

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _is(self, *signs: str) -> bool:
        return self._token.kind == "sign" and self._token.text in signs

    def _take(self) -> Token:
        token = self._token
        self._next += token.kind != "end"
        return token

    def _expect(self, sign: str, expected: str = "") -> None:
        if not self._is(sign):
            raise self._unexpected(expected or sign)
        self._take()

    def _unexpected(self, expected: str, token: Token | None = None) -> BadExpression:
        token = token or self._token
        found = "ends too early" if token.kind == "end" else f"has {token.shown}"
        return BadExpression(found, f"expected {expected}", token.at)


def _fits(slot: Slot, value: Value) -> bool:
    if slot.kind == "text":
        return isinstance(value, Text) and value.value != ""
    if isinstance(value, Text):
        return False
    if slot.kind == "span":
        return isinstance(value, Range)
    numbers = (value.low, value.high) if isinstance(value, Range) else (value.value,)
    if slot.kind == "indices":
        return all(_whole(number) for number in numbers)
    if isinstance(value, Range):
        return False
    if slot.kind == "share":
        return 0.0 <= value.value <= 1.0
    return slot.kind == "number" or _whole(value.value)


def _whole(number: float) -> bool:
    return number >= 0 and number.is_integer() and number < 1e9


def _nearest(word: str, words: Iterable[str], otherwise: str) -> str:
    words = list(words)
    near = difflib.get_close_matches(word[:60], words, n=2, cutoff=0.5)
    return f"did you mean {' or '.join(near)}" if near else f"{otherwise} {', '.join(words)}"
