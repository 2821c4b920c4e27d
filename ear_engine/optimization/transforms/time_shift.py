"""Circular shift in time, exact to the sample."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Copies, Shape, Transform


class TimeShift(Transform):
    """Circular shift by any number of samples: no frame grid of 1024 samples can imprint itself on the sound."""

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """Samples that each copy is shifted by, (batch,): up to the share ``time_shift`` of the loop."""
        if settings.time_shift <= 0:
            return None
        reach = max(1, round(settings.time_shift * shape.samples))
        return torch.randint(0, reach, (shape.batch,), generator=generator).float()

    def on_audio(self, copies: Copies, numbers: Tensor) -> Copies:
        """Shift each copy by its own number of samples."""
        samples = copies.audio.shape[-1]
        moves = numbers.long()
        place = (torch.arange(samples, device=moves.device) - moves[:, None]) % samples
        return Copies(copies.audio.gather(1, place), copies.shifts + numbers / samples)
