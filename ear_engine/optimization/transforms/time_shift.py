"""Circular shift in time, exact to the sample."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Copies, Shape, Transform


class TimeShift(Transform):
    """Each copy is shifted by any number of samples, below one frame's hop even where ``transform/time_shift`` is 0.

    The scalogram's high bins see less than a hop: unshifted, a dream would only touch the samples that frames see, and
    sound at the frame rate (43 Hz).
    """

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """Samples that each copy is shifted by, (batch,): up to the share ``time_shift`` of the loop, or to a hop."""
        hop = math.ceil(shape.samples / shape.frames)
        reach = max(hop, round(settings.time_shift * shape.samples))
        return torch.randint(0, reach, (shape.batch,), generator=generator).float()

    def on_audio(self, copies: Copies, numbers: Tensor) -> Copies:
        """Shift each copy by its own number of samples."""
        samples = copies.audio.shape[-1]
        moves = numbers.long()
        place = torch.arange(samples, device=moves.device) - moves[:, None]
        place = torch.where(place < 0, place + samples, place)  # a remainder takes ten times as long
        return Copies(copies.audio.gather(1, place), copies.shifts + numbers / samples)
