"""Which ear listens and what it runs on: names are checked here, without torch; the dreamer says whether they do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ear_engine.control import Change, ControlLog
from ear_engine.ear_files import EarFolder, find_ear, list_ears
from ear_engine.errors import UserError
from ear_engine.osc.commands import Call, Command
from ear_engine.parameters import Value
from ear_engine.sources.source import name_problem

ORIGIN = "models"
EAR = "model/ear"
DEVICE = "model/device"


class Models:
    """Keeps the control state's ear what ``model/ear`` names.

    Args:
        control: its values are followed.
        first: the ear that the engine was started with; it may lie anywhere.
        roots: folders whose folders are ears; those of this installation and user if None.
    """

    def __init__(self, control: ControlLog, first: EarFolder, roots: tuple[Path, ...] | None = None) -> None:
        self._control = control
        self._roots = roots
        self._first = first
        self._folders: dict[str, Path] = {first.name: first.path}
        control.validators[EAR] = self._check
        control.listen(self._changed)

    def open(self, device: str, chosen: Mapping[str, Value]) -> None:
        """Let the parameters say what the engine begins with, unless they were ``chosen``.

        Args:
            device: that was asked for.
            chosen: parameters that were set at the start.
        """
        begin: dict[str, object] = {}
        if EAR not in chosen:
            begin[EAR] = self._first.name
        if device != "auto" or DEVICE not in chosen:
            begin[DEVICE] = device
        self._control.apply(begin, ORIGIN)

    def ears(self) -> list[EarFolder]:
        """Ears that can be named; the first one among them, wherever it lies."""
        found = [ear for ear in list_ears(self._roots) if not ear.problem]
        return found if any(ear.name == self._first.name for ear in found) else [self._first, *found]

    def commands(self) -> tuple[Command, ...]:
        """``/ear/ears/list``."""
        answer = "same i:index i:total s:name s:description f:megabytes"
        text = "Ears that model/ear can name, a message each."
        return (Command("ears/list", (), answer, text, self._list, cost=50.0),)

    def _list(self, call: Call) -> None:
        ears = self.ears()
        for index, ear in enumerate(ears):
            call.reply(call.address, index, len(ears), ear.name, ear.description, float(ear.megabytes))
        if not ears:
            call.reply(call.address, 0, 0)

    def _check(self, value: Value) -> Value:
        """The name of an ear, never a path: what comes over the network opens no other folder.

        Raises:
            UserError: there is none of that name, or its files cannot be used.
        """
        name = str(value)
        if name == self._first.name:
            return name
        problem = name_problem(name)
        if problem is not None:
            raise UserError(f"ear name {name[:60]!r}", problem, "use a name that /ear/ears/list lists", "bad_name")
        self._folders[name] = find_ear(name, self._roots, paths=False).path
        return name

    def _changed(self, change: Change) -> None:
        if EAR in change.values:
            folder = str(self._folders[str(change.values[EAR])])
            if self._control.snapshot().ear != folder:
                self._control.set_ear(folder, ORIGIN)
