"""How rough a loop sounds: beating between neighboring partials."""

from __future__ import annotations

import numpy as np

from ear_engine.quality.spectra import Floats, Loop, Peaks, find_peaks, power_frames

_SIZE, _HOP = 8192, 4096  # partials 16 Hz apart are told apart
_LOW, _HIGH, _MOST, _DEPTH = 40.0, 10000.0, 60, 60.0
_SLOW, _FAST = 3.5, 5.75
_WORST = 0.18086  # largest value of exp(-3.5 x) - exp(-5.75 x)


def pair_roughness(low: Floats, apart: Floats) -> Floats:
    """Roughness of two pure tones, 0..1, worst about a quarter of a critical band apart.

    Source: Sethares 1993, "Local consonance and the relationship between timbre and scale": Plomp and Levelt's curve,
    ``exp(-3.5 s d) - exp(-5.75 s d)`` with ``s = 0.24 / (0.021 f + 19)``.

    Args:
        low: frequency of the lower one, Hz.
        apart: difference of frequencies, Hz, 0 or more.
    """
    scaled = apart * 0.24 / (0.021 * low + 19.0)
    return np.asarray((np.exp(-_SLOW * scaled) - np.exp(-_FAST * scaled)) / _WORST)


def frame_roughness(peaks: Peaks) -> float:
    """Roughness of all pairs of peaks, each times the product of its amplitudes, over the sum of squared amplitudes.

    Source: Hutchinson and Knopoff 1978, "The acoustic component of Western consonance". Two equal tones reach 0.5,
    many neighboring ones more: dividing by all pairs instead would make a buzz of fifty partials smooth, since most of
    its pairs are far apart.
    """
    energy = float((peaks.amplitude**2).sum())
    if energy <= 0:
        return 0.0
    upper = np.triu_indices(len(peaks.frequency), 1)
    weight = (peaks.amplitude[:, None] * peaks.amplitude)[upper]
    low = np.minimum.outer(peaks.frequency, peaks.frequency)[upper]
    apart = np.abs(np.subtract.outer(peaks.frequency, peaks.frequency))[upper]
    return float((weight * pair_roughness(low, apart)).sum() / energy)


def roughness(loop: Loop, sample_rate: int) -> float:
    """Roughness of a loop: the mean of its frames, weighted by their power, so that it does not depend on loudness."""
    frames = power_frames(loop, _SIZE, _HOP)
    energy = frames.sum(axis=1)
    if energy.sum() <= 0:
        return 0.0
    found = [frame_roughness(find_peaks(power, sample_rate, _LOW, _HIGH, _MOST, _DEPTH)) for power in frames]
    return float(np.average(found, weights=energy))
