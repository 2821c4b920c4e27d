"""OSC address patterns (``? * [a-z] [!a] {one,two}``), matched without backtracking.

The set of positions in the address that the pattern read so far can have reached is one integer, a bit a position; each
token maps it to the next set. So the time grows with the length of the pattern, whatever the pattern is.
"""

from __future__ import annotations

from collections.abc import Callable

from ear_engine.errors import UserError

MAX_PATTERN = 256
_WILD = frozenset("?*[{")
_ANY = frozenset("?*[")

_Step = Callable[[str, int], int]


def has_wildcards(address: str) -> bool:
    """Whether ``address`` is a pattern rather than the name of one thing."""
    return not _WILD.isdisjoint(address)


class Pattern:
    """A compiled address pattern; ``*`` and the others stay within one segment.

    Raises:
        UserError: it does not begin with ``/``, is longer than 256 characters, or has an open bracket or brace.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if not text.startswith("/"):
            raise _bad(text, "does not begin with '/'")
        if len(text) > MAX_PATTERN:
            raise _bad(text[:32] + "…", f"is longer than {MAX_PATTERN} characters")
        self.named = _ANY.isdisjoint(text.rpartition("/")[2])
        """Whether its last part names what it means, as ``{mean,all}`` does and ``*`` does not."""
        self._segments = [_compile(segment, text) for segment in text.split("/")]

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def matches(self, address: str) -> bool:
        """Whether ``address`` (without wildcards) as a whole is meant."""
        segments = address.split("/")
        if len(segments) != len(self._segments):
            return False
        return all(_run(steps, segment) for steps, segment in zip(self._segments, segments, strict=True))


def _run(steps: list[_Step], text: str) -> bool:
    reached = 1
    for step in steps:
        reached = step(text, reached)
        if not reached:
            return False
    return bool(reached >> len(text))


def _compile(segment: str, whole: str) -> list[_Step]:
    steps: list[_Step] = []
    at = 0
    while at < len(segment):
        character = segment[at]
        if character in "[{":
            close = segment.find("]" if character == "[" else "}", at + 1)
            if close < 0:
                raise _bad(whole, f"has a {character!r} that is not closed")
            inside = segment[at + 1 : close]
            steps.append(_one_of(inside) if character == "[" else _alternatives(inside.split(",")))
            at = close
        elif character == "*":
            steps.append(_anything)
        elif character == "?":
            steps.append(_any_character)
        else:
            steps.append(_literal(character))
        at += 1
    return steps


def _bad(text: str, reason: str) -> UserError:
    return UserError(f"pattern {text!r}", reason, "use /ear/… with ? * [a-z] {one,two}", "bad_pattern")


def _anything(text: str, reached: int) -> int:
    lowest = reached & -reached
    return (1 << len(text) + 1) - lowest


def _nothing(text: str, reached: int) -> int:
    return reached


def _any_character(text: str, reached: int) -> int:
    return reached << 1 & (1 << len(text) + 1) - 1


def _literal(word: str) -> _Step:
    def step(text: str, reached: int) -> int:
        result = 0
        at = text.find(word)
        while at >= 0:
            result |= (reached >> at & 1) << at + len(word)
            at = text.find(word, at + 1) if at < len(text) else -1
        return result

    return step


def _alternatives(words: list[str]) -> _Step:
    choices = [_literal(word) if word else _nothing for word in dict.fromkeys(words)]

    def step(text: str, reached: int) -> int:
        result = 0
        for choice in choices:
            result |= choice(text, reached)
        return result

    return step


def _one_of(inside: str) -> _Step:
    wanted = not inside.startswith("!")
    body = inside if wanted else inside[1:]
    ranges: list[tuple[str, str]] = []
    at = 0
    while at < len(body):
        if at + 2 < len(body) and body[at + 1] == "-":
            ranges.append((body[at], body[at + 2]))
            at += 3
        else:
            ranges.append((body[at], body[at]))
            at += 1

    def step(text: str, reached: int) -> int:
        result = 0
        for at, character in enumerate(text):
            if reached >> at & 1 and any(low <= character <= high for low, high in ranges) is wanted:
                result |= 1 << at + 1
        return result

    return step
