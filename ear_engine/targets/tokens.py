"""An expression cut into numbers, names, texts and signs; whatever cannot be one is refused with its place."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from ear_engine.errors import UserError

LONGEST = 1000  # characters of an expression
_FACTORS = {"": 1.0, "k": 1e3, "hz": 1.0, "khz": 1e3}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?P<unit>[A-Za-z_][A-Za-z0-9_]*)?
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>\.\.(?!\.)|[-+*/(),=])""",
    re.VERBOSE | re.DOTALL,
)

Kind = Literal["number", "word", "text", "sign", "end"]


class BadExpression(UserError):
    """An expression that cannot be used.

    Args:
        reason: what is wrong.
        mend: what to do about it.
        at: how many characters stand before the place that is wrong.
        subject: what is wrong there.
        code: short word for programs.
    """

    def __init__(
        self, reason: str, mend: str, at: int, subject: str = "the expression", code: str = "bad_expression"
    ) -> None:
        super().__init__(f"{subject} at character {at + 1}", reason, mend, code)
        self.at = at
        self._given = (reason, mend, at, subject, code)

    def __reduce__(self) -> tuple[type[BadExpression], tuple[str, str, int, str, str]]:  # type: ignore[override]
        """Travel between processes whole."""
        return type(self), self._given


@dataclass(frozen=True)
class Token:
    """A number (``value``), or a word, text or sign (``text``), and where it begins."""

    kind: Kind
    text: str
    at: int
    value: float = 0.0

    @property
    def shown(self) -> str:
        """How a message calls it."""
        return repr(self.text[:40])


def tokenize(text: str) -> list[Token]:
    """Cut ``text``; the last token is the end.

    Raises:
        BadExpression: it is too long, or has a character, number or unit that means nothing.
    """
    if len(text) > LONGEST:
        raise BadExpression(f"goes on beyond {LONGEST} characters", "write a shorter one", LONGEST)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _stray(text, at)
        kind = found.lastgroup if found.lastgroup != "unit" else "number"
        if kind == "number":
            tokens.append(_number(found))
        elif kind == "text":
            plain = re.sub(r"\\(.)", r"\1", found[0][1:-1], flags=re.DOTALL)
            tokens.append(Token("text", plain, at))
        elif kind == "word":
            tokens.append(Token("word", found[0], at))
        elif kind == "sign":
            tokens.append(Token("sign", found[0], at))
        at = found.end()
    tokens.append(Token("end", "", len(text)))
    return tokens


def _number(found: re.Match[str]) -> Token:
    unit = found["unit"] or ""
    factor = _FACTORS.get(unit.lower())
    if factor is None:
        mend = "write 200, 200Hz, 2k or 2kHz"
        raise BadExpression(f"has the unknown unit {unit[:40]!r}", mend, found.start("unit"))
    value = float(found["number"]) * factor
    if not math.isfinite(value):
        raise BadExpression("has a number too large", "write a smaller one", found.start())
    return Token("number", found[0], found.start(), value)


def _stray(text: str, at: int) -> BadExpression:
    if text[at] in "\"'":
        return BadExpression("begins a text that does not end", f"close it with {text[at]}", at)
    if text.startswith("...", at):
        return BadExpression("has more than two dots", "write a range as 200..800", at)
    mend = "use names, numbers and the signs + - * / .. = , ( )"
    return BadExpression(f"has {text[at]!r}, which means nothing", mend, at)
