"""What comes out of a dream: what a step did, and the loop as it will be heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
