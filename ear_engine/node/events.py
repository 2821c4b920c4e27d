"""Events of the child processes, each told once."""

from __future__ import annotations

from collections.abc import Sequence

from ear_engine.shared_memory.states import Event

_REMEMBERED = 64


class EventRelay:
    """Finds what is new among the last events that a process keeps publishing.

    A process that was started again may go on counting or begin anew; both are understood.
    """

    def __init__(self) -> None:
        self._pid = 0
        self._last = 0
        self._told: list[Event] = []

    def fresh(self, pid: int, events: Sequence[Event]) -> list[Event]:
        """Events not returned before, oldest first."""
        if pid != self._pid:
            self._pid = pid
            new = [event for event in events if event not in self._told]
        else:
            new = [event for event in events if event.number > self._last]
        if events:
            self._last = max(event.number for event in events)
        self._told = [*self._told, *new][-_REMEMBERED:]
        return new
