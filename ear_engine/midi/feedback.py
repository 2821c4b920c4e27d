"""What a device is told, so that its motors, rings and lights show what others do.

Each control gets the latest value only, at most so often, and none while a hand is on it. What a device already shows
is not sent again, so nothing comes back for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ear_engine.midi.binding import BUTTONS, RELATIVE, Binding
from ear_engine.midi.controls import MOST, Control, Signal
from ear_engine.midi.hands import Hands
from ear_engine.midi.values import position_of
from ear_engine.parameters import ParameterTree, Value

PAUSE = 1 / 40
"""Least seconds between two values for one control."""
_ECHO = 0.05  # seconds within which a device, or a cable that leads back, repeats what it was told


class Feedback:
    """What one device shall show.

    Args:
        bindings: of its controls.
        tree: the parameters.
        hands: that are on the device.
    """

    def __init__(self, bindings: Sequence[Binding], tree: ParameterTree, hands: Hands) -> None:
        self._tree = tree
        self._hands = hands
        self._shown: dict[Control, int] = {}  # where its controls stand, as far as that is known
        self._sent: dict[Control, float] = {}
        self._dirty: dict[int, Binding] = {}  # by place, so in the order of the map
        self._bindings: dict[str, list[tuple[int, Binding]]] = {}
        for place, binding in enumerate(bindings):
            if binding.feedback and binding.to and tree[binding.to].kind != "trigger":
                self._bindings.setdefault(binding.to, []).append((place, binding))

    def changed(self, names: Iterable[str]) -> None:
        """These parameters may have other values now."""
        for name in names:
            self._dirty.update(self._bindings.get(name, ()))

    def refresh(self) -> None:
        """Tell it everything: the device has just come, or has forgotten."""
        self._shown.clear()
        self.changed(self._bindings)

    def knows(self, signal: Signal, at: float, absolute: bool) -> bool:
        """Whether the control only says what it was told last: an echo, or a motor that has arrived.

        Args:
            signal: as it came at clock time ``at``; of 14 bits the high ones come first, alone.
            at: clock time.
            absolute: whether it says where it stands; a press or a click that was told long ago is a new one.
        """
        shown, sent = self._shown.get(signal.control), self._sent.get(signal.control)
        if shown is None or sent is None:
            return False
        recent = at - sent < _ECHO
        half = signal.bits == 14 and signal.control.kind != "bend" and signal.value == shown & ~127
        return (shown == signal.value and (absolute or recent)) or (half and recent)

    def heard(self, binding: Binding, signal: Signal) -> None:
        """The hand has put a control where ``signal`` says."""
        if binding.mode == "absolute":
            self._shown[signal.control] = signal.value
            self._sent.pop(signal.control, None)
        else:  # the device may show something of its own
            self._shown.pop(signal.control, None)
        if binding.to in self._bindings:
            self.changed((binding.to,))

    def due(self, at: float, values: Mapping[str, Value]) -> list[Signal]:
        """What to send at clock time ``at``."""
        found = []
        for place, binding in list(self._dirty.items()):
            control = binding.control
            if self._hands.on(binding, at) or at - self._sent.get(control, float("-inf")) < PAUSE:
                continue
            del self._dirty[place]
            signal = self._signal(binding, values[binding.to])
            if self._shown.get(control) != signal.value:
                self._shown[control] = signal.value
                self._sent[control] = at
                found.append(signal)
        return found

    @property
    def waiting(self) -> bool:
        """Whether something is still to be sent."""
        return bool(self._dirty)

    def _signal(self, binding: Binding, value: Value) -> Signal:
        fine = binding.control.kind == "bend" or binding.fine
        bits = 14 if fine and binding.mode not in RELATIVE else 7
        position = position_of(binding, self._tree[binding.to], value)
        if binding.mode in BUTTONS:
            position = float(position >= 0.5)
        return Signal(binding.control, round(position * MOST[bits]), bits)
