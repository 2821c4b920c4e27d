"""Spectra of a loop around its circle, and the peaks in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Loop = NDArray[np.float32]
Floats = NDArray[np.float64]

TINY = 1e-30


def power_frames(loop: Loop, size: int, hop: int) -> Floats:
    """Power spectra of Hann windows laid evenly around a loop, scaled so that a sine of amplitude a peaks at a² / 4.

    Args:
        loop: (samples,); a shorter one than a window is repeated.
        size: samples of a window.
        hop: samples between windows, about: the loop holds a whole number of them.

    Returns:
        (frames, size // 2 + 1).
    """
    samples = len(loop)
    starts = np.round(np.arange(max(1, round(samples / hop))) * samples / max(1, round(samples / hop))).astype(np.int64)
    places = (starts[:, None] + np.arange(size)) % samples
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    spectra = np.fft.rfft(loop.astype(np.float64)[places] * (window / window.sum()), axis=1)
    return np.asarray(spectra.real**2 + spectra.imag**2)


@dataclass(frozen=True)
class Peaks:
    """Peaks of one frame, the strongest first.

    Shapes:
        frequency: (peaks,), Hz
        amplitude: (peaks,), linear
    """

    frequency: Floats
    amplitude: Floats


def find_peaks(power: Floats, sample_rate: int, low: float, high: float, most: int, depth: float) -> Peaks:
    """Local maxima of a power spectrum, their places and heights refined by a parabola through three values in dB.

    Args:
        power: (bins,) from :func:`power_frames`.
        sample_rate: Hz.
        low, high: Hz between which peaks count.
        most: how many at most.
        depth: dB below the strongest at which a peak no longer counts.
    """
    size = 2 * (len(power) - 1)
    first = max(1, int(np.ceil(low * size / sample_rate)))
    last = min(len(power) - 1, int(high * size / sample_rate) + 1)
    level = 10.0 * np.log10(power[first - 1 : last + 1] + TINY)
    middle = level[1:-1]
    at = np.flatnonzero((middle > level[:-2]) & (middle >= level[2:]))
    if not at.size:
        return Peaks(np.zeros(0), np.zeros(0))
    at = at[middle[at] > middle[at].max() - depth]
    at = at[np.argsort(-middle[at], kind="stable")[:most]]
    before, here, after = level[at], middle[at], level[at + 2]
    shift = 0.5 * (before - after) / np.minimum(before - 2.0 * here + after, -1e-12)
    height = here - 0.25 * (before - after) * shift
    return Peaks((at + first + shift) * sample_rate / size, 2.0 * 10.0 ** (height / 20.0))
