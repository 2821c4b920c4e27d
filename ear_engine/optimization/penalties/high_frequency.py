"""Cost of high frequencies."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ear_engine.optimization.penalties.base import Penalty
from ear_engine.optimization.penalties.spectrum import loudness
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Shape

_FROM_HZ = 1000.0  # where it begins; it rises with every octave
_ORDINARY = 0.35  # octaves above that, in the mean over the loudness of ordinary music


class HighFrequency(Penalty):
    """Octaves above 1 kHz, in the mean over all that is heard, weighted by its loudness."""

    def numbers(self, settings: DreamSettings, shape: Shape) -> Tensor | None:
        """What each bin costs, (bins,)."""
        if settings.high_frequency_penalty <= 0:
            return None
        center = shape.f_min * torch.exp2(torch.arange(shape.bins) / shape.bins_per_octave)
        octaves = torch.log2(center / _FROM_HZ).clamp(min=0.0)
        return octaves * (settings.high_frequency_penalty / _ORDINARY)

    def cost(self, audio: Tensor, features: Tensor, trace: Mapping[str, Tensor], numbers: Tensor) -> Tensor:
        """Strength times octaves, 1 for ordinary music."""
        heard = loudness(features)
        cost: Tensor = (heard * numbers[:, None]).sum() / heard.sum().clamp(min=1e-6)
        return cost
