"""When a loop changes: pulses on a grid, and the onsets of the source."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Loop = NDArray[np.float32]
Floats = NDArray[np.float64]

GRIDS = {"bar": 4.0, "beat": 1.0, "half": 1 / 2, "triplet": 1 / 3, "quarter": 1 / 4}
"""Beats from one pulse to the next."""

_ATTACK = 0.005  # seconds before a pulse in which it opens
_DECAY = 0.25  # of the time to the next pulse, in which it falls to 1 / e,
_LONGEST = 0.25  # seconds, at most

_SIZE, _HOP = 1024, 256  # of the frames in which onsets are found: 23 and 6 ms at 44.1 kHz
_LOW, _HIGH, _BANDS = 60.0, 14000.0, 24
_DEPTH = 60.0  # dB below the loudest band at which nothing counts
_LAG = 3  # frames over which a rise is measured
_LEAST = 2.0  # dB, mean over bands, of a rise that opens in full, at least; else half of the largest
_RELEASE = 0.06  # seconds in which an onset falls to 1 / e


def grid_envelope(samples: int, sample_rate: int, beats: int, grid: str, density: float, seed: int) -> Loop:
    """Pulses, (samples,), 0..1: each opens within 5 ms before its place on the grid, and decays.

    Args:
        samples, beats: of the loop.
        sample_rate: Hz.
        grid: name in :data:`GRIDS`.
        density: share of pulses that are there; a higher one adds to those of a lower one. One at least above 0.
        seed: chooses which come first.
    """
    count = max(1, math.ceil(beats / GRIDS[grid] - 1e-6))
    order = np.random.default_rng([seed, count]).permutation(count)
    wanted = max(1, round(density * count)) if density > 0 else 0
    spacing = samples * GRIDS[grid] / beats
    decay = min(_DECAY * spacing, _LONGEST * sample_rate)
    attack = _ATTACK * sample_rate
    envelope = np.zeros(samples)
    place = np.arange(samples)
    for pulse in order[:wanted]:
        since = (place - pulse * spacing) % samples
        before = samples - since
        opening = 0.5 + 0.5 * np.cos(np.pi * np.minimum(before / attack, 1.0))
        envelope = np.maximum(envelope, np.maximum(np.exp(-since / decay), opening))
    return envelope.astype(np.float32)


def onset_envelope(source: Loop, sample_rate: int) -> Loop:
    """Where sounds of a loop begin, (samples,), 0..1, falling off within a tenth of a second; 1 where nothing begins.

    An onset is a rise of 24 bands within 17 ms, in the mean of their dB.

    Args:
        source: (samples,).
        sample_rate: Hz.
    """
    rise = _rises(source, sample_rate)
    strength = np.clip(rise / max(_LEAST, 0.5 * float(rise.max())), 0.0, 1.0)
    if strength.max() < 1.0:
        return np.ones(len(source), dtype=np.float32)
    frames = len(rise)
    fall = math.exp(-len(source) / frames / sample_rate / _RELEASE)
    level, envelope = 0.0, np.zeros(frames)
    for frame in range(2 * frames):  # twice around, so that the end reaches into the beginning
        level = max(strength[frame % frames], level * fall)
        envelope[frame % frames] = level
    at = np.arange(frames) * len(source) / frames
    wide = np.interp(np.arange(len(source)), at, envelope, period=len(source))
    return wide.astype(np.float32)


def _rises(source: Loop, sample_rate: int) -> Floats:
    """Mean rise of bands in dB over its median, (frames,)."""
    scale = sample_rate / 44100.0
    size, samples = round(_SIZE * scale), len(source)
    frames = max(2 * _LAG, round(samples / (_HOP * scale)))
    starts = np.round(np.arange(frames) * samples / frames).astype(np.int64) - size // 2
    pieces = source.astype(np.float64)[(starts[:, None] + np.arange(size)) % samples] * np.hanning(size)
    power = np.abs(np.fft.rfft(pieces, axis=1)) ** 2
    edges = np.geomspace(_LOW, min(_HIGH, sample_rate / 2.2), _BANDS + 1) * size / sample_rate
    bins = np.unique(np.round(edges).astype(np.int64))
    level = 10.0 * np.log10(np.add.reduceat(power[:, : bins[-1]], bins[:-1], axis=1) + 1e-20)
    level = np.maximum(level, level.max() - _DEPTH)
    rise = np.maximum(level - np.roll(level, _LAG, axis=0), 0.0).mean(axis=1)
    return np.asarray(np.maximum(rise - np.median(rise), 0.0))
