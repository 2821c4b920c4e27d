"""How many sounds begin in a loop: peaks of the spectral flux."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ear_engine.quality.spectra import TINY, Floats, Loop, power_frames

_SIZE, _HOP = 1024, 441  # samples: 23 and 10 ms at 44.1 kHz
_LOW, _HIGH, _BANDS_AN_OCTAVE = 40.0, 16000.0, 4
_DEPTH = 60.0  # dB below the loudest moment of the loudest band at which nothing counts
_LAG = 2  # frames over which a rise is measured
_NEAR = 3  # frames on both sides in which an onset is the largest
_AROUND = 15  # frames on both sides whose mean it exceeds
_RISE = 3.0  # dB, in the mean over bands, by which it exceeds that


def onset_strength(loop: Loop, sample_rate: int) -> Floats:
    """Mean rise over quarter-octave bands in dB, (frames of about 10 ms,), around the circle.

    A rise is measured against the loudest of a band and its neighbors 20 ms before, so that vibrato and glides are no
    onsets (Böck and Widmer 2013, "Maximum filter vibrato suppression for onset detection").
    """
    scale = sample_rate / 44100.0
    power = power_frames(loop, round(_SIZE * scale), round(_HOP * scale))
    size = 2 * (power.shape[1] - 1)
    edges = _LOW * 2.0 ** (np.arange(round(np.log2(_HIGH / _LOW) * _BANDS_AN_OCTAVE) + 1) / _BANDS_AN_OCTAVE)
    bins = np.unique(np.round(edges * size / sample_rate).astype(np.int64))
    bands = np.add.reduceat(power[:, : bins[-1]], bins[:-1], axis=1)
    level = 10.0 * np.log10(bands + TINY)
    level = np.maximum(level, level.max() - _DEPTH)
    before = maximum_filter1d(np.roll(level, _LAG, axis=0), 3, axis=1, mode="nearest")
    return np.asarray(np.maximum(level - before, 0.0).mean(axis=1))


def find_onsets(loop: Loop, sample_rate: int) -> NDArray[np.int64]:
    """Frames of :func:`onset_strength` at which something begins."""
    strength = onset_strength(loop, sample_rate)
    largest = maximum_filter1d(strength, 2 * _NEAR + 1, mode="wrap")
    around = uniform_filter1d(strength, 2 * _AROUND + 1, mode="wrap")
    found = np.flatnonzero((strength == largest) & (strength > around + _RISE))
    if len(found) < 2:
        return found
    apart = np.diff(found, prepend=found[-1] - len(strength)) > _NEAR  # equal neighbors are one
    return found[apart] if apart.any() else found[:1]


def onset_rate(loop: Loop, sample_rate: int) -> float:
    """Onsets a second."""
    return len(find_onsets(loop, sample_rate)) * sample_rate / len(loop)
