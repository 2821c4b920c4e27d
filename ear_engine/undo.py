"""Undo and redo of the control log, by gestures: what a hand does in one go is one step, whatever messages it takes.

A value that is set again within half a second by the same hand belongs to the same step, and so do others of its
group that move with it (a pad's x and y). A preset, a throw of dice, a morph or a set is one step. Triggers are not
undone, but targets that are kept or stored are; what the engine does by itself (the tempo of a clip) it does again.

There is one line of steps for all hands. Whoever undoes takes back the last one, or the last of his own; of his own,
only what nobody has changed since. An undo is a numbered change like any other, so everyone sees it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from ear_engine.change import Change
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.held_targets import Held
from ear_engine.parameters import Value

MOST_STEPS = 512
TOGETHER = 0.5
"""Seconds from one value to the next of the same gesture."""
GESTURES = ("undo", "redo")
"""What changes are parts of that undo and do again."""


@dataclass(eq=False)
class Step:
    """What a hand has done.

    Args:
        origin: whose.
        gesture: its changes', or empty.
        last: clock time of the last of them.
        before, after: values of what it has changed.
        held: targets held before and after, if it has changed them.
    """

    origin: str
    gesture: str
    last: float
    before: dict[str, Value]
    after: dict[str, Value]
    held: tuple[Held, Held] | None = None

    @property
    def what(self) -> str:
        """In a word or two: ``preset drone``, or the parameter, or the group."""
        name = self.gesture.partition("#")[0]
        if name and name != "change":
            return name
        groups = sorted({name.partition("/")[0] for name in self.after} | ({"target"} if self.held else set()))
        return next(iter(self.after)) if len(self.after) == 1 and not self.held else ", ".join(groups)

    def absorb(self, other: Step) -> None:
        """Take in what was done after it."""
        self.before = {**other.before, **self.before}
        self.after = {**self.after, **other.after}
        if other.held is not None:
            self.held = (other.held if self.held is None else self.held)[0], other.held[1]
        self.last = max(self.last, other.last)

    def continues(self, other: Step) -> bool:
        """Whether it is a part of ``other``, which was before it."""
        if self.gesture:
            return self.gesture == other.gesture
        by_hand = self.origin == other.origin and not (other.gesture or other.held or self.held)
        return by_hand and self.last - other.last <= TOGETHER and self.after.keys() <= other.after.keys()

    def beside(self, other: Step) -> bool:
        """Whether the same hand has moved both at once, as the two ways of a pad."""
        by_hand = self.origin == other.origin and not (other.gesture or self.gesture or other.held or self.held)
        return by_hand and {name.partition("/")[0] for name in (*self.after, *other.after)} == {self._group}

    @property
    def _group(self) -> str:
        return next(iter(self.after)).partition("/")[0]

    def meets(self, other: Step) -> bool:
        """Whether both have changed something alike."""
        return bool(self.after.keys() & other.after.keys()) or (self.held is not None and other.held is not None)


class Undo:
    """Follows a control log.

    Args:
        control: the log.
        engine: origins that are no hands, whose changes are no steps.
    """

    def __init__(self, control: ControlLog, engine: Collection[str] = ()) -> None:
        self._control = control
        self._engine = frozenset(engine)
        self._done: deque[Step] = deque(maxlen=MOST_STEPS)
        self._undone: list[Step] = []
        control.listen(self._changed)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What can be undone, the last first."""
        return tuple(reversed(self._done))

    def undo(self, origin: str, mine: bool = False) -> Step:
        """Take back the last step.

        Args:
            origin: who asks.
            mine: the last one of ``origin``.

        Raises:
            UserError: there is none; or what was before is not to be had any more (a clip that is gone), which is
                not tried again.
        """
        for step in [step for step in self.steps if not mine or step.origin == origin]:
            self._done.remove(step)
            if self._turn(step, step.before, step.after, 0, origin, mine):
                self._undone.append(step)
                return step
        raise UserError("undo", "finds nothing to take back", "change something first", "nothing")

    def redo(self, origin: str, mine: bool = False) -> Step:
        """Do again what was undone last; arguments and errors as of :meth:`undo`."""
        for step in [step for step in reversed(self._undone) if not mine or step.origin == origin]:
            self._undone.remove(step)
            if self._turn(step, step.after, step.before, 1, origin, mine):
                self._done.append(step)
                return step
        raise UserError("redo", "finds nothing that was undone", "undo something first", "nothing")

    def _turn(
        self, step: Step, wanted: dict[str, Value], left: dict[str, Value], side: int, origin: str, mine: bool
    ) -> bool:
        """Restore one side of a step; return whether anything is another then. ``left`` is what it has left behind."""
        now, held = self._control.tree.values, self._control.held
        values = {n: value for n, value in wanted.items() if not mine or now[n] == left[n]}
        hold = step.held[side] if step.held is not None and (not mine or held == step.held[1 - side]) else None
        number = self._control.number
        return self._control.restore(values, hold, origin, GESTURES[side]).number > number

    def _changed(self, change: Change) -> None:
        if change.origin in self._engine or change.gesture.partition("#")[0] in GESTURES:
            return
        before = {name: value for name, value in change.was.items() if value != change.values[name]}
        if not (before or change.held):
            return
        after = {name: change.values[name] for name in before}
        step = Step(change.origin, change.gesture, change.time, before, after, change.held)
        self._undone = [other for other in self._undone if not other.meets(step)]
        if not self._continued(step):
            self._done.append(step)

    def _continued(self, step: Step) -> bool:
        """Whether ``step`` goes on with an earlier one, which has taken it in then."""
        later: list[Step] = []  # than the one that is looked at
        for one in self.steps:
            if step.continues(one):
                for other in reversed(later):
                    if not step.gesture and other.beside(one):
                        one.absorb(other)
                        self._done.remove(other)
                one.absorb(step)
                return True
            if one.meets(step):  # another hand was there meanwhile
                return False
            later.append(one)
        return False
