"""What a loop sounds like in a few numbers, none of which depends on its loudness.

A dream that wins its target by filling the spectrum with noise or by buzzing shows here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from ear_engine.quality.keys import key_clarity
from ear_engine.quality.onsets import onset_rate
from ear_engine.quality.roughness import roughness
from ear_engine.quality.spectra import TINY, Floats, Loop, power_frames

_SIZE, _HOP = 2048, 1024
_LOW, _HIGH = 50.0, 14000.0  # lossy codecs leave nothing above
_QUIET = 40.0  # dB below the loudest frame at which a frame no longer counts
_FLOOR = 1e-9  # of the loudest bin
_STEADY, _BROAD = 9, 17  # frames (0.2 s) and bins (370 Hz) of the medians that tell tones from noise


@dataclass(frozen=True)
class Descriptors:
    """Measures of one loop.

    Args:
        flatness: 0 tones .. 0.56 white noise (mean over audible frames of 46 ms, 50 Hz to 14 kHz).
        onset_rate: onsets a second.
        key_clarity: correlation with the best key, 0..1.
        roughness: 0 smooth, 0.5 two equal tones at their worst, more where there are more
            (:func:`ear_engine.quality.roughness.roughness`).
        centroid: center of the power spectrum in Hz, on a logarithmic axis.
        tonal: share of the power that is steadier in time than in frequency, 0 clicks .. 1 tones.
    """

    flatness: float
    onset_rate: float
    key_clarity: float
    roughness: float
    centroid: float
    tonal: float


NAMES = tuple(Descriptors.__dataclass_fields__)


def describe(loop: Loop, sample_rate: int = 44100) -> Descriptors:
    """Measure a loop around its circle; everything is 0 in silence.

    Args:
        loop: (samples,) or (1 or 2, samples); of two channels the middle is measured.
        sample_rate: Hz.

    Raises:
        ValueError: it has no samples, or values that are not finite.
    """
    mono = loop.mean(axis=0) if loop.ndim == 2 else loop
    if mono.ndim != 1 or not mono.size or not np.isfinite(mono).all():
        raise ValueError("a loop is (samples,) or (1 or 2, samples), all finite")
    if not mono.any():
        return Descriptors(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    power = power_frames(mono, _SIZE, _HOP)
    frequency: Floats = np.fft.rfftfreq(_SIZE, 1.0 / sample_rate).astype(np.float64)
    heard = (frequency >= _LOW) & (frequency <= _HIGH)
    return Descriptors(
        flatness(power[:, heard]),
        onset_rate(mono, sample_rate),
        key_clarity(mono, sample_rate),
        roughness(mono, sample_rate),
        centroid(power[:, heard], frequency[heard]),
        tonal_share(power[:, heard]),
    )


def flatness(power: Floats) -> float:
    """Geometric over arithmetic mean of power over frequency, averaged over the frames within 40 dB of the loudest.

    exp(-γ) = 0.561 for white noise, whose periodogram is exponentially distributed.

    Args:
        power: (frames, bins).
    """
    energy = power.mean(axis=1)
    loud = power[energy >= energy.max() * 10.0 ** (-_QUIET / 10.0)]
    loud = loud + power.max() * _FLOOR + TINY
    return float((np.exp(np.log(loud).mean(axis=1)) / loud.mean(axis=1)).mean())


def centroid(power: Floats, frequency: Floats) -> float:
    """Hz, the exponential of the mean logarithm of frequency, weighted by power (frames, bins)."""
    spectrum = power.sum(axis=0)
    return float(np.exp((spectrum * np.log(frequency)).sum() / max(float(spectrum.sum()), TINY)))


def tonal_share(power: Floats) -> float:
    """Share of the power that medians over time keep and medians over frequency take away.

    Source: FitzGerald 2010, "Harmonic/percussive separation using median filtering", with its soft mask; time is a
    circle.

    Args:
        power: (frames, bins).
    """
    steady = median_filter(power, (_STEADY, 1), mode="wrap") ** 2
    broad = median_filter(power, (1, _BROAD), mode="nearest") ** 2
    mask = steady / np.maximum(steady + broad, TINY**2)
    return float((mask * power).sum() / max(float(power.sum()), TINY))
