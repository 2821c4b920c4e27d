"""Which controls are in someone's hand, so that no motor pulls at it."""

from __future__ import annotations

from ear_engine.midi.binding import Binding
from ear_engine.midi.controls import Control

REST = 0.3
"""Seconds without a word after which a hand counts as gone."""


class Hands:
    """Remembers touches and movements of one device."""

    def __init__(self) -> None:
        self._moved: dict[Control, float] = {}
        self._touched: set[Control] = set()

    def moved(self, control: Control, at: float) -> None:
        """``control`` has moved at clock time ``at``."""
        self._moved[control] = at

    def touch(self, control: Control, on: bool) -> None:
        """The note by which a fader says that it is touched has begun or ended."""
        (self._touched.add if on else self._touched.discard)(control)

    def since(self, control: Control, at: float) -> float:
        """Seconds since it has moved."""
        return at - self._moved.get(control, float("-inf"))

    def on(self, binding: Binding, at: float) -> bool:
        """Whether a hand is on the control of ``binding``."""
        return binding.touch in self._touched or self.since(binding.control, at) < REST
