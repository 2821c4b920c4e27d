"""How clearly a loop is in a key: its pitch classes against the profiles of Krumhansl and Kessler."""

from __future__ import annotations

import numpy as np

from ear_engine.quality.spectra import Floats, Loop, find_peaks, power_frames

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_SIZE, _HOP = 8192, 4096
_LOW, _HIGH, _MOST, _DEPTH = 60.0, 2100.0, 40, 40.0


def pitch_classes(loop: Loop, sample_rate: int) -> Floats:
    """Share of each pitch class, C first, (12,): spectral peaks of 60 to 2100 Hz, A = 440 Hz; zeros in silence.

    A peak between two semitones counts for both.
    """
    found = np.zeros(12)
    for power in power_frames(loop, _SIZE, _HOP):
        peaks = find_peaks(power, sample_rate, _LOW, _HIGH, _MOST, _DEPTH)
        pitch = 12.0 * np.log2(peaks.frequency / 440.0) + 9.0
        below = np.floor(pitch)
        above = pitch - below
        np.add.at(found, below.astype(np.int64) % 12, peaks.amplitude * (1.0 - above))
        np.add.at(found, (below.astype(np.int64) + 1) % 12, peaks.amplitude * above)
    return found / max(float(found.sum()), 1e-30)


def find_key(classes: Floats) -> tuple[str, float]:
    """The key that fits best, such as ``A minor``, and how well: the correlation of its profile with the pitch classes.

    Source: Krumhansl and Kessler 1982, table of probe-tone ratings; the correlation is Krumhansl and Schmuckler's.
    Twelve numbers that mean nothing reach about 0.5, since the best of 24 keys is taken.

    Args:
        classes: (12,), C first.

    Returns:
        ("", 0) where all are alike.
    """
    spread = classes - classes.mean()
    length = float(np.sqrt((spread**2).sum()))
    if length < 1e-12:
        return "", 0.0
    best = ("", -1.0)
    for mode, profile in (("major", _MAJOR), ("minor", _MINOR)):
        rated = np.array(profile) - np.mean(profile)
        rated /= np.sqrt((rated**2).sum())
        for root in range(12):
            fit = float(spread @ np.roll(rated, root)) / length
            if fit > best[1]:
                best = (f"{NAMES[root]} {mode}", fit)
    return best


def key_clarity(loop: Loop, sample_rate: int) -> float:
    """Correlation with the key that fits best, 0..1."""
    return max(0.0, find_key(pitch_classes(loop, sample_rate))[1])
