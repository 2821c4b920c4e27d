"""pyo's own master fader, made to end on 1.

A pyo server fades in: to an amplitude *a*, in *n* samples (5 ms), by adding (a - now) / n in 32-bit floats. What is
rounded on the way makes it end a few bits beside *a*, and all that goes out is that much softer (13 steps of 2^-24 at
44,100 Hz). The additions are known, so a first amplitude can be found from which a second fade ends on 1 exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SECONDS = 0.005
_TRIED = 4096


def samples(rate: float) -> int:
    """How long a fade is at this rate in Hz."""
    return int(rate * _SECONDS)


def first_amplitude(rate: float) -> float:
    """What to fade to before 1, 0..1, so that the second fade ends on exactly 1; 1 if nothing does."""
    firsts = (np.arange(1, _TRIED + 1) / _TRIED).astype(np.float32)
    now = _faded(_faded(np.zeros_like(firsts), firsts, samples(rate)), np.ones_like(firsts), samples(rate))
    exact = firsts[now == 1.0]
    return float(exact[-1]) if len(exact) else 1.0


def _faded(now: NDArray[np.float32], goal: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    step = (goal - now) / np.float32(count)
    for _ in range(count):
        now = now + step
    return now
