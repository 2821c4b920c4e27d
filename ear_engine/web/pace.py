"""How fast something may go on, whoever asks for it: so much a second, all together, in the order of asking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ear_engine.shared_memory.clock import now


class Pace:
    """Holds back what comes too fast.

    Args:
        rate: units a second.
        burst: units that may come at once after a rest.
        clock: seconds, monotonic.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = now) -> None:
        self._rate = rate
        self._rest = burst / rate
        self._clock = clock
        self._due = 0.0

    @property
    def behind(self) -> float:
        """Seconds that the next one would wait."""
        return max(0.0, self._due - self._clock())

    async def take(self, units: float) -> None:
        """Wait for one's turn; others get theirs meanwhile, even if there is nothing to wait for."""
        wait = self.behind
        self._due = max(self._due, self._clock() - self._rest) + units / self._rate
        await asyncio.sleep(wait)
