"""What a transform is: random draws on the host, and a pure function of tensors on the device.

A transform is a plug-in (kind ``transforms``): a class without arguments. Each copy in the batch hears the loop a
little differently, so that only robust sound survives.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ear_engine.optimization.settings import DreamSettings


@dataclass(frozen=True)
class Shape:
    """Sizes of one step.

    Args:
        variants: loops dreamed at once (live: 1).
        copies: heard of each.
        samples: of a loop.
        frames, bins: of its scalogram.
        sample_rate: Hz.
        beats: of the loop.
        step: beats that pass in this step, for what goes on over time.
        bins_per_octave, f_min: of the scalogram; the center of its lowest bin in Hz.
        number: steps that the dream has made before.
    """

    variants: int
    copies: int
    samples: int
    frames: int
    bins: int
    sample_rate: int
    beats: int
    step: float = 0.25
    bins_per_octave: int = 24
    f_min: float = 40.0
    number: int = 0

    @property
    def batch(self) -> int:
        """Loops that the ear hears in one step; the copies of variant v are rows ``v * copies`` and on."""
        return self.variants * self.copies


@dataclass(frozen=True)
class Copies:
    """The loops that the ear hears.

    Shapes:
        audio: (batch, samples)
        shifts: (batch,), how far each copy is shifted, as a share of the loop
    """

    audio: Tensor
    shifts: Tensor


class Transform:
    """A regularizer; a subclass overrides what it needs.

    ``numbers`` runs on the host and makes all that is random, or follows from the settings. The ``on_`` methods run
    where the ear does: functions of tensors alone, without waiting for the device (no ``item``, no ``if`` on a
    tensor), so that a whole step can be recorded and replayed.
    """

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """What this step needs, float32 on the CPU, of a shape that follows from ``shape``; None: no part in it."""
        return None

    def on_audio(self, copies: Copies, numbers: Tensor) -> Copies:
        """Change the copies before the scalogram."""
        return copies

    def on_features(self, features: Tensor, numbers: Tensor) -> Tensor:
        """Change the scalogram, (batch, 2, bins, frames)."""
        return features

    def on_gradient(self, gradient: Tensor, numbers: Tensor) -> Tensor:
        """Change the shaped gradient, (variants, samples), RMS 1."""
        return gradient

    def on_loop(self, audio: Tensor, numbers: Tensor) -> Tensor:
        """Change the loop after the step, (variants, samples)."""
        return audio
