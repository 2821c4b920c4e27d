"""How far a loop must be turned up and which moments down again, so that it is as loud as wanted and never too high.

A loop is described by short blocks (:class:`Profile`): the highest true peak and the K-weighted energy of each. What
turning it up and down does to both follows from these alone, so that many gains can be tried in a millisecond. All of
it goes around the circle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.loudness import gated_loudness

CEILING = 10.0 ** (-1.0 / 20.0)
"""-1 dBTP, the highest true peak of what is heard."""

MOST_REDUCTION = 12.0
"""dB; no moment is turned down by more. A loop that would need more (a lone click) stays quieter than wanted."""

BLOCK = 64  # samples

_ATTACK = 0.005  # seconds before a peak in which the gain falls
_RELEASE = 120.0  # dB a second by which it rises again
_CLOSE = 0.05  # LU
_GAINED = 0.02  # LU; if a louder round brings less, the loop is full
_ROUNDS = 10

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """A loop in blocks of ``BLOCK`` samples, the last one shorter if its length is no multiple of that.

    Args:
        peaks: (blocks,), highest true peak of any channel.
        energy: (blocks,), sum of the squares of the K-weighted samples of all channels.
        samples: length of the loop.
        sample_rate: Hz.
    """

    peaks: Array
    energy: Array
    samples: int
    sample_rate: int

    @property
    def peak(self) -> float:
        """Highest true peak, full scale 1."""
        return float(self.peaks.max())

    def loudness(self, gains: Array | float = 1.0) -> float:
        """Integrated loudness in LUFS with ``gains`` (blocks,) on the blocks; see :class:`LoudnessMeter`."""
        edges = np.minimum(np.arange(len(self.energy) + 1) * BLOCK, self.samples)
        total = np.concatenate(([0.0], np.cumsum(self.energy * np.square(gains))))
        length = max(1, min(self.samples, round(0.4 * self.sample_rate)))
        starts = np.arange(0, self.samples, max(1, round(0.1 * self.sample_rate)))
        ends = starts + length
        later = np.interp(ends % self.samples, edges, total) + (ends // self.samples) * total[-1]
        return gated_loudness((later - np.interp(starts, edges, total)) / length)


@dataclass(frozen=True)
class Levels:
    """What is done to a loop.

    Args:
        gain: on all of it.
        knots: (blocks,), gain besides at the first sample of each block, straight in between; None if nothing is
            limited.
        loudness: what comes of it, LUFS.
    """

    gain: float
    knots: Array | None
    loudness: float


def find_levels(profile: Profile, loudness: float) -> Levels:
    """The gain, and the limiting, after which a loop is as loud as ``loudness`` (LUFS) and below the ceiling.

    What the limiter takes is made up for. The gain ends where a peak would be turned down by more than
    ``MOST_REDUCTION``: such a loop stays quieter, and ``Levels.loudness`` tells how much.
    """
    first = loudness - profile.loudness()
    if not profile.peak * 10.0 ** (first / 20.0) > CEILING:
        return Levels(10.0 ** (first / 20.0), None, loudness if profile.peak > 0 else profile.loudness())
    highest = MOST_REDUCTION + 20.0 * float(np.log10(CEILING / profile.peak))
    low, high, raised = -np.inf, np.inf, min(first, highest)
    best = None
    for _ in range(_ROUNDS):
        gain = 10.0 ** (raised / 20.0)
        knots = limiting(gain * profile.peaks, profile.sample_rate)
        reached = profile.loudness(gain * 0.5 * (knots + np.roll(knots, -1)))
        missing = loudness - reached
        gained = np.inf if best is None else abs(loudness - best.loudness) - abs(missing)
        if gained > 0:
            best = Levels(gain, knots, reached)
        if abs(missing) < _CLOSE or (missing > 0 and (raised >= highest or gained < _GAINED)):
            break
        low, high = (raised, high) if missing > 0 else (low, raised)
        raised = min(raised + 1.2 * missing, highest)
        if not low < raised < high:  # a gate has opened or closed: loudness jumps there
            raised = 0.5 * (low + high)
    assert best is not None
    return best


def limiting(peaks: Array, sample_rate: int) -> Array:
    """Gain at the start of each block that keeps ``peaks`` (blocks,) at or below the ceiling, 1 far from any above it.

    In dB the gain falls within 5 ms, holds, and rises by 120 dB a second; two running means round its corners.
    """
    needed = 20.0 * np.log10(np.maximum(peaks / CEILING, 1.0))
    slope = _RELEASE * BLOCK / sample_rate
    reach = 1
    while reach * slope < needed.max() and reach < len(needed):  # after so many rounds, from every peak to every block
        needed = np.maximum(needed, np.roll(needed, reach) - reach * slope)
        reach *= 2
    half = max(1, round(_ATTACK * sample_rate / BLOCK / 4))  # of each mean
    held = _windows(needed, 2 * half + 1, 2 * half).max(axis=1)  # what each mean of means touches, and one before
    for _ in range(2):
        held = _windows(held, half, half).mean(axis=1)
    return np.asarray(np.where(held > 1e-9, 10.0 ** (-held / 20.0), 1.0))


def _windows(values: Array, before: int, after: int) -> Array:
    """Windows around each value on the circle, (len(values), before + 1 + after)."""
    padded = np.pad(values, (before, after), mode="wrap")
    return np.lib.stride_tricks.sliding_window_view(padded, before + 1 + after)
