"""What a dream is of: the middle of its source, which the ear hears, its sides, which stay, and how loud it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.loudness import SILENT, LoudnessMeter

SILENCE_LUFS = -20.0  # loudness of a dream that begins from silence


@dataclass(frozen=True)
class DreamSource:
    """A source on the device of its dream.

    Args:
        middle: (samples,), half the sum of left and right.
        side: (samples,), half their difference.
        loudness: LUFS, of what is dreamed of it.
        level: RMS that "dB of change" refers to: that of the middle, or of pink-ish sound at the loudness aimed at.
        mute: whether it is silent.
        silent: whether its middle is, so that the ear hears nothing.
    """

    middle: Tensor
    side: Tensor
    loudness: float
    level: float
    mute: bool
    silent: bool

    @classmethod
    def of(cls, audio: NDArray[np.float32], meter: LoudnessMeter, device: torch.device) -> DreamSource:
        """The source in ``audio``, (1 or 2, samples); ``meter`` is for loops of that length."""
        stereo = np.repeat(audio, 2, axis=0) if audio.shape[0] == 1 else audio
        loudness, middle = meter.measure(stereo), (stereo[0] + stereo[1]) / 2
        mute = loudness <= SILENT
        silent = meter.measure(np.stack([middle, middle])) <= SILENT
        heard = torch.from_numpy(middle).to(device)
        own = float(heard.square().mean().sqrt())
        return cls(
            heard,
            torch.from_numpy((stereo[0] - stereo[1]) / 2).to(device),
            SILENCE_LUFS if mute else loudness,
            10.0 ** (SILENCE_LUFS / 20.0) if silent else own,
            mute,
            silent,
        )
