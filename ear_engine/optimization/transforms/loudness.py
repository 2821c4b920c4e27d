"""Changes of loudness: each copy is heard at another level."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Copies, Shape, Transform


class Loudness(Transform):
    """A random gain for each copy, so that nothing depends on one level."""

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """Gains, (batch,): up to ``loudness`` dB up or down."""
        if settings.loudness <= 0:
            return None
        decibels = settings.loudness * (2.0 * torch.rand(shape.batch, generator=generator) - 1.0)
        return torch.pow(10.0, decibels / 20.0)

    def on_audio(self, copies: Copies, numbers: Tensor) -> Copies:
        """Louder or softer."""
        return Copies(copies.audio * numbers[:, None], copies.shifts)
