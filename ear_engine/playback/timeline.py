"""Where the device is at a given moment, and when it has missed a beat of its own.

A driver tells neither the time of its blocks nor its underruns (pyo hides both), but its sample counter does. Seen at
time *t*, a counter of *P* samples gives ``t - P / rate``: the start of a device that never stopped, plus however late
we looked. The least of the recent ones is that start. If even the least of a bucket of blocks has moved later by more
than a quarter of a block, the device stood still in between: one dropout. A device whose clock is wrong by 1000 ppm
moves by 0.2 ms in a bucket and is followed, not counted; so is one that is ahead.
"""

from __future__ import annotations

from collections import deque

_BUCKET = 8  # observed blocks
_BUCKETS = 8
_LEAST_SHIFT = 0.004  # seconds; block times of a real driver are not cleaner than this


class Timeline:
    """Fed with (position, time) whenever the counter is seen to have moved."""

    def __init__(self, rate: int, buffer_size: int) -> None:
        self._rate = rate
        self._threshold = max(_LEAST_SHIFT, buffer_size / rate / 4)
        self._past: deque[float] = deque(maxlen=_BUCKETS)
        self._bucket: list[float] = []
        self.dropouts = 0
        self.observed = 0

    def observe(self, position: int, time: float) -> None:
        """The counter was seen to have reached ``position`` at ``time``."""
        self.observed += 1
        self._bucket.append(time - position / self._rate)
        if len(self._bucket) < _BUCKET:
            return
        least = min(self._bucket)
        if self._past and least - min(self._past) > self._threshold:
            self.dropouts += 1
            self._past.clear()
        self._past.append(least)
        self._bucket.clear()

    @property
    def _start(self) -> float:
        return min((*self._past, *self._bucket))

    def position_at(self, time: float) -> float:
        """Samples that have left the graph at ``time``.

        Raises:
            ValueError: nothing was observed yet.
        """
        return (time - self._start) * self._rate
