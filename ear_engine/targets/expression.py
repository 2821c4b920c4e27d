"""An expression as a tree: sums, factors, and calls of the functions that choose what shall rise.

``str(tree)`` writes an expression that reads as the same tree again. Where a part stands in the text is kept beside
it (``at``, the number of characters before it) and does not count when trees are compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeVar

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
Found = TypeVar("Found", bound="Number | Range | Text")


def number_text(number: float) -> str:
    """A number such that it reads as the same number again."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


@dataclass(frozen=True)
class Number:
    """One number; units are gone (``2k`` is 2000)."""

    value: float
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return number_text(self.value)


@dataclass(frozen=True)
class Range:
    """``low..high``."""

    low: float
    high: float
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{number_text(self.low)}..{number_text(self.high)}"


@dataclass(frozen=True)
class Text:
    """A word or a text in quotes: a layer, a name, a clip."""

    value: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        if _WORD.fullmatch(self.value):
            return self.value
        return '"' + self.value.replace("\\", "\\\\").replace('"', '\\"') + '"'


Value = Number | Range | Text


@dataclass(frozen=True)
class Argument:
    """What a function was given for ``name``."""

    name: str
    value: Value


@dataclass(frozen=True)
class Call:
    """A function and its arguments, in the order in which the function names them."""

    function: str
    arguments: tuple[Argument, ...] = ()
    at: int = field(default=0, compare=False)

    def given(self, name: str, kind: type[Found]) -> Found | None:
        """The argument of that name if it was given as such a value."""
        for argument in self.arguments:
            if argument.name == name and isinstance(argument.value, kind):
                return argument.value
        return None

    def __str__(self) -> str:
        return f"{self.function}({', '.join(f'{a.name}={a.value}' for a in self.arguments)})"


@dataclass(frozen=True)
class Scaled:
    """``factor`` times a call or a sum; the factor is finite and not 1."""

    factor: float
    of: Call | Sum

    def __str__(self) -> str:
        inner = f"({self.of})" if isinstance(self.of, Sum) else str(self.of)
        return f"-{inner}" if self.factor == -1.0 else f"{number_text(self.factor)}*{inner}"


@dataclass(frozen=True)
class Sum:
    """The sum of two parts or more."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        text = _bracketed(self.parts[0])
        for part in self.parts[1:]:
            if isinstance(part, Scaled) and part.factor < 0:
                text += f" - {_bracketed(scaled(-part.factor, part.of))}"
            else:
                text += f" + {_bracketed(part)}"
        return text


Expression = Call | Scaled | Sum


def scaled(factor: float, of: Expression) -> Expression:
    """``factor`` times ``of``; factors of factors are multiplied, and one of 1 is left out."""
    if isinstance(of, Scaled):
        factor, of = factor * of.factor, of.of
    return of if factor == 1.0 else Scaled(factor, of)


def calls(tree: Expression) -> tuple[Call, ...]:
    """All calls in it, from left to right."""
    if isinstance(tree, Call):
        return (tree,)
    if isinstance(tree, Scaled):
        return calls(tree.of)
    return tuple(call for part in tree.parts for call in calls(part))


def _bracketed(part: Expression) -> str:
    return f"({part})" if isinstance(part, Sum) else str(part)
