"""What is heard of a neuron's music: the excerpt that the engine plays, or why it plays none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

NEURON, STOP = "/ear/audition/neuron", "audition/stop"
_LATE = 0.3  # seconds from being told to being heard, and a fade
_LONGEST = 60.0  # seconds
_LETTERS = 80


@dataclass(frozen=True)
class AuditionNews:
    """What has become of a wish to hear a neuron.

    Args:
        text: a line for people.
        at: seconds (:func:`time.perf_counter`) at which it was told.
        until: seconds at which the excerpt will have ended; ``at`` if none sounds.
    """

    text: str
    at: float
    until: float

    def sounds(self, at: float) -> bool:
        """Whether the excerpt is heard."""
        return at < self.until


def excerpt_news(given: Sequence[object], at: float) -> AuditionNews:
    """From what ``/ear/done`` says after the address and the number of the request.

    Raises:
        ValueError: it says something else.
    """
    if len(given) != 7:
        raise ValueError("is no excerpt")
    _, which, total, corpus, recording, _, length = given
    if not (isinstance(which, int) and isinstance(total, int) and isinstance(length, int | float)):
        raise ValueError("has no number")
    if not (math.isfinite(length) and 0.0 <= length <= _LONGEST):
        raise ValueError("has no length")
    text = f"excerpt {which} of {total}: {plain(recording)} ({plain(corpus)})"
    return AuditionNews(text, at, at + length + _LATE)


def plain(text: object) -> str:
    """A name from elsewhere on one line, cut where it is long."""
    found = "".join(letter if letter.isprintable() else " " for letter in str(text)[: _LETTERS + 1])
    return found if len(found) <= _LETTERS else f"{found[: _LETTERS - 1]}…"
