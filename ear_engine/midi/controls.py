"""What a controller has, and what it says when one of its controls moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["cc", "nrpn", "note", "bend", "program"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Beat = Literal["clock", "start", "stop", "continue", "position"]

MOST = {7: 127, 14: 16383}
"""Largest value by the number of bits."""
_FULL_BEND = 16368  # Mackie faders have 10 bits and end here


@dataclass(frozen=True)
class Control:
    """One control of a device.

    Args:
        kind: how it speaks.
        channel: 1 to 16.
        number: of the controller, the parameter or the note; 0 for pitch bend and program change.
    """

    kind: Kind
    channel: int
    number: int = 0

    def __str__(self) -> str:
        """Such as ``cc 81`` on channel 1, ``note 36 on channel 10``."""
        name = self.kind if self.kind in ("bend", "program") else f"{self.kind} {self.number}"
        return name if self.channel == 1 else f"{name} on channel {self.channel}"


@dataclass(frozen=True)
class Signal:
    """A control has moved.

    Args:
        control: which.
        value: 0 to 127, with 14 bits 0 to 16383; a note that ends has 0, a program change its program.
        bits: 7 or 14.
    """

    control: Control
    value: int
    bits: int = 7

    @property
    def position(self) -> float:
        """Where an absolute control stands, 0..1."""
        most = _FULL_BEND if self.control.kind == "bend" else MOST[self.bits]
        return min(1.0, self.value / most)


@dataclass(frozen=True)
class Pulse:
    """Something of a clock: one of 24 ticks of a beat, start, stop, continue, or the position in sixteenths."""

    beat: Beat
    sixteenths: int = 0
