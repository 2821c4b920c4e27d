"""A loop that was heard, taken up again: exactly as it was until the first step, then as the dream's own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.loudness import LoudnessMeter


@dataclass(frozen=True)
class Recalled:
    """What a dream keeps of a recalled loop.

    Args:
        side: (samples,), half the difference of left and right, in the measure of the dream.
        loudness: LUFS, as loud as it was heard.
        audio: (2, samples), float32, as it was heard; None as soon as a step has changed it.
    """

    side: Tensor
    loudness: float
    audio: NDArray[np.float32] | None

    def changed(self) -> Recalled:
        """The same after a step."""
        return self if self.audio is None else replace(self, audio=None)

    def on(self, device: torch.device) -> Recalled:
        """The same on another device."""
        return replace(self, side=self.side.to(device))


def recalled(
    heard: NDArray[np.float32], level: float | None, meter: LoudnessMeter, device: torch.device
) -> tuple[Tensor, Recalled]:
    """The middle that a dream goes on from, (samples,), and what it keeps of the loop.

    Args:
        heard: (1 or 2, samples).
        level: RMS that the dream's middle must not exceed; None if any will do.
        meter: for loops of that length.
        device: of the dream.
    """
    stereo = np.ascontiguousarray(np.broadcast_to(heard[:2], (2, heard.shape[1])), dtype=np.float32).copy()
    middle, side = (stereo[0] + stereo[1]) / 2, (stereo[0] - stereo[1]) / 2
    loud = float(np.sqrt(np.square(middle, dtype=np.float64).mean()))
    scale = np.float32(1.0 if level is None else min(1.0, level / max(loud, 1e-12)))
    sides = Recalled(torch.from_numpy(side * scale).to(device), meter.measure(stereo), stereo)
    return torch.from_numpy(middle * scale).to(device), sides
