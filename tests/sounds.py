"""Sounds that tests are made with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sine(cycles: int, samples: int, channels: int = 1) -> NDArray[np.float32]:
    """A sine with whole cycles in the loop, shape (channels, samples), each channel at its own phase."""
    phase = np.arange(channels)[:, None]
    return np.asarray(0.5 * np.sin(2 * np.pi * cycles * np.arange(samples) / samples + phase), dtype=np.float32)
