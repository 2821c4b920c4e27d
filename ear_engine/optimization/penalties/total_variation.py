"""Cost of restless spectra."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ear_engine.optimization.penalties.base import Penalty
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Shape

_ORDINARY = 0.11  # mean step from one place to the next in ordinary music, of both axes together


class TotalVariation(Penalty):
    """Mean step of the log amplitude from frame to frame, around the loop, and from bin to bin.

    Source: Rudin, Osher and Fatemi 1992, anisotropic: absolute steps along each axis.
    """

    def numbers(self, settings: DreamSettings, shape: Shape) -> Tensor | None:
        """Its strength."""
        strength = settings.total_variation_penalty
        return torch.tensor(strength / _ORDINARY) if strength > 0 else None

    def cost(self, audio: Tensor, features: Tensor, trace: Mapping[str, Tensor], numbers: Tensor) -> Tensor:
        """Strength times variation, 1 for ordinary music."""
        amplitude = features[:, 0]
        over_time = (amplitude - amplitude.roll(1, dims=2)).abs().mean()
        over_bins = amplitude.diff(dim=1).abs().mean()
        cost: Tensor = numbers * (over_time + over_bins)
        return cost
