"""Where threads of drivers leave what they hear, for the event loop to take."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from ear_engine.shared_memory.clock import now

_MOST = 4096  # messages that wait; the oldest are dropped
_PAUSE = 0.005  # least seconds between two times that are taken: a motor fader says a thousand things a second

Heard = tuple[str, Sequence[int], float]
"""Name of a port, bytes of a message, clock time."""


class Inbox:
    """Bounded, and never waits.

    Args:
        wake: called in the event loop when there is something to take.
        clock: seconds; :func:`ear_engine.shared_memory.clock.now`.

    Made within a running event loop.
    """

    def __init__(self, wake: Callable[[], None], clock: Callable[[], float] = now) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake = wake
        self._clock = clock
        self._waiting: deque[Heard] = deque(maxlen=_MOST)
        self._called = False
        self._taken = 0.0
        self.dropped = 0
        """Messages that came faster than they could be taken."""

    def put(self, port: str, data: Sequence[int], at: float) -> None:
        """Leave a message; from any thread."""
        if len(self._waiting) == _MOST:
            self.dropped += 1
        self._waiting.append((port, data, at))
        if not self._called and not self._loop.is_closed():
            self._called = True
            self._loop.call_soon_threadsafe(self._call)

    def take(self) -> list[Heard]:
        """All that has come, oldest first."""
        self._called = False  # before they are taken: what comes now calls again
        self._taken = self._clock()
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def _call(self) -> None:
        wait = self._taken + _PAUSE - self._clock()
        if wait <= 0:
            self._wake()
        else:
            self._loop.call_later(wait, self._wake)
