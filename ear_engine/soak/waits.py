"""How long changes have waited to be heard, those that never were among them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

NEVER = math.inf

FIRST = "before the first sound"
LAST = "the performance ended first"
KILLED = "a process had been killed"


@dataclass
class Waits:
    """Of one kind of change.

    Args:
        values: of each that counts, in the unit that its maker says; infinite if it was never heard.
        left_out: how many do not count, by the reason why.
        since: from when on they were measured, in words, if not from their messages.
    """

    values: list[float] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    since: str = ""

    @property
    def never(self) -> int:
        """How many were not heard at all."""
        return sum(math.isinf(value) for value in self.values)

    def percentile(self, percent: float) -> float:
        """The least of them that so many per cent do not exceed; not a number if there are none."""
        if not self.values:
            return math.nan
        return float(np.percentile(self.values, percent, method="inverted_cdf"))

    def note(self, what: str) -> str:
        """How many there were, since when, and how many are not among them, and why."""
        told = f"{len(self.values)} {what}" + (f", {self.since}" if self.since else "")
        if self.left_out:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self.left_out.items()))
            told += f"; left out: {reasons}"
        return told


@dataclass
class StepWaits(Waits):
    """Of changes of the dream.

    Args:
        known: seconds from each that counts until the first step that knew it was done.
    """

    known: list[float] = field(default_factory=list)

    def until_known(self, percent: float) -> float:
        """Milliseconds in which so many per cent of them were; not a number if there are none."""
        return float(1e3 * np.percentile(self.known, percent)) if self.known else math.nan


@dataclass(frozen=True)
class Away:
    """A time in which a process that someone had killed was not there, seconds on the shared clock.

    Args:
        name: of the process.
        begin: when it was killed.
        end: when it was back.
    """

    name: str
    begin: float
    end: float


def any_away(away: Iterable[Away], begin: float, end: float) -> bool:
    """Whether a process was away at some time between the two."""
    return any(one.begin <= end and one.end >= begin for one in away)
