"""From which rank on a neuron fires, and from which it is bright: once a loop, by numpy alone, on any thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POWER, STEADY = 2.4, 0.3
"""Of how bright a rank is; what of it shows at a neuron's least."""
NOTHING = 0.004
"""What fires less, 0..1, is quiet."""
LEAST_RANGE = 20.0
"""Ranks, 0..255, that a neuron's range in a loop is taken for if it is narrower."""
BRIGHT = 0.6
"""What fires as much, 0..1, is bright."""


class Thresholds:
    """Ranks above which the neurons of a loop fire (``fires``) and are bright (``shines``), (neurons,) uint8.

    Args:
        extremes: (2, neurons) uint8, least and most rank of every neuron in the loop.
    """

    def __init__(self, extremes: NDArray[np.uint8]) -> None:
        self.fires, self.shines = _above(extremes, NOTHING), _above(extremes, BRIGHT)


def _above(extremes: NDArray[np.uint8], light: float) -> NDArray[np.uint8]:
    """The greatest whole rank of each neuron with which it is darker than that; 255 if it never is as bright.

    Light is (rank / 255 (s + (1 - s) (rank - least) / range)) ** power, and goes up with the rank.
    """
    least, most = extremes.astype(np.float64)
    slope = (1.0 - STEADY) / np.maximum(most - least, LEAST_RANGE)
    level = STEADY - slope * least  # rank (level + slope rank) is to be:
    goal = 255.0 * light ** (1.0 / POWER)
    rank = (np.sqrt(level * level + 4.0 * slope * goal) - level) / (2.0 * slope)
    return np.asarray(np.clip(np.ceil(rank - 0.01) - 1.0, 0.0, 255.0), np.uint8)
