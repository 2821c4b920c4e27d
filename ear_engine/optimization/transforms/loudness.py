"""Changes of loudness: each copy is heard at another level."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.ear.log_polar import LOG_RANGE
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Shape, Transform


class Loudness(Transform):
    """A random gain for each copy, so that nothing depends on one level.

    It acts on the scalogram, where a gain is a shift that ends at the floor. The gradient of louder audio would be
    larger, by the weights that ``tone/reshape`` gives to what is loud, and soft copies would hardly count.
    """

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """Gains of the power, (batch,): up to ``loudness`` dB up or down."""
        if settings.loudness <= 0:
            return None
        decibels = settings.loudness * (2.0 * torch.rand(shape.batch, generator=generator) - 1.0)
        return torch.pow(10.0, decibels / 10.0)

    def on_features(self, features: Tensor, numbers: Tensor) -> Tensor:
        """Louder or softer; the phase channel fades with the floor, as :mod:`ear_engine.ear.log_polar` has it."""
        amplitude, phase = features.unbind(1)
        gain = numbers[:, None, None]
        power = torch.expm1(LOG_RANGE * amplitude)
        with torch.no_grad():  # the phase is heard, not followed
            strength = (power * power.roll(1, dims=-1)).sqrt()
            share = gain * (1.0 + strength) / (1.0 + gain * strength)
        return torch.stack([torch.log1p(power * gain) / LOG_RANGE, phase * share], dim=1)
