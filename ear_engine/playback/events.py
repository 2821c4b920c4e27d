"""The last things worth telling, numbered so that a reader sees each once."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from ear_engine.shared_memory.states import Event


class EventLog:
    """The last ``keep`` events of one process; any thread may report.

    Args:
        earlier: events of a process that this one continues; numbers go on from there.
    """

    def __init__(self, earlier: Iterable[Event] = (), keep: int = 16) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._events = list(earlier)[-keep:]
        self._number = max((event.number for event in self._events), default=0)

    def report(self, level: str, code: str, message: str) -> None:
        """Add an event (``level`` info, warning or error; ``code`` a short word; ``message`` one sentence)."""
        with self._lock:
            self._number += 1
            self._events = [*self._events, Event(self._number, level, code, message)][-self._keep :]

    @property
    def number(self) -> int:
        """Number of the newest event; 0 before the first."""
        return self._number

    def latest(self) -> list[Event]:
        """The last events, oldest first."""
        return list(self._events)
