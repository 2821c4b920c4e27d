"""Adam: each coordinate by its own size of gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.optimizers.base import Optimizer, decay, unit

_FIRST = 0.25  # beats, half-life of the mean
_SECOND = 4.0  # beats, half-life of the mean square
_FLOOR = 1e-3  # of the RMS over all coordinates: coordinates whose gradient is next to nothing stay quiet


class Adam(Optimizer):
    """Mean of unit gradients over the root of their mean square (Kingma & Ba 2015), memories in beats.

    Both means are divided by the weight they have gathered, which is Adam's bias correction for steps of any length.
    """

    def start(self, like: Tensor) -> tuple[Tensor, ...]:
        """Mean, mean square, and the weight that each has gathered."""
        return torch.zeros_like(like), torch.zeros_like(like), like.new_zeros(2)

    def numbers(self, beats: float) -> Tensor:
        """The shares of both memories that stay."""
        return torch.tensor([decay(beats, _FIRST), decay(beats, _SECOND)])

    def direction(
        self, gradient: Tensor, state: tuple[Tensor, ...], numbers: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Mean over root mean square, at unit level."""
        mean, square, weight = state
        kept = numbers.to(mean.dtype)
        gradient = unit(gradient)
        mean = torch.lerp(gradient, mean, kept[0])
        square = torch.lerp(gradient.square(), square, kept[1])
        weight = torch.lerp(torch.ones_like(weight), weight, kept)
        first, second = (mean / weight[0].clamp(min=1e-12)), (square / weight[1].clamp(min=1e-12))
        floor = _FLOOR * second.mean(dim=-1, keepdim=True).sqrt()
        return unit(first / (second.sqrt() + floor).clamp(min=1e-12)), (mean, square, weight)
