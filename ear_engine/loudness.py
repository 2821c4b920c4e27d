"""Loudness of a loop, around its circle: as it sounds when it repeats for ever."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SILENT = -70.0
"""LUFS; the absolute gate of BS.1770, and the least that is measured."""

_OFFSET = -0.691  # dB; a 997 Hz sine of full scale in one channel reads -3.01 LUFS


class LoudnessMeter:
    """Integrated loudness of loops of one length (ITU-R BS.1770-4), measured around the circle.

    Args:
        samples: length of the loops.
        sample_rate: Hz.
    """

    def __init__(self, samples: int, sample_rate: int) -> None:
        self._response = k_weighting(samples, sample_rate)
        self._samples = samples
        self._block = max(1, min(samples, round(0.4 * sample_rate)))
        self._hop = max(1, round(0.1 * sample_rate))

    def measure(self, audio: NDArray[np.float32]) -> float:
        """Loudness in LUFS, ``SILENT`` or more: blocks of 400 ms, one every 100 ms, pass both gates (-70 LUFS, -10 LU).

        Every channel counts once, so a mono loop reads 3.01 LU less than the same loop on both sides of a stereo one.

        Args:
            audio: shape ``(1 or 2, samples)``, full scale 1.

        Raises:
            ValueError: if its length is not the meter's.
        """
        if audio.shape[-1] != self._samples:
            raise ValueError(f"the meter is for loops of {self._samples} samples, not {audio.shape[-1]}")
        weighted = np.fft.irfft(np.fft.rfft(audio) * self._response, self._samples)
        power = np.square(weighted).sum(axis=0)
        total = np.concatenate(([0.0], np.cumsum(np.concatenate((power, power[: self._block])))))
        starts = np.arange(0, self._samples, self._hop)
        return gated_loudness((total[starts + self._block] - total[starts]) / self._block)


def gated_loudness(blocks: NDArray[np.float64]) -> float:
    """Loudness in LUFS, ``SILENT`` or more, from the K-weighted power of each block, summed over channels.

    Only blocks above -70 LUFS count, and of those none that is more than 10 LU below their mean.
    """
    loud = blocks[blocks > 10.0 ** ((SILENT - _OFFSET) / 10.0)]
    if not loud.size:
        return SILENT
    return max(SILENT, _OFFSET + 10.0 * math.log10(loud[loud > 0.1 * loud.mean()].mean()))


def k_weighting(samples: int, sample_rate: int) -> NDArray[np.complex128]:
    """Response of BS.1770's two filters at the rfft bins of a loop, shape ``(samples // 2 + 1,)``.

    Annex 1 gives coefficients for 48 kHz only; these are the analog prototypes behind them, mapped to any rate by the
    bilinear transform: a shelf (1681.97 Hz, +4.0 dB, Q 0.707), then a high-pass (38.1 Hz, Q 0.500).
    """
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(samples))

    k, q = math.tan(math.pi * 1681.974450955533 / sample_rate), 0.7071752369554196
    high = 10.0 ** (3.999843853973347 / 20.0)
    middle = high**0.4996667741545416
    shelf = (high + middle * k / q + k * k) + 2.0 * (k * k - high) * z + (high - middle * k / q + k * k) * z**2
    shelf /= (1.0 + k / q + k * k) + 2.0 * (k * k - 1.0) * z + (1.0 - k / q + k * k) * z**2

    k, q = math.tan(math.pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    first = 1.0 + k / q + k * k  # the standard scales the high-pass's denominator, not its numerator
    highpass = (1.0 - z) ** 2 * first
    highpass /= first + 2.0 * (k * k - 1.0) * z + (1.0 - k / q + k * k) * z**2
    return np.asarray(shelf * highpass)
