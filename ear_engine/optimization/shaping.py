"""Where and when a loop changes: the spectrum and the rhythm of every change, made once for each setting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.real_fourier import RealFourier
from ear_engine.optimization.rhythm import grid_envelope, onset_envelope
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.spectral_curve import Tone, spectral_curve

_FAINTEST = 1e-30


@dataclass(frozen=True)
class Shaping:
    """What every change of a loop is weighted by.

    Args:
        curve: of its spectrum, (samples // 2 + 1,).
        envelope: of its course, (samples,); None if it may change at any time.
        share: RMS of the envelope. A step's distance times this changes the loop as fast while the envelope is open as
            without one, so more pulses only add.
    """

    curve: Tensor
    envelope: Tensor | None = None
    share: float = 1.0

    def apply(self, change: Tensor, fourier: RealFourier) -> Tensor:
        """``change``, (variants, samples), shaped, at an RMS of 1; 0 stays 0."""
        shaped = fourier.filter(change, self.curve)
        if self.envelope is not None:
            shaped = shaped * self.envelope
        unit: Tensor = shaped / shaped.square().mean(-1, keepdim=True).sqrt().clamp(min=_FAINTEST)
        return unit


class Shaper:
    """Shapings for one source; the last few are kept.

    Args:
        source: (samples,), whose onsets ``rhythm/lock`` follows.
        sample_rate: Hz.
        beats: of the loop.
        seed: decides which pulses come first when ``rhythm/density`` rises.
        device: where shapings are.
    """

    def __init__(
        self, source: NDArray[np.float32], sample_rate: int, beats: int, seed: int, device: torch.device
    ) -> None:
        self._source = source
        self._rate = sample_rate
        self._beats = beats
        self._seed = seed
        self._device = device
        self._onsets: NDArray[np.float32] | None = None
        self._curve = lru_cache(maxsize=4)(self._new_curve)
        self._envelope = lru_cache(maxsize=4)(self._new_envelope)

    def shaping(self, settings: DreamSettings) -> Shaping:
        """What the settings say."""
        tone = Tone(settings.tilt, settings.low, settings.mid, settings.high)
        if settings.scale_lock > 0:
            tone = replace(tone, scale=settings.scale, root=settings.root, lock=settings.scale_lock)
        density = settings.density if settings.grid != "off" else 1.0
        return Shaping(self._curve(tone), *self._envelope(settings.grid, density, settings.lock))

    def _new_curve(self, tone: Tone) -> Tensor:
        return torch.from_numpy(spectral_curve(len(self._source), self._rate, tone)).to(self._device)

    def _new_envelope(self, grid: str, density: float, lock: float) -> tuple[Tensor | None, float]:
        if grid == "off" and lock <= 0:
            return None, 1.0
        envelope = np.ones(len(self._source), dtype=np.float32)
        if grid != "off":
            envelope = grid_envelope(len(self._source), self._rate, self._beats, grid, density, self._seed)
        if lock > 0:
            if self._onsets is None:
                self._onsets = onset_envelope(self._source, self._rate)
            envelope = envelope * (1.0 + np.float32(lock) * (self._onsets - 1.0))
        return torch.from_numpy(envelope).to(self._device), float(np.sqrt(np.mean(envelope.astype(np.float64) ** 2)))
