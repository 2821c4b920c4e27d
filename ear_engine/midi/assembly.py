"""From single messages to whole values: pairs of controllers with 14 bits, and numbered parameters (NRPN)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ear_engine.midi.controls import Control, Signal

FINE = 32
"""From a controller to that of its low seven bits."""
_NUMBER_HIGH, _NUMBER_LOW, _DATA_HIGH, _DATA_LOW = 99, 98, 6, 38
_REGISTERED = (101, 100)  # the number that follows is no control's, such as the range of the pitch wheel
_NONE = (127, 127)  # the number that stands for none


@dataclass
class _Numbered:
    """Which numbered parameter a channel speaks of, and its high bits."""

    high: int = 127
    low: int = 127
    data: int = 0


class Assembly:
    """Puts together what one device says in several messages.

    Args:
        fine: controllers below 32 whose low bits come as the controller 32 above.
        numbered: whether NRPN are understood; their four controllers then mean nothing else once one was used.
    """

    def __init__(self, fine: Collection[Control] = (), numbered: bool = False) -> None:
        self._fine = frozenset(fine)
        self._is_numbered = numbered
        self._high: dict[Control, int] = {}
        self._numbers: dict[int, _Numbered] = {}

    def take(self, signal: Signal) -> Iterator[Signal]:
        """What is known now that was not before: nothing, or one value.

        High bits count at once, with low bits of 0 as the standard has it; low bits follow within a millisecond.
        """
        control = signal.control
        if control.kind != "cc":
            yield signal
        elif self._is_numbered and (numbered := self._take_numbered(control, signal.value)) is not None:
            yield from numbered
        elif control in self._fine:
            self._high[control] = signal.value
            yield Signal(control, signal.value << 7, 14)
        elif (whole := Control("cc", control.channel, control.number - FINE)) in self._fine:
            if whole in self._high:
                yield Signal(whole, self._high[whole] << 7 | signal.value, 14)
        else:
            yield signal

    def _take_numbered(self, control: Control, value: int) -> list[Signal] | None:
        """Signals of a numbered parameter; None if this is none of its messages."""
        state = self._numbers.get(control.channel)
        if control.number in (_NUMBER_HIGH, _NUMBER_LOW):
            state = self._numbers.setdefault(control.channel, _Numbered())
            if control.number == _NUMBER_HIGH:
                state.high = value
            else:
                state.low = value
            return []
        if control.number in _REGISTERED:
            self._numbers.pop(control.channel, None)
            return None
        if control.number not in (_DATA_HIGH, _DATA_LOW) or state is None or (state.high, state.low) == _NONE:
            return None
        state.data = value << 7 if control.number == _DATA_HIGH else state.data & ~127 | value
        return [Signal(Control("nrpn", control.channel, state.high << 7 | state.low), state.data, 14)]
