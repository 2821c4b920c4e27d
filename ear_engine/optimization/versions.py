"""What comes out of a dream: what a step did, and the loop as it will be heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.activations import to_arrays
from ear_engine.optimization.dream_source import DreamSource
from ear_engine.optimization.hearing import Hearing
from ear_engine.optimization.mastering import Mastered, Mastering
from ear_engine.optimization.recalling import Recalled


@dataclass(frozen=True)
class Step:
    """What a step did: the objective before it, and whether all was finite (if not, the loop before it was kept).

    It is read one step late, so that nothing waits for the device: the first step of a dream tells of itself, every
    other one of the one before.
    """

    objective: float
    finite: bool


@dataclass(frozen=True)
class Version:
    """The loop as it will be heard, and what the ear makes of it.

    Shapes:
        audio: (2, samples), float32, true peaks at or below -1 dBTP
        activations[layer]: (steps, neurons), float32
        gradient: (frames, bins), float32, of what is aimed at by the level that the ear hears, of the last step; None
            before the first
    """

    audio: NDArray[np.float32]
    activations: dict[str, NDArray[np.float32]]
    frames: int
    gradient: NDArray[np.float32] | None = None


class Versions:
    """Makes what is heard of a dream.

    Args:
        hearing: what the ear makes of it.
        source: whose side and loudness it has.
        sample_rate: Hz.
    """

    def __init__(self, hearing: Hearing, source: DreamSource, sample_rate: int) -> None:
        self._hearing = hearing
        self._source = source
        self._mastering = Mastering(len(source.middle), sample_rate, source.middle.device)

    def master(self, middle: Tensor, back: Recalled | None) -> Mastered:
        """A loop with this ``middle``, (samples,), as it is to be heard; with the side and the loudness of the loop
        that was recalled (``back``), if one was."""
        side = self._source.side if back is None else back.side
        loudness = self._source.loudness if back is None else back.loudness
        return self._mastering(torch.stack([middle + side, middle - side]), loudness)

    def version(self, audio: NDArray[np.float32], gradient: NDArray[np.float32] | None) -> Version:
        """The version that sounds like ``audio``, (2, samples)."""
        trace, frames = self._trace(audio)
        return Version(audio, to_arrays(trace), frames, gradient)

    def listen(self, audio: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Activations of every layer, (steps, neurons), for a loop of shape (2, samples): the ear hears its middle."""
        return to_arrays(self._trace(audio)[0])

    def _trace(self, audio: NDArray[np.float32]) -> tuple[dict[str, Tensor], int]:
        return self._hearing.trace(torch.from_numpy(audio.mean(axis=0)).to(self._source.middle.device))
