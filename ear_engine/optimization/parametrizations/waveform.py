"""Samples as they are: a step's change has the spectrum of its shaped gradient."""

from __future__ import annotations

from torch import Tensor

from ear_engine.optimization.parametrizations.base import Parametrization


class Waveform(Parametrization):
    """The audio is its own coordinates."""

    def gradient(self, audio: Tensor, gradient: Tensor) -> Tensor:
        """The gradient itself."""
        return gradient

    def change(self, audio: Tensor, direction: Tensor) -> Tensor:
        """The direction itself."""
        return direction
