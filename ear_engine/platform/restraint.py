"""Who computes for long is no more urgent than everyone else, until it rests.

A thread in real time that computes for a second has a core to itself. Linux then lets others in at the cost of all that
is urgent there, what sounds among it (50 ms of each second), and a machine with one core stands still meanwhile.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path

from ear_engine.platform.priorities import Urgency, priority_of, set_priority

_WINDOW = 0.5  # seconds that are looked at
_LONG = 0.9  # share of them
_RESTS = 0.5

_TASKS = Path("/proc/self/task")


class Restraint:
    """Looks after the threads of this process; does nothing where there is no real time.

    Args:
        urgency: of those that are looked after; others may be as urgent as they are.
    """

    def __init__(self, urgency: Urgency) -> None:
        self._urgency = int(urgency)
        self._used: dict[int, deque[tuple[float, float]]] = {}
        self._restrained: set[int] = set()

    def look(self, at: float) -> None:
        """Restrain who has computed all the time lately, and no longer who has not; every tenth of a second or so.

        Args:
            at: seconds, of a clock that goes on.
        """
        if not sys.platform.startswith("linux"):
            return
        used: dict[int, deque[tuple[float, float]]] = {}
        for task in os.listdir(_TASKS):
            with suppress(OSError):  # it has ended just now
                computed = int((_TASKS / task / "schedstat").read_text().split()[0]) / 1e9
                used[int(task)] = self._used.get(int(task), deque())
                used[int(task)].append((at, computed))
        self._used = used
        self._restrained &= used.keys()
        for thread, looks in used.items():
            while at - looks[0][0] > _WINDOW and len(looks) > 2:
                looks.popleft()
            seconds = at - looks[0][0]
            if seconds >= 0.8 * _WINDOW:
                self._judge(thread, (looks[-1][1] - looks[0][1]) / seconds)

    def _judge(self, thread: int, share: float) -> None:
        if share > _LONG and thread not in self._restrained and priority_of(thread) == self._urgency:
            if set_priority(0, thread):
                self._restrained.add(thread)
        elif share < _RESTS and thread in self._restrained:
            self._restrained.discard(thread)
            set_priority(self._urgency, thread)
