"""Cost of noise: flat spectra."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ear_engine.ear.log_polar import LOG_RANGE
from ear_engine.optimization.penalties.base import Penalty
from ear_engine.optimization.penalties.spectrum import power
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Shape

_BINS, _STEP = 24, 12  # in which a spectrum is flat or not: an octave at 24 bins an octave, and the next one
_EXPONENT = 0.3  # of power, by which octaves count
_ORDINARY = 0.33  # flatness of ordinary music


class Noise(Penalty):
    """Spectral flatness of every octave at every moment, the mean weighted by loudness.

    Flatness is the geometric over the arithmetic mean of power (Gray and Markel 1974): near 0 for a tone, 0.56 for
    noise, 1 for a spectrum that is all alike.
    """

    def numbers(self, settings: DreamSettings, shape: Shape) -> Tensor | None:
        """Its strength."""
        return torch.tensor(settings.noise_penalty / _ORDINARY) if settings.noise_penalty > 0 else None

    def cost(self, audio: Tensor, features: Tensor, trace: Mapping[str, Tensor], numbers: Tensor) -> Tensor:
        """Strength times flatness, 1 for ordinary music."""
        size = (min(_BINS, features.shape[2]), 1)
        arithmetic = nn.functional.avg_pool2d(power(features)[:, None], size, (_STEP, 1))
        geometric = torch.exp(LOG_RANGE * nn.functional.avg_pool2d(features[:, :1], size, (_STEP, 1)))
        weight = arithmetic.pow(_EXPONENT) - 1.0
        cost: Tensor = numbers * (weight * geometric / arithmetic).sum() / weight.sum().clamp(min=1e-6)
        return cost
