"""Whether the engine goes on: its statuses, its processes, and how soon those that are killed are back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ear_engine.node.children import LAYOUT, LISTEN, MAP
from ear_engine.soak.waits import Away

_PATIENCE = 10.0  # seconds without a status, of which there is one a second
_PASSING = (MAP, LAYOUT, LISTEN)  # come and go as they are needed
_GRACE = 2.0  # seconds in which what is back finds its pace


@dataclass
class Kill:
    """One process that was killed.

    Args:
        name: of it.
        pid: that it had.
        at: when, seconds on the shared clock.
        back: when another one did its work; None if none has yet.
    """

    name: str
    pid: int
    at: float
    back: float | None = None


@dataclass
class Watch:
    """Looks at all statuses.

    Args:
        last: when the last one came, or since when one is waited for; seconds on the shared clock.
        again: how often each process was started again.
        kills: in order.
    """

    last: float
    again: Counter[str] = field(default_factory=Counter)
    kills: list[Kill] = field(default_factory=list)
    _pids: dict[str, int] = field(default_factory=dict)

    def status(self, status: Mapping[str, Any], at: float) -> None:
        """One has come."""
        self.last = at
        pids = {str(name): int(pid) for name, pid in status.get("pids", {}).items()}
        for name, pid in pids.items():
            if name not in _PASSING and self._pids.get(name, pid) != pid:
                self.again[name] += 1
        self._pids.update(pids)
        for kill in self.kills:
            works = status.get("state") == "running"
            if kill.name == "dreamer":
                works = works and float(status.get("steps_per_second", 0.0)) > 0.0
            if kill.back is None and works and pids.get(kill.name, kill.pid) != kill.pid:
                kill.back = at

    def killed(self, name: str, pid: int, at: float) -> None:
        """Someone has killed a process."""
        self.kills.append(Kill(name, pid, at))

    @property
    def waiting(self) -> bool:
        """Whether one that was killed is not back yet."""
        return any(kill.back is None for kill in self.kills)

    def over(self, code: int | None, at: float) -> str:
        """Why there is nothing more to look at; empty while it goes on.

        Args:
            code: that the engine has ended with, None if it has not.
            at: now.
        """
        if code is not None:
            return f"the engine has ended by itself, with code {code}"
        if at - self.last > _PATIENCE:
            return f"the engine stands still: no status for {at - self.last:.0f} s"
        return ""

    def away(self, end: float) -> list[Away]:
        """When killed processes were not there; those that are not back, until ``end``."""
        return [Away(kill.name, kill.at, end if kill.back is None else kill.back + _GRACE) for kill in self.kills]
