"""Cost of everything that fires."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ear_engine.ear.statistics import FRONT_END
from ear_engine.optimization.penalties.base import Penalty
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Shape

_ORDINARY = 0.5  # of ordinary music, where the target lies in the encoder


class Activation(Penalty):
    """Energy of the activations of all layers up to the target, so that little fires besides it.

    With E the mean square of a layer's activations, its cost is log(1 + E): in the shipped ears E is about 1 in the
    encoder, and up to 60 where a network adds each block's output to the last.
    """

    everything = True

    def numbers(self, settings: DreamSettings, shape: Shape) -> Tensor | None:
        """Its strength."""
        return torch.tensor(settings.activation_penalty / _ORDINARY) if settings.activation_penalty > 0 else None

    def cost(self, audio: Tensor, features: Tensor, trace: Mapping[str, Tensor], numbers: Tensor) -> Tensor:
        """Strength times the mean over layers, 1 for ordinary music, up to 3 for targets at the top."""
        energy = [raw.float().relu().square().mean() for layer, raw in trace.items() if layer != FRONT_END]
        if not energy:
            return features.new_zeros(())
        cost: Tensor = numbers * torch.log1p(torch.stack(energy)).mean()
        return cost
