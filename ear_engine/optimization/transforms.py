"""Transforms: each copy in the batch hears the loop a little differently, so that only robust sound survives.

A transform is a plug-in (kind ``transforms``): a class without arguments whose methods change the audio before, or the
scalogram after, the front end. All randomness comes from the generator it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ear_engine.optimization.settings import DreamSettings


@dataclass(frozen=True)
class Copies:
    """A batch of copies of the loop.

    Shapes:
        audio: (batch, samples)
        shifts: (batch,), how far each copy is shifted, as a share of the loop
    """

    audio: Tensor
    shifts: Tensor


class Transform(Protocol):
    """What a transform does; either method may return its input."""

    def on_audio(self, copies: Copies, settings: DreamSettings, generator: torch.Generator) -> Copies:
        """Change the copies before the scalogram."""

    def on_features(self, features: Tensor, settings: DreamSettings, generator: torch.Generator) -> Tensor:
        """Change the scalogram, (batch, 2, bins, frames)."""


class TimeShift:
    """Circular shift by any number of samples: no frame grid of 1024 samples can imprint itself on the sound."""

    def on_audio(self, copies: Copies, settings: DreamSettings, generator: torch.Generator) -> Copies:
        """Shift each copy by its own random share of the loop."""
        if settings.time_shift <= 0:
            return copies
        batch, samples = copies.audio.shape
        reach = max(1, round(settings.time_shift * samples))
        moves = torch.randint(0, reach, (batch,), generator=generator)
        audio = torch.stack([copy.roll(int(move)) for copy, move in zip(copies.audio, moves, strict=True)])
        return Copies(audio, copies.shifts + (moves / samples).to(copies.shifts))

    def on_features(self, features: Tensor, settings: DreamSettings, generator: torch.Generator) -> Tensor:
        """Nothing."""
        return features


class TimeMask:
    """A random stretch of time is silent for the network; stretches wrap around the loop."""

    def on_audio(self, copies: Copies, settings: DreamSettings, generator: torch.Generator) -> Copies:
        """Nothing."""
        return copies

    def on_features(self, features: Tensor, settings: DreamSettings, generator: torch.Generator) -> Tensor:
        """Silence up to ``time_mask`` of the frames, another stretch in each copy."""
        return _mask(features, -1, settings.time_mask, generator)


class FrequencyMask:
    """A random band is silent for the network; bands do not wrap."""

    def on_audio(self, copies: Copies, settings: DreamSettings, generator: torch.Generator) -> Copies:
        """Nothing."""
        return copies

    def on_features(self, features: Tensor, settings: DreamSettings, generator: torch.Generator) -> Tensor:
        """Silence up to ``freq_mask`` of the bins, another band in each copy."""
        return _mask(features, -2, settings.freq_mask, generator)


def _mask(features: Tensor, axis: int, share: float, generator: torch.Generator) -> Tensor:
    if share <= 0:
        return features
    batch, count = features.shape[0], features.shape[axis]
    draw = torch.rand(2, batch, generator=generator)
    width = draw[0] * share * count
    wraps = axis == -1
    start = draw[1] * (count if wraps else (count - width).clamp(min=0))
    offset = torch.arange(count) - start[:, None]
    hidden = (offset % count if wraps else offset.where(offset >= 0, torch.tensor(float(count)))) < width[:, None]
    shape = [batch, 1, 1, 1]
    shape[axis] = count
    return features * (~hidden).to(features).view(shape)
