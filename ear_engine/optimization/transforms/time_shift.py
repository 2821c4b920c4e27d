"""Circular shift in time, exact to the sample."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Copies, Shape, Transform

_GOLDEN, _SILVER = 0.6180339887498949, 0.4142135623730950


class TimeShift(Transform):
    """Each copy is shifted by any number of samples, below one frame's hop even where ``transform/time_shift`` is 0.

    The scalogram's high bins see less than a hop: unshifted, a dream would only touch the samples that frames see, and
    sound at the frame rate (43 Hz). Shifts at random leave a tenth of that after a hundred steps. So whole hops are
    random, and within the hop each copy of each step lies a golden section further than the one before: any few shifts
    in a row divide the hop nearly evenly (Weyl 1916; the sequence of lowest discrepancy of its kind).
    """

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """Samples that each copy is shifted by, (batch,): up to the share ``time_shift`` of the loop, or to a hop."""
        hops = max(1, round(settings.time_shift * shape.frames))
        whole = torch.randint(0, hops, (shape.batch,), generator=generator)
        row = torch.arange(shape.batch, dtype=torch.float64)
        variant, copy = row.div(shape.copies, rounding_mode="floor"), row % shape.copies
        inside = ((shape.number * shape.copies + copy) * _GOLDEN + variant * _SILVER) % 1.0
        shifts = (whole + inside) * (shape.samples / shape.frames)
        return shifts.floor().float()

    def on_audio(self, copies: Copies, numbers: Tensor) -> Copies:
        """Shift each copy by its own number of samples."""
        samples = copies.audio.shape[-1]
        moves = numbers.long()
        place = torch.arange(samples, device=moves.device) - moves[:, None]
        place = torch.where(place < 0, place + samples, place)  # a remainder takes ten times as long
        return Copies(copies.audio.gather(1, place), copies.shifts + numbers / samples)
