"""Loudness and peaks of a loop: ITU-R BS.1770-4, circular, so a loop is as loud as it is when it repeats for ever."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

Audio = NDArray[np.float32]
SILENT = -70.0  # LUFS, the absolute gate of BS.1770


def _k_weighting(samples: int, sample_rate: int) -> NDArray[np.float64]:
    """Squared magnitude response of BS.1770's two filters at the rfft bins of a loop, (samples // 2 + 1,).

    The filters are given for 48 kHz; their analog prototypes are mapped to ``sample_rate`` by the bilinear transform
    (shelf: 1681.97 Hz, 3.99984 dB, Q 0.70718; high pass: 38.1355 Hz, Q 0.50033), as in ITU-R BS.1770-4 annex 1.
    """
    w = np.exp(-2j * np.pi * np.arange(samples // 2 + 1) / samples)

    k = math.tan(math.pi * 1681.974450955533 / sample_rate)
    high, q = 10.0 ** (3.999843853973347 / 20.0), 0.7071752369554196
    band = high**0.4996667741545416
    bottom = 1.0 + k / q + k * k
    b = np.array([high + band * k / q + k * k, 2.0 * (k * k - high), high - band * k / q + k * k]) / bottom
    a = np.array([1.0, 2.0 * (k * k - 1.0) / bottom, (1.0 - k / q + k * k) / bottom])
    shelf = (b[0] + b[1] * w + b[2] * w * w) / (a[0] + a[1] * w + a[2] * w * w)

    k, q = math.tan(math.pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    bottom = 1.0 + k / q + k * k
    a = np.array([1.0, 2.0 * (k * k - 1.0) / bottom, (1.0 - k / q + k * k) / bottom])
    return np.asarray(shelf * (1.0 - 2.0 * w + w * w) / (a[0] + a[1] * w + a[2] * w * w))


class LoudnessMeter:
    """Integrated loudness of loops of one length.

    Args:
        samples: length of the loop.
        sample_rate: Hz.
    """

    def __init__(self, samples: int, sample_rate: int) -> None:
        self._response = _k_weighting(samples, sample_rate)
        self._samples = samples
        self._block = min(samples, round(0.4 * sample_rate))
        self._hop = max(1, round(0.1 * sample_rate))

    def measure(self, audio: Audio) -> float:
        """Integrated loudness in LUFS of a loop of shape (channels, samples), with both gates; ``SILENT`` or more."""
        weighted = np.fft.irfft(np.fft.rfft(audio, axis=-1) * self._response, n=self._samples, axis=-1)
        power = np.square(weighted).sum(axis=0)
        if audio.shape[0] == 1:
            power = power * 2.0  # a mono loop plays on both sides
        total = np.concatenate([[0.0], np.cumsum(np.concatenate([power, power[: self._block]]))])
        starts = np.arange(0, self._samples, self._hop)
        blocks = (total[starts + self._block] - total[starts]) / self._block
        loud = blocks[blocks > _power(SILENT)]
        if len(loud) == 0:
            return SILENT
        loud = loud[loud > loud.mean() * 0.1]
        return max(SILENT, -0.691 + 10.0 * math.log10(loud.mean()))


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs + 0.691) / 10.0))


def limit_peaks(audio: Audio, ceiling: float = 0.97, reach: int = 220) -> Audio:
    """Turn down the moments above ``ceiling``, smoothly and circularly; bit-transparent if there are none.

    The gain is the least needed within ``reach`` samples (5 ms), smoothed by two boxes of together the same width, so
    it is low enough at every peak.

    Args:
        audio: (channels, samples).
    """
    peaks = np.abs(audio).max(axis=0)
    if peaks.max(initial=0.0) <= ceiling:
        return audio
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-12)).astype(np.float64)
    box = reach // 2 * 2 + 1
    gain = minimum_filter1d(needed, 2 * box - 1, mode="wrap")
    for _ in range(2):
        gain = uniform_filter1d(gain, box, mode="wrap")
    return np.asarray(audio * np.minimum(gain, needed), dtype=np.float32)
