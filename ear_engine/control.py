"""The control log: the one way any value changes, whoever asks for it.

Every change is checked, stored, numbered, timed and remembered in one place, so that OSC, the command line and a set
file behave alike and a session can be replayed from its log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from ctypes import c_float

from ear_engine.change import Change as Change
from ear_engine.engine_changes import Decided, EngineChanges
from ear_engine.errors import UserError
from ear_engine.held_targets import REGION_FIELDS as REGION_FIELDS
from ear_engine.held_targets import TARGET_FIELDS as TARGET_FIELDS
from ear_engine.held_targets import Held
from ear_engine.held_targets import target_of as target_of
from ear_engine.parameters import ParameterTree, Value
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import ControlState, Target

_SPACES = {ord(blank): " " for blank in "\t\r\n"}  # pasted text
_MAX_NAME = 200  # characters of a name

Validator = Callable[[Value], Value]
Judge = Callable[[Target, Sequence[Target], Mapping[str, Target]], None]


Listener = Callable[[Change], None]


def _same(value: Value | None, sent: object) -> bool:
    """Whether OSC says both the same way, with floats of 32 bits: 0.005 is a little less there."""
    numbers = isinstance(value, float) and isinstance(sent, int | float)
    return c_float(value).value == c_float(sent).value if numbers else value == sent  # type: ignore[arg-type]


def acceptable(text: str, longest: int = _MAX_NAME) -> bool:
    """Whether ``text`` can be the value of a text parameter: so many characters at most, all of them printable."""
    return len(text) <= longest and text.isprintable()


class ControlLog(EngineChanges):
    """Applies changes to a parameter tree and keeps what follows from them (kept targets, source, trigger counts).

    Not thread-safe: it lives in one event loop. A listener may itself apply a change; that change is numbered at once
    and told to the listeners after the one being told, so all of them hear the changes in the order of their numbers.

    Args:
        tree: parameters and their current values.
        ear: directory of the ear.
        seed: seed of all randomness of the session.
        state: go on from here (a node that rejoins a running session); ``ear`` and ``seed`` are then taken from it.
        validators: further checks by parameter name, for values whose range is known at run time (layers, clips); each
            returns the value to store or raises UserError.
        history: how many changes are remembered.
        clock: seconds; :func:`ear_engine.shared_memory.clock.now`.
    """

    def __init__(
        self,
        tree: ParameterTree,
        *,
        ear: str = "",
        seed: int = 0,
        state: ControlState | None = None,
        validators: Mapping[str, Validator] | None = None,
        history: int = 4096,
        clock: Callable[[], float] = now,
    ) -> None:
        self.tree = tree
        self.validators: dict[str, Validator] = dict(validators or {})
        self.judges: list[Judge] = []
        """Asked before targets change: the current, kept and stored ones as they would be; may raise UserError."""
        self.history: deque[Change] = deque(maxlen=history)
        self._clock = clock
        self._listeners: list[Listener] = []
        self._untold: deque[Change] = deque()
        self._telling = False
        self._triggers = {row.name: 0 for row in tree if row.kind == "trigger"}
        self._held = Held()
        self._decided = Decided(ear=ear)
        self._number = 0
        self._seed = seed
        if state is not None:
            self._resume(state)

    def _resume(self, state: ControlState) -> None:
        self._number, self._seed, self._held = state.sequence, state.seed, Held(tuple(state.kept), dict(state.stored))
        self._decided = Decided.of(state)
        self._triggers.update({name: count for name, count in state.triggers.items() if name in self._triggers})
        self.tree.values.update({name: value for name, value in state.values.items() if name in self.tree.values})

    @property
    def number(self) -> int:
        """Number of the last change; 0 before the first."""
        return self._number

    @property
    def target(self) -> Target:
        """The target being played."""
        return target_of(self.tree.values)

    @property
    def kept(self) -> tuple[Target, ...]:
        """Targets held besides it."""
        return self._held.kept

    @property
    def stored(self) -> Mapping[str, Target]:
        """Targets ``a`` and ``b``, as far as they are stored."""
        return dict(self._held.stored)

    @property
    def held(self) -> Held:
        """Both."""
        return self._held

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` after every change, in the order of their numbers."""
        self._listeners.append(listener)

    def check(self, changes: Mapping[str, object]) -> dict[str, Value]:
        """Check values as :meth:`apply` does; nothing is stored.

        Raises:
            UserError: an unknown name, or a value that is refused.
        """
        checked: dict[str, Value] = {}
        for name, raw in changes.items():
            row = self.tree[name]
            value = row.check(raw)
            value = value.translate(_SPACES) if isinstance(value, str) else value
            if isinstance(value, str) and not acceptable(value, row.longest):
                reason = f"takes printable text of up to {row.longest} characters"
                raise UserError(name, reason, "send a shorter or plainer text", "bad_value")
            validator = self.validators.get(name)
            checked[name] = value if validator is None else validator(value)
        return checked

    def apply(self, changes: Mapping[str, object], origin: str, known: bool = True, gesture: str = "") -> Change:
        """Set parameters and fire triggers, all of them or none.

        Values are stored first, then triggers fire in the order given; a trigger given 0 is ignored. If nothing is left
        to do, the returned change is empty, carries the last number and is not logged.

        Args:
            changes: by name.
            origin: who asked.
            known: whether ``origin`` named these values itself; false if it named a preset, say.
            gesture: what is done, such as ``preset drone``; :attr:`Change.gesture` of an earlier change to go on with
                that. Without one, values that are not known are a gesture of their own.

        Raises:
            UserError: an unknown name, or a value that is refused; nothing has changed then.
        """
        checked = self.check(changes)
        implied = [self.tree[name].implies for name, value in checked.items() if value or name not in self._triggers]
        checked = {**dict(pair for pair in implied if pair is not None), **checked}
        values = {name: value for name, value in checked.items() if name not in self._triggers}
        fired = [name for name, value in checked.items() if name in self._triggers and value]
        sent = frozenset(
            name for name in changes if known and (name in fired or _same(values.get(name), changes[name]))
        )
        return self._log(values, fired, {}, origin, known=sent, gesture=gesture or ("" if known else "change"))

    def restore(self, values: Mapping[str, object], held: Held | None, origin: str, gesture: str) -> Change:
        """Set parameters to what they are to be, whatever they imply, and what is held, in one change.

        Values that are so already are left out.

        Args:
            values: by name.
            held: targets that are held from now on; None for those that are.
            origin: who asked.
            gesture: what is done, as :meth:`apply` takes it.

        Raises:
            UserError: an unknown name, or a value or target that is refused; nothing has changed then.
        """
        checked = {name: value for name, value in self.check(values).items() if value != self.tree.values[name]}
        held = None if held == self._held else held
        return self._log(checked, [], {}, origin, gesture=gesture, held=held)

    def fire(self, name: str, origin: str) -> Change:
        """Fire the trigger ``name``.

        Raises:
            UserError: no such trigger, or it cannot fire now (too many kept targets).
        """
        if self.tree[name].kind != "trigger":
            raise UserError(name, "is not a trigger", "set its value instead", "bad_type")
        return self.apply({name: True}, origin)

    def snapshot(self) -> ControlState:
        """Everything decided so far, for the control slot."""
        return ControlState(
            sequence=self._number,
            values=dict(self.tree.values),
            triggers=dict(self._triggers),
            kept=list(self._held.kept),
            stored=dict(self._held.stored),
            seed=self._seed,
            **self._decided.as_fields(),
        )

    def _log(
        self,
        values: dict[str, Value],
        fired: list[str],
        engine: Mapping[str, str | float | int | bool],
        origin: str,
        dropped: tuple[int, ...] = (),
        clips: Mapping[str, str] | None = None,
        captures: int | None = None,
        known: frozenset[str] = frozenset(),
        gesture: str = "",
        held: Held | None = None,
    ) -> Change:
        if not (values or fired or engine or dropped or held or clips is not None or captures is not None):
            return Change(self._number, self._clock(), origin)
        before = after = self._held if held is None else held
        if held is not None or any(name.startswith("target/") for name in (*values, *fired)):
            target = target_of({**self.tree.values, **values})
            after = before.after(fired, target)
            for judge in self.judges:
                judge(target, after.kept, after.stored)
        before, after = self._held, after.without(dropped)
        was = {name: self.tree.values[name] for name in values}
        self.tree.values.update(values)
        self._decided = self._decided.after(engine, clips, captures)
        self._held = after
        for name in fired:
            self._triggers[name] += 1
        self._number += 1
        numbered = (self._number, self._clock(), origin)
        part = f"{gesture}#{self._number}" if gesture and "#" not in gesture else gesture
        both = None if after == before else (before, after)
        change = Change(*numbered, values, tuple(fired), engine, dropped, clips, captures, known, part, was, both)
        self.history.append(change)
        self._untold.append(change)
        self._tell()
        return change

    def _tell(self) -> None:
        if self._telling:
            return
        self._telling = True
        try:
            while self._untold:
                change = self._untold.popleft()
                for listener in self._listeners:
                    listener(change)
        finally:
            self._telling = False
