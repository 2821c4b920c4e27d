"""Dice: each throw is one change of the log, so that it can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ear_engine.change import Change
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.memory.dice import lock, read_locks, throw

DICE, AMOUNT, LOCKED = "memory/dice", "memory/amount", "memory/locked"

Refuse = Callable[[str, str, UserError], None]  # origin, address, error


class Throws:
    """Throws when ``memory/dice`` fires.

    Args:
        control: what is thrown, and by how much.
        layers: of the ear.
        refuse: told who threw what cannot be.
    """

    def __init__(self, control: ControlLog, layers: Callable[[], Sequence[str]], refuse: Refuse) -> None:
        self._control = control
        self._layers = layers
        self._refuse = refuse
        control.listen(self._changed)

    @property
    def locked(self) -> tuple[str, ...]:
        """What stays."""
        return read_locks(str(self._control.tree.values[LOCKED]))

    def lock(self, pattern: str, on: bool, origin: str) -> tuple[str, ...]:
        """Lock what ``pattern`` means, or unlock it; return all that is locked.

        Raises:
            UserError: it means nothing that dice move.
        """
        locked = lock(pattern, on, self.locked)
        self._control.apply({LOCKED: ", ".join(locked)}, origin)
        return locked

    def throw(self, amount: float, origin: str) -> None:
        """Throw by so much.

        Raises:
            UserError: it is no amount.
        """
        self._control.apply({AMOUNT: amount, DICE: True}, origin)

    def _changed(self, change: Change) -> None:
        if DICE not in change.triggers:
            return
        control = self._control.snapshot()
        amount, number = float(control.values[AMOUNT]), control.triggers[DICE]
        moved = throw(self._control.tree, amount, control.seed, number, self.locked, self._layers())
        try:
            self._control.apply(moved, change.origin, known=False, gesture="dice")
        except UserError as error:  # a target that this ear has nothing for
            places = {name: value for name, value in moved.items() if not name.startswith("target/")}
            self._control.apply(places, change.origin, known=False, gesture="dice")
            self._refuse(change.origin, f"/ear/{DICE}", error)
