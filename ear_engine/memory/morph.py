"""From one loop to another in the spectrum: magnitudes meet half way, phases follow whoever is louder.

A cross-fade of two loops cancels where their phases disagree, and both are heard side by side. Here both are cut into
frames around the circle (Hann windows of 2,048 samples, four at a time over each sample), and for each coefficient of
A and B, at a share s of the way,

    |M| = ((1 - s) |A|^p + s |B|^p)^(1/p),    p = 1/2,

which lies between the geometric mean (p = 0, where only what both have is left in the middle) and that of power
(p = 2, where both are heard). The phase is that of (1 - s) A + s B: what one of them has alone keeps its own, so an
onset stays where it is and sharp. Where both are opposed it is that of the louder one, and the magnitude is there all
the same. Every frame is then brought to the power (1 - s) P(A) + s P(B), and a round of projection onto spectra that a
sound can have (Griffin and Lim, 1984) lessens what neighboring frames disagree about. At both ends the loops
themselves come back, bit for bit.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

WINDOW = 2048
_HOP = WINDOW // 4
_ROUNDS = 1
_OPPOSED = 0.25  # of the louder one is left
_LOUDER = 1.05  # as loud as this; of two that are alike it is the first everywhere, not now one and now the other

Audio = NDArray[np.float32]
Frames = NDArray[np.complex64]


class LoopFrames:
    """Frames of loops of one length, and back.

    Args:
        samples: length of the loops, at least one window.
    """

    def __init__(self, samples: int) -> None:
        count = max(4, math.ceil(samples / _HOP))
        self._samples = samples
        self._starts = np.round(np.arange(count) * samples / count).astype(np.int64) - WINDOW // 2
        self._window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
        weight = np.zeros((1, samples), np.float32)
        self._add(weight, np.broadcast_to(np.square(self._window), (1, count, WINDOW)))
        self._weight = weight

    def spectra(self, audio: Audio) -> Frames:
        """(channels, samples) to (channels, frames, bins)."""
        places = (self._starts[:, None] + np.arange(WINDOW)) % self._samples
        return np.fft.rfft(audio[:, places] * self._window).astype(np.complex64)

    def audio(self, spectra: Frames) -> Audio:
        """The loops, (channels, samples), whose frames are nearest to ``spectra``."""
        pieces = np.fft.irfft(spectra, WINDOW).astype(np.float32) * self._window
        audio = np.zeros((len(spectra), self._samples), np.float32)
        self._add(audio, pieces)
        return audio / self._weight

    def _add(self, audio: Audio, pieces: NDArray[np.float32]) -> None:
        for place, start in enumerate(self._starts):
            first = int(start) % self._samples
            room = min(WINDOW, self._samples - first)
            audio[:, first : first + room] += pieces[:, place, :room]
            audio[:, : WINDOW - room] += pieces[:, place, room:]


class SpectralMorph:
    """The way from one loop to another; may be used from any thread.

    Args:
        start, end: (2, samples), of the same length, at least one window.

    Raises:
        ValueError: they are not.
    """

    def __init__(self, start: Audio, end: Audio) -> None:
        if start.shape != end.shape or start.shape[1] < WINDOW:
            raise ValueError(f"loops of shapes {start.shape} and {end.shape} have no way between them")
        self._ends = start, end
        self._frames = LoopFrames(start.shape[1])
        self._a, self._b = self._frames.spectra(start), self._frames.spectra(end)
        self._roots = np.sqrt(np.abs(self._a)), np.sqrt(np.abs(self._b))
        self._powers = _power(np.abs(self._a)), _power(np.abs(self._b))

    def at(self, share: float) -> Audio:
        """The loop at ``share`` of the way (0 the first, 1 the second), (2, samples), with peaks up to full scale."""
        if share <= 0.0 or share >= 1.0:
            return self._ends[0 if share <= 0.0 else 1]
        part = np.float32(share)
        size = np.square((1 - part) * self._roots[0] + part * self._roots[1])
        power = (1 - part) * self._powers[0] + part * self._powers[1]
        size *= np.sqrt(power / np.maximum(_power(size), 1e-20))[..., None]
        spectra = _with_phase(size, _between((1 - part) * self._a, part * self._b))
        for _ in range(_ROUNDS):
            spectra = _with_phase(size, self._frames.spectra(self._frames.audio(spectra)))
        audio = self._frames.audio(spectra)
        energy = (1 - share) * _energy(self._ends[0]) + share * _energy(self._ends[1])
        audio *= np.float32(math.sqrt(energy / max(_energy(audio), 1e-20)))
        peak = float(np.abs(audio).max())
        return audio if peak <= 1.0 else audio / np.float32(peak)


def _between(one: Frames, other: Frames) -> Frames:
    """Coefficients with the phase of the sum, or of the louder one where the two take each other away."""
    both = one + other
    first, second = np.abs(one), np.abs(other)
    opposed = np.abs(both) < _OPPOSED * np.maximum(first, second)
    return np.where(opposed, np.where(second > _LOUDER * first, other, one), both)


def _with_phase(size: NDArray[np.float32], like: Frames) -> Frames:
    phase = like / np.maximum(np.abs(like), 1e-20)
    return np.asarray(size * phase, dtype=np.complex64)


def _power(size: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("cfb,cfb->cf", size, size), dtype=np.float32)


def _energy(audio: Audio) -> float:
    return float(np.square(audio, dtype=np.float64).sum())
