"""When samples of a kept performance left for the listener, and which sample it was at a moment.

The time of a mark is that of whoever saw its end, so it is late and never early: the earliest of the marks that follow
within half a minute is the clock. A device that stood still goes on by a later clock from the mark on that shows it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.performance.reading import Kept, KeptChange, SoundPart

_AHEAD = 30  # marks, one a second, of which the earliest counts
_SLIP = 0.006  # seconds by which the clock moves at least if the device stood still: a quarter of a block of 1024


@dataclass(frozen=True)
class PartClock:
    """Of one part.

    Args:
        part: what one audio process kept.
        ends: (n,) device samples at the ends of marks.
        seen: (n,) clock time of sample 0 as each mark alone has it, seconds.
        zeros: (n,) clock time of sample 0 as it was until each mark, seconds.
    """

    part: SoundPart
    ends: NDArray[np.float64]
    seen: NDArray[np.float64]
    zeros: NDArray[np.float64]

    @classmethod
    def of(cls, part: SoundPart) -> PartClock:
        """From its marks; from its head if it has none."""
        ends = np.array([mark.at + mark.count for mark in part.marks] or [part.at], float)
        times = np.array([mark.time for mark in part.marks] or [float(part.head["time"])])
        seen = times - ends / part.rate
        zeros = np.array([seen[number : number + _AHEAD].min() for number in range(len(seen))])
        return cls(part, ends, seen, zeros)

    @property
    def begin(self) -> float:
        """When it began, seconds."""
        return float(self.part.head["time"])

    @property
    def end(self) -> float:
        """When the last known sample had left."""
        return float(self.zeros[-1] + self.ends[-1] / self.part.rate)

    @property
    def slips(self) -> NDArray[np.float64]:
        """Clock times of the marks before which the device stood still."""
        moved = np.flatnonzero(np.diff(self.zeros) > _SLIP) + 1
        return self.zeros[moved] + self.ends[moved] / self.part.rate

    def left(self, sample: float) -> float:
        """Clock time at which a device sample can be heard at the earliest: when its block was made."""
        return self._zero_of(sample) + (sample + float(self.part.head["buffer_size"])) / self.part.rate

    def engine_at(self, time: float) -> float:
        """Engine sample up to which all had left the graph at a clock time."""
        number = int(np.searchsorted(self.zeros + self.ends / self.part.rate, time))
        zero = self.zeros[min(number, len(self.zeros) - 1)]
        return self.engine_of((time - zero) * self.part.rate)

    def time_of(self, engine: float) -> float:
        """Clock time at which an engine sample had left the graph."""
        device = self.device_of(engine)
        return self._zero_of(device) + device / self.part.rate

    def engine_of(self, device: float) -> float:
        """Engine sample that leaves as a device sample."""
        begin, first = next((one for one in reversed(self._anchors) if one[0] <= device), self._anchors[0])
        return first + (device - begin) * self._ratio

    def device_of(self, engine: float) -> float:
        """Device sample as which an engine sample leaves."""
        begin, first = next((one for one in reversed(self._anchors) if one[1] <= engine), self._anchors[0])
        return begin + (engine - first) / self._ratio

    @property
    def _ratio(self) -> float:
        return float(self.part.head["sample_rate"]) / self.part.rate

    @property
    def _anchors(self) -> list[tuple[int, float]]:
        return [(device, engine) for device, engine, _ in self.part.anchors] or [(self.part.at, 0.0)]

    def _zero_of(self, sample: float) -> float:
        number = int(np.searchsorted(self.ends, sample))
        return float(self.zeros[min(number, len(self.zeros) - 1)])


def clocks_of(kept: Kept) -> list[PartClock]:
    """Of all parts."""
    return [PartClock.of(part) for part in kept.sounds]


def end_of_play(kept: Kept, ended: float | None) -> float:
    """Clock time up to which there was something to hear, seconds: what was kept may have ended long before.

    Args:
        kept: the performance.
        ended: when playing ended; None if it is not known, and the last change of the log is what tells it.
    """
    told = max((change.time for change in kept.changes), default=-math.inf) if ended is None else ended
    return max([told, *(clock.end for clock in clocks_of(kept))])


def changes_of(kept: Kept) -> list[KeptChange]:
    """The changes, each once: a node that goes on in a session repeats what it has found."""
    made: list[KeptChange] = []
    last = int(dict(kept.head.get("state", {})).get("sequence", 0))
    for change in kept.changes:
        if change.number > last:
            made.append(change)
            last = change.number
    return made
