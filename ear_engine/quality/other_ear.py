"""One ear's target, read from another ear: the linear combination of its channels that follows the target in music.

Ears that were trained from different seeds share no channel, so the same channel of another ear is another target.
What both know can be compared all the same: over clips of music, ridge regression finds what in the other ear goes
with the target, and a dream has gained for both if that rises too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ear_engine.quality.spectra import Floats

_STRENGTHS = tuple(10.0**power for power in range(-2, 5))
_HELD_OUT = 3  # every so many clips (in blocks) judge
_BLOCK = 10  # clips in a row that stay on one side


@dataclass(frozen=True, eq=False)
class Translation:
    """How to read a target from another ear's channels.

    Args:
        mean, scale: (channels,), of the channels in music.
        weights: (channels,).
        offset: value in music.
        explained: share of the target's variance over clips that were held out, at most 1.
    """

    mean: Floats
    scale: Floats
    weights: Floats
    offset: float
    explained: float

    def read(self, channels: Floats) -> Floats:
        """The target's values, (loops,), from channel means (loops, channels)."""
        return np.asarray((channels - self.mean) / self.scale @ self.weights + self.offset)


def translate(channels: Floats, values: Floats) -> Translation:
    """Fit a translation.

    Args:
        channels: (clips, channels), means of the other ear's channels.
        values: (clips,), of the target.
    """
    held = (np.arange(len(values)) // _BLOCK) % _HELD_OUT == _HELD_OUT - 1
    if held.all() or not held.any():
        held = np.arange(len(values)) % 2 == 1
    best, explained = _STRENGTHS[-1], -np.inf
    for strength in _STRENGTHS:
        fitted = _ridge(channels[~held], values[~held], strength)
        error = values[held] - fitted.read(channels[held])
        found = 1.0 - float((error**2).mean()) / max(float(values[held].var()), 1e-12)
        if found > explained:
            best, explained = strength, found
    whole = _ridge(channels, values, best)
    return Translation(whole.mean, whole.scale, whole.weights, whole.offset, explained)


def _ridge(channels: Floats, values: Floats, strength: float) -> Translation:
    mean, scale = channels.mean(axis=0), np.maximum(channels.std(axis=0), 1e-6)
    unit = (channels - mean) / scale
    gram = unit.T @ unit + strength * np.eye(unit.shape[1])
    return Translation(mean, scale, np.linalg.solve(gram, unit.T @ (values - values.mean())), float(values.mean()), 0.0)
