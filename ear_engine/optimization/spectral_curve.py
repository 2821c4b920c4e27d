"""Weights of a change's spectrum: tilt, three bands, a scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.optimization.scales import scale_gain

CROSSOVERS_HZ = (200.0, 2500.0)
"""Between low, middle and high."""

_REFERENCE_HZ = 1000.0
_LOW_CUT_HZ = 30.0
_HIGH_CUT_HZ = 18000.0


@dataclass(frozen=True)
class Tone:
    """What ``tone/`` says of a spectrum.

    Args:
        tilt: dB an octave.
        low, mid, high: dB.
        scale, root: names in :mod:`ear_engine.optimization.scales`.
        lock: 0..1, how strictly to keep to the scale.
    """

    tilt: float
    low: float = 0.0
    mid: float = 0.0
    high: float = 0.0
    scale: str = "major"
    root: str = "c"
    lock: float = 0.0


def spectral_curve(samples: int, sample_rate: int, tone: Tone) -> NDArray[np.float32]:
    """Gain of each rfft bin of a loop, (samples // 2 + 1,), 0 or more: the product of tilt, bands and scale."""
    hertz = np.arange(samples // 2 + 1) * sample_rate / samples
    curve = tilt_gain(hertz, tone.tilt) * band_gain(hertz, tone.low, tone.mid, tone.high)
    if tone.lock > 0:
        curve = curve * scale_gain(hertz, tone.scale, tone.root, tone.lock)
    return np.asarray(curve, dtype=np.float32)


def tilt_gain(hertz: NDArray[np.float64], tilt: float) -> NDArray[np.float64]:
    """``tilt`` dB an octave around 1 kHz, nothing outside 30 Hz..18 kHz; it falls over half an octave, lest it ring."""
    audible = np.maximum(hertz, 1.0)
    gain = 10.0 ** (tilt * np.log2(audible / _REFERENCE_HZ) / 20.0)
    low, high = np.log2(audible / _LOW_CUT_HZ), np.log2(_HIGH_CUT_HZ / audible)
    return np.asarray(gain * _fade(2.0 * low) * _fade(2.0 * high))


def band_gain(hertz: NDArray[np.float64], low: float, mid: float, high: float) -> NDArray[np.float64]:
    """So many dB below 200 Hz, between, and above 2.5 kHz; from one to the next in an octave, evenly in dB."""
    above = [_fade(np.log2(np.maximum(hertz, 1.0) / crossover) + 0.5) for crossover in CROSSOVERS_HZ]
    decibels = low + (mid - low) * above[0] + (high - mid) * above[1]
    return np.asarray(10.0 ** (decibels / 20.0))


def _fade(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(share, 0.0, 1.0)))
