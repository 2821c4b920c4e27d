"""How a direction becomes a change: the paper's normalized gradient steps, made independent of the machine's speed."""

from __future__ import annotations

import torch
from torch import Tensor

_MEMORY = 0.25  # beats over which the direction is averaged


class NormalizedGradient:
    """Moves the loop by a set distance a beat along the averaged direction.

    The direction is an exponential average of unit gradients over a quarter of a beat, brought to unit RMS again. So a
    beat's steps cover the same distance at any number of steps a second.

    Args:
        level: RMS of the loop that a rate in dB refers to.
    """

    def __init__(self, level: float) -> None:
        self.level = level
        self._direction: Tensor | None = None

    def reset(self) -> None:
        """Forget the direction."""
        self._direction = None

    def step(self, audio: Tensor, gradient: Tensor, rate: float, beats: float) -> Tensor:
        """The loop after a step.

        Args:
            audio: (samples,).
            gradient: (samples,), uphill, RMS 1 (or 0).
            rate: dB of change a beat.
            beats: time since the last step.
        """
        if self._direction is None:
            self._direction = gradient
        else:
            self._direction = torch.lerp(gradient, self._direction, 0.5 ** (beats / _MEMORY))
        length = self._direction.square().mean().sqrt().clamp(min=1e-12)
        moved: Tensor = audio + self._direction * (self.level * 10.0 ** (rate / 20.0) * beats / length)
        return moved
