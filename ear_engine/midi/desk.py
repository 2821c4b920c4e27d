"""From what a device says to what it plays: positions, clicks of encoders, presses of buttons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ear_engine.midi.assembly import Assembly
from ear_engine.midi.binding import BUTTONS, RELATIVE, Binding
from ear_engine.midi.controls import Control, Signal
from ear_engine.midi.feedback import Feedback
from ear_engine.midi.hands import Hands
from ear_engine.midi.values import least_step, next_value, position_of, value_at
from ear_engine.parameters import ParameterTree, Value

_NEAR = 1.5 / 127  # of a fader's way, at which it has met the value
_AGAIN = 0.2  # seconds after which a button that never says that it is released is pressed anew


@dataclass(frozen=True)
class Play:
    """A parameter is set, or a trigger fired."""

    name: str
    value: Value


@dataclass(frozen=True)
class Give:
    """A command is given."""

    address: str
    arguments: tuple[Value, ...] = ()


Action = Play | Give


class Desk:
    """One device: what it is bound to, and how its controls stand.

    Args:
        port: name of its port.
        bindings: of its controls.
        tree: the parameters; their values are only read.
    """

    def __init__(self, port: str, bindings: Sequence[Binding], tree: ParameterTree) -> None:
        self.port = port
        self.bindings = tuple(bindings)
        self.hands = Hands()
        self.feedback = Feedback(bindings, tree, self.hands)
        self._tree = tree
        self._by_control: dict[Control, list[Binding]] = defaultdict(list)
        self._touches = {binding.touch for binding in bindings}
        for binding in bindings:
            self._by_control[binding.control].append(binding)
        fine = {binding.control for binding in bindings if binding.fine and binding.control.kind == "cc"}
        self._assembly = Assembly(fine, any(binding.control.kind == "nrpn" for binding in bindings))
        self._pressed: set[Control] = set()
        self._stood: dict[Binding, float] = {}  # where a fader without a motor stood before
        self._turned: dict[Binding, tuple[float, Value]] = {}  # exact position of an encoder, and the value it made

    def take(self, signal: Signal, at: float, values: Mapping[str, Value]) -> Iterator[Action]:
        """What one signal plays.

        Args:
            signal: as it came.
            at: clock time.
            values: of the parameters, with those that earlier signals have set already.
        """
        if signal.control in self._touches:
            self.hands.touch(signal.control, signal.value > 0)
        for whole in self._assembly.take(signal):
            yield from self._moved(whole, at, values)

    def _moved(self, signal: Signal, at: float, values: Mapping[str, Value]) -> Iterator[Action]:
        control = signal.control
        bound = self._bound(signal)
        if not bound or self.feedback.knows(signal, at, bound[0].mode == "absolute"):
            return
        pressed = self._press(signal, at)
        self.hands.moved(control, at)
        for binding in bound:
            if binding.call:
                yield from self._give(binding, signal, pressed)
            else:
                value = self._value(binding, signal, pressed, values.get(binding.to, False))
                if value is not None and (values.get(binding.to) != value or self._tree[binding.to].kind == "trigger"):
                    yield Play(binding.to, value)
            self.feedback.heard(binding, signal)

    def _bound(self, signal: Signal) -> list[Binding]:
        control = signal.control
        if control.kind != "program":
            return self._by_control.get(control, [])
        said = (signal.value, -1)
        return [b for n in said for b in self._by_control.get(Control("program", control.channel, n), [])]

    def _press(self, signal: Signal, at: float) -> bool | None:
        """Whether a button goes down now (True) or up (False); None if it does neither."""
        control = signal.control
        if control.kind == "program":
            return True
        down, was = signal.value > 0 if control.kind == "note" else signal.position >= 0.5, control in self._pressed
        (self._pressed.add if down else self._pressed.discard)(control)
        if down and was and control.kind != "note" and self.hands.since(control, at) < _AGAIN:
            return None
        return None if not down and not was else down

    def _give(self, binding: Binding, signal: Signal, pressed: bool | None) -> Iterator[Give]:
        if binding.control.kind == "program" and binding.control.number < 0:
            if not binding.arguments:
                yield Give(binding.call, (signal.value,))
            elif signal.value < len(binding.arguments):
                yield Give(binding.call, (binding.arguments[signal.value],))
        elif binding.mode == "absolute":
            yield Give(binding.call, (*binding.arguments, signal.position))
        elif pressed:
            yield Give(binding.call, binding.arguments)

    def _value(self, binding: Binding, signal: Signal, pressed: bool | None, now: Value) -> Value | None:
        row = self._tree[binding.to]
        if binding.mode in BUTTONS:
            if pressed is None or (not pressed and (binding.mode != "momentary" or len(binding.values) == 1)):
                return None
            if row.kind == "trigger":
                return True if pressed else None
            turning = binding.mode == "toggle" or (len(binding.values) > 1 and binding.mode == "trigger")
            return next_value(binding, row, now) if turning else value_at(binding, row, float(pressed))
        if row.kind == "trigger":
            return True if pressed else None
        if binding.mode in RELATIVE:
            return self._turn(binding, signal.value, now)
        position = self._position(binding, signal)
        if binding.takeover and not self._meets(binding, position, now):
            return None
        return value_at(binding, row, position)

    def _position(self, binding: Binding, signal: Signal) -> float:
        if signal.control.kind == "nrpn" and not binding.fine:  # it sends the high bits only
            return (signal.value >> 7) / 127
        return signal.position

    def _meets(self, binding: Binding, position: float, now: Value) -> bool:
        """Whether the fader holds the value: it stood there, has come near, or has passed it."""
        row = self._tree[binding.to]
        before = self._stood.get(binding)
        self._stood[binding] = position
        goal = position_of(binding, row, now)
        if abs(position - goal) <= _NEAR:
            return True
        if before is None:
            return False
        return value_at(binding, row, before) == now or (before - goal) * (position - goal) <= 0

    def _turn(self, binding: Binding, raw: int, now: Value) -> Value:
        row = self._tree[binding.to]
        exact, made = self._turned.get(binding, (0.0, None))
        if made != now:
            exact = position_of(binding, row, now)
        step = max(binding.step, least_step(binding, row))
        exact = min(max(exact + clicks(binding.mode, raw) * step, 0.0), 1.0)
        value = value_at(binding, row, exact)
        self._turned[binding] = exact, value
        return value


def clicks(mode: str, raw: int) -> int:
    """How far an encoder was turned, below 0 to the left.

    Args:
        mode: how it writes that: in ``twos`` complement (1, 127), with an ``offset`` of 64 (65, 63), or with the
            ``sign`` in bit 6 (1, 65).
        raw: 0 to 127.
    """
    if mode == "twos":
        return raw - 128 if raw >= 64 else raw
    if mode == "offset":
        return raw - 64
    return -(raw & 63) if raw & 64 else raw
