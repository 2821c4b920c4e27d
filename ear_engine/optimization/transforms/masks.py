"""Masks: random stretches of time and bands of frequency are silent for the network."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Shape, Transform


class TimeMask(Transform):
    """A random stretch of time is silent for the network; stretches wrap around the loop."""

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """Start and width in frames, (2, batch): up to the share ``time_mask`` of the frames."""
        if settings.time_mask <= 0:
            return None
        start, width = torch.rand(2, shape.batch, generator=generator) * shape.frames
        return torch.stack([start, width * settings.time_mask])

    def on_features(self, features: Tensor, numbers: Tensor) -> Tensor:
        """Silence another stretch in each copy."""
        frames = features.shape[-1]
        start, width = numbers[..., None]
        hidden = (torch.arange(frames, device=features.device) - start) % frames < width
        masked: Tensor = features * (~hidden).to(features)[:, None, None, :]
        return masked


class FrequencyMask(Transform):
    """A random band is silent for the network; bands do not wrap."""

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """Start and width in bins, (2, batch): up to the share ``freq_mask`` of the bins."""
        if settings.freq_mask <= 0:
            return None
        place, width = torch.rand(2, shape.batch, generator=generator)
        width = width * settings.freq_mask * shape.bins
        return torch.stack([place * (shape.bins - width), width])

    def on_features(self, features: Tensor, numbers: Tensor) -> Tensor:
        """Silence another band in each copy."""
        start, width = numbers[..., None]
        place = torch.arange(features.shape[-2], device=features.device) - start
        hidden = (place >= 0) & (place < width)
        masked: Tensor = features * (~hidden).to(features)[:, None, :, None]
        return masked
