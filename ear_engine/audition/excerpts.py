"""Which moments of music excite a neuron most: what an ear's statistics say, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from ear_engine.ear.statistics import Statistics
from ear_engine.errors import UserError


@dataclass(frozen=True)
class Excerpt:
    """One of the moments that excite a neuron.

    Args:
        neuron: its number.
        which: 1 is the strongest.
        total: how many of this neuron are known.
        corpus: name of the music that was heard; several are joined with ``+``.
        recording: name in it.
        seconds: up to where the neuron has heard when it fires.
        activation: how strongly it fires.
    """

    neuron: int
    which: int
    total: int
    corpus: str
    recording: str
    seconds: float
    activation: float


def excerpts_of(statistics: Statistics | None, number: int) -> tuple[Excerpt, ...]:
    """Excerpts of a neuron, the strongest first; none if it has never fired.

    Raises:
        UserError: the ear has no statistics, or no such neuron.
    """
    if statistics is None:
        mend = "make them with `ear-engine statistics --ear NAME --corpus NAME`"
        raise UserError(
            "this ear", "has no statistics, so nobody knows what excites its neurons", mend, "no_statistics"
        )
    hits = statistics.describe(number).excerpts
    corpus = statistics.heard.corpus
    return tuple(
        Excerpt(number, which, len(hits), corpus, hit.recording, hit.seconds, hit.activation)
        for which, hit in enumerate(hits, 1)
    )


def choose(excerpts: tuple[Excerpt, ...], number: int, which: int) -> Excerpt:
    """Excerpt ``which`` of neuron ``number``, from 1 on.

    Raises:
        UserError: the neuron has none, or not so many.
    """
    if not excerpts:
        reason = "has never fired in the music that this ear was measured on, so nothing is known to excite it"
        raise UserError(f"neuron {number}", reason, "choose another", "no_excerpts")
    if not 1 <= which <= len(excerpts):
        reason = f"is not 1 to {len(excerpts)}"
        raise UserError(f"excerpt {which} of neuron {number}", reason, "count from 1, the strongest", "out_of_range")
    return excerpts[which - 1]


class Turns:
    """Whose turn it is when the next excerpt of a neuron is asked for: the strongest first, then round and round."""

    def __init__(self) -> None:
        self._last: tuple[str, int, int] | None = None

    def next(self, ear: str, excerpts: tuple[Excerpt, ...]) -> int:
        """Number of the next one of these, 1 for another ear or neuron than last time."""
        if not excerpts or self._last is None or self._last[:2] != (ear, excerpts[0].neuron):
            return 1
        return self._last[2] % len(excerpts) + 1

    def take(self, ear: str, excerpt: Excerpt) -> None:
        """This one has been chosen."""
        self._last = ear, excerpt.neuron, excerpt.which
