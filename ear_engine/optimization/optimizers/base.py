"""What an optimizer is: gradients over time in, one direction out.

How far a step goes is not its business: the distance of a beat is set (``dream/rate``), and a direction counts only by
where it points. Memory is counted in beats, so that the number of steps in a beat does not change the path.
"""

from __future__ import annotations

import torch
from torch import Tensor

_LEAST = 1e-18  # RMS below which a gradient counts as none; its square is still a normal number


def decay(beats: float, half_life: float) -> float:
    """Share of a memory with this half-life (in beats) that is left after ``beats``."""
    return float(0.5 ** (max(beats, 0.0) / half_life))


def unit(direction: Tensor) -> Tensor:
    """Each row of (variants, coordinates) brought to an RMS of 1; a row of zeros stays."""
    scaled: Tensor = direction / direction.square().mean(dim=-1, keepdim=True).sqrt().clamp(min=_LEAST)
    return scaled


class Optimizer:
    """A way from gradients to a direction (plug-in kind ``optimizers``); constructed without arguments."""

    def start(self, like: Tensor) -> tuple[Tensor, ...]:
        """State before the first step, for coordinates like ``like``, (variants, coordinates)."""
        raise NotImplementedError

    def numbers(self, beats: float) -> Tensor:
        """What a step of ``beats`` beats multiplies memories by, 1-d float32 on the CPU, always the same length."""
        raise NotImplementedError

    def direction(
        self, gradient: Tensor, state: tuple[Tensor, ...], numbers: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Direction, (variants, coordinates), and the state after the step; pure tensor code.

        Args:
            gradient: (variants, coordinates), uphill.
            state: after the last step, or from :meth:`start`.
            numbers: from :meth:`numbers`, on the gradient's device.
        """
        raise NotImplementedError


class Averaged(Optimizer):
    """Directions made from an exponential average of unit gradients.

    Unit gradients, because an objective's scale is arbitrary and jumps when the target is changed.
    """

    half_life = 0.25  # beats

    def start(self, like: Tensor) -> tuple[Tensor, ...]:
        """Nothing seen yet."""
        return (torch.zeros_like(like),)

    def numbers(self, beats: float) -> Tensor:
        """The share of the average that stays."""
        return torch.tensor([decay(beats, self.half_life)])

    def average(self, gradient: Tensor, mean: Tensor, numbers: Tensor) -> Tensor:
        """The average after a step."""
        return torch.lerp(unit(gradient), mean, numbers[0].to(mean.dtype))
