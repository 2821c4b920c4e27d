"""What a plug-in of kind ``sources`` is: a collection of clips, made when asked for.

Registered in a distribution's ``pyproject.toml``, it is found by name like the built-in loops::

    [project.entry-points."ear_engine.sources"]
    rain = "rainmaker:Rain"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from ear_engine.clip import Clip


@dataclass(frozen=True)
class ClipRow:
    """What is known about a clip without decoding it.

    Attributes:
        name: to load it by.
        seconds: its length; 0 if it cannot be read.
        beats: in the loop, or None where only listening would tell.
        tempo: in BPM, or None likewise.
        description: one line.
    """

    name: str
    seconds: float
    beats: int | None
    tempo: float | None
    description: str


class Source(Protocol):
    """A collection of clips. What is registered is a class of this kind, or any function without arguments that
    returns one; it is called once, when clips are first asked for.

    Any method may raise a :class:`~ear_engine.errors.UserError`, which the user sees as it is. Anything else that it
    raises is reported as the plug-in's fault and ends nothing. Methods may be called from several threads.
    """

    def names(self) -> tuple[str, ...]:
        """Names of its clips, for which :func:`name_problem` is None; asked for often, so it must be quick."""

    def describe(self, name: str) -> ClipRow:
        """A row about one of its clips, without making its audio."""

    def render(self, name: str, sample_rate: int) -> Clip:
        """One of its clips, 0.25 to 32 s long, at ``sample_rate`` in Hz; the same every time for the same name."""


def name_problem(name: str) -> str | None:
    """Why no clip can have this name, which may come from the network, or None."""
    if not name or name != name.strip():
        return "is empty or has spaces around it"
    if len(name) > 255:
        return "is longer than 255 characters"
    if any(ord(letter) < 32 or ord(letter) == 127 or 0xD800 <= ord(letter) < 0xE000 for letter in name):
        return "has characters that no name has"
    if "\\" in name or name.startswith(("/", "~")) or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        return "is a path, not a name"
    return None
