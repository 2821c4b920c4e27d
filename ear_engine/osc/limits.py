"""How often something may happen, and by which clock work is measured."""

from __future__ import annotations

import time
from collections.abc import Callable


class Bucket:
    """Allows ``rate`` events a second on average and ``burst`` at once.

    Args:
        rate: events a second.
        burst: events that may happen at once after a quiet time.
        clock: seconds, monotonic.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._level = burst
        self._filled = clock()

    def take(self, cost: float = 1.0) -> bool:
        """Whether one more event, or one as heavy as ``cost`` of them, is allowed now; if so it is counted."""
        at = self._clock()
        self._level = min(self.burst, self._level + (at - self._filled) * self.rate)
        self._filled = at
        if self._level < cost:
            return False
        self._level -= cost
        return True

    def spend(self, cost: float) -> None:
        """Count something that turned out to be as heavy as ``cost`` events; later ones wait for it."""
        self._level = max(self._level - cost, -self.burst)


def work_clock() -> Callable[[], float]:
    """A clock of the work that this thread does: while others have its core it stands still, where there is a clock
    of that kind with a resolution of a millisecond."""
    return time.thread_time if time.get_clock_info("thread_time").resolution <= 1e-3 else time.perf_counter
