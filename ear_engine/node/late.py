"""Refusals that come late: a change was made, and the dreamer finds out that it cannot be."""

from __future__ import annotations

from collections.abc import Callable

from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.shared_memory.states import DreamerState, Refusal

ORIGIN = "node"


class Refused(UserError):
    """A refusal of another process; the sentence is its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__("", "", "", code)
        self.args = (message,)


class LateRefusals:
    """Tells whoever made a change that it could not be, once, and puts the parameter back.

    Args:
        control: its history says who made it.
        fail: told origin, address and reason.
    """

    def __init__(self, control: ControlLog, fail: Callable[[str, str, UserError], None]) -> None:
        self._control = control
        self._fail = fail
        self._pid = 0
        self._last = 0

    def look(self, dreamer: DreamerState) -> None:
        """Deal with the refusals that are new in ``dreamer``; a new process takes over those of the one before."""
        if dreamer.pid != self._pid:
            self._pid = dreamer.pid
            if not any(refusal.number == self._last for refusal in dreamer.refusals):
                self._last = 0  # it counts from the beginning
        for refusal in dreamer.refusals:
            if refusal.number > self._last:
                self._last = refusal.number
                self._tell(refusal)

    def _tell(self, refusal: Refusal) -> None:
        change = self._cause(refusal)
        if change is not None:
            self._fail(change.origin, f"/ear/{refusal.name}", Refused(refusal.code, refusal.message))
        if refusal.instead is not None and not self._changed_since(refusal):
            self._control.apply({refusal.name: refusal.instead}, ORIGIN)

    def _cause(self, refusal: Refusal) -> Change | None:
        """The last change of that parameter that the dreamer had seen; of its group if it is a target."""
        for change in reversed(self._control.history):
            if change.number <= refusal.sequence and refusal.name in change.values:
                return change
        group = refusal.name.partition("/")[0] + "/"
        for change in reversed(self._control.history):
            named = (*change.values, *change.triggers)
            if change.number <= refusal.sequence and any(name.startswith(group) for name in named):
                return change
        return None

    def _changed_since(self, refusal: Refusal) -> bool:
        return any(c.number > refusal.sequence and refusal.name in c.values for c in self._control.history)
