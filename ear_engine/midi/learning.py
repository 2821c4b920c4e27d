"""Learn: which control someone moves, and of which kind it is, from what it says in half a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ear_engine.midi.assembly import FINE, Assembly
from ear_engine.midi.binding import Binding, Mode
from ear_engine.midi.controls import Control, Signal
from ear_engine.parameters import Parameter

LISTENING = 0.5
"""Seconds from the first movement until it is decided."""
_FEW = 8  # clicks in one message, at most
_LEAST = 3  # messages of an encoder
_NUMBERING = (98, 99)


@dataclass(frozen=True)
class Learned:
    """A binding, and the port of its device."""

    port: str
    binding: Binding


class Learner:
    """Listens for one address.

    Args:
        parameter: what the control shall play.
    """

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        self._heard: list[tuple[str, Signal]] = []
        self._since: float | None = None

    def hear(self, port: str, signal: Signal, at: float) -> None:
        """A device at ``port`` has sent ``signal`` at clock time ``at``."""
        if self._since is None:
            self._since = at
        self._heard.append((port, signal))

    def ready(self, at: float) -> bool:
        """Whether enough was heard by clock time ``at``."""
        return self._since is not None and at - self._since >= LISTENING

    def result(self, shows: Callable[[str], bool] = lambda port: False, takeover: bool | None = None) -> Learned:
        """The control that said most, the first of those that said as much.

        Args:
            shows: whether the device at a port shows what others change, with motors or rings.
            takeover: whether a fader has to meet the value; None is if its device shows nothing.
        """
        port = Counter(source for source, _ in self._heard).most_common(1)[0][0]
        said = [signal for source, signal in self._heard if source == port]
        if any(signal.control.kind == "cc" and signal.control.number in _NUMBERING for signal in said):
            assembly = Assembly(numbered=True)
            said = [whole for signal in said for whole in assembly.take(signal)] or said
        control = Counter(signal.control for signal in said).most_common(1)[0][0]
        values = [signal.value for signal in said if signal.control == control]
        whole = _fine(control, said)
        mode: Mode = "absolute" if whole is not None else _mode(control, values, self.parameter)
        feedback = shows(port)
        binding = Binding(
            whole or control,
            to=self.parameter.name,
            mode=mode,
            fine=whole is not None or (control.kind == "nrpn" and any(value & 127 for value in values)),
            takeover=mode == "absolute" and (not feedback if takeover is None else takeover),
            feedback=feedback,
            touch=next(iter(_touches(control, said)), None),
        )
        return Learned(port, binding)


def _fine(control: Control, said: list[Signal]) -> Control | None:
    """The controller with the high bits, if its low bits came as another one."""
    if control.kind != "cc" or control.number >= 2 * FINE:
        return None
    whole = Control("cc", control.channel, control.number % FINE)
    low = Control("cc", control.channel, whole.number + FINE)
    moved = {signal.control for signal in said}
    return whole if whole in moved and low in moved else None


def _touches(control: Control, said: list[Signal]) -> Iterator[Control]:
    """Notes that began before a fader moved: those by which it says that it is touched."""
    if control.kind == "note":
        return
    for signal in said:
        if signal.control == control:
            return
        if signal.control.kind == "note" and signal.value > 0:
            yield signal.control


def _mode(control: Control, values: list[int], parameter: Parameter) -> Mode:
    if control.kind in ("note", "program") or (control.kind == "cc" and set(values) <= {0, 127}):
        if parameter.kind == "trigger":
            return "trigger"
        several = parameter.kind in ("bool", "choice")
        return "toggle" if several else "momentary"
    if parameter.kind == "trigger":
        return "trigger"
    return _relative(values) or "absolute" if control.kind == "cc" else "absolute"


def _relative(values: list[int]) -> Mode | None:
    """How an encoder writes its clicks; None if it is a fader.

    A fader passes many values, an encoder repeats a few that lie around 0, 64 or 128. One that says 65 only may mean
    to the right (offset) or to the left (sign); the first is far more common.
    """
    if len(values) < _LEAST or len(set(values)) > max(2, len(values) // 2):
        return None
    right, left = (range(1, _FEW + 1), range(128 - _FEW, 128))
    above, below = range(65, 65 + _FEW), range(64 - _FEW, 64)
    if all(value in right or value in left for value in values):
        return "twos"
    if all(value in right or value in above for value in values) and any(value in right for value in values):
        return "sign"
    return "offset" if all(value in above or value in below for value in values) else None
