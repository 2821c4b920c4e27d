"""The control state at any change of a kept log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ear_engine.performance.reading import Kept, KeptChange
from ear_engine.shared_memory.states import ControlState, Target


class LogStates:
    """What everyone could know, change after change.

    Args:
        kept: whose log is read.
    """

    def __init__(self, kept: Kept) -> None:
        self._raw: dict[str, Any] = dict(kept.head["state"])
        self._raw["values"] = dict(self._raw["values"])
        self._raw["triggers"] = dict(self._raw["triggers"])
        self._changes: Sequence[KeptChange] = kept.changes
        self._next = 0
        self._state: ControlState | None = None

    def at(self, sequence: int) -> ControlState:
        """The state that change ``sequence`` led to; asked for in order.

        Raises:
            KeyError, TypeError: the log says something else than it should.
        """
        while self._next < len(self._changes) and self._changes[self._next].number <= sequence:
            change = self._changes[self._next]
            self._next += 1
            if change.number > self._raw["sequence"]:  # a later node repeats what it goes on from
                self._apply(change)
                self._state = None
        if self._state is None:
            self._state = _control_state(self._raw)
        return self._state

    def _apply(self, change: KeptChange) -> None:
        raw = self._raw
        raw["sequence"] = change.number
        raw["values"].update(change.values)
        for name in change.triggers:
            raw["triggers"][name] = raw["triggers"].get(name, 0) + 1
        raw.update({name: value for name, value in change.engine.items() if name in raw})
        for name in ("clips", "captures"):
            if change.state.get(name) is not None:
                raw[name] = change.state[name]
        if change.state.get("held") is not None:
            raw.update(change.state["held"])


def _control_state(raw: dict[str, Any]) -> ControlState:
    known = {field.name for field in fields(ControlState)}
    values = {name: value for name, value in raw.items() if name in known}
    values["kept"] = [Target(**target) for target in raw["kept"]]
    values["stored"] = {name: Target(**target) for name, target in raw["stored"].items()}
    values["values"], values["triggers"] = dict(raw["values"]), dict(raw["triggers"])
    return ControlState(**values)
