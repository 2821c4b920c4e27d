"""Constant-Q scalogram by spectral folding: one FFT, no convolution, any number of samples and frames.

**Definition.** Bin k is centered at ``f_k = f_min * 2**(k / bins_per_octave)``. Its window is given in the frequency
domain and is strictly band-limited: a Hann bump of half width ``b_k = f_k / q`` (the distance from the peak to the
zero, and the width at half amplitude)::

    H_k(f) = 1 + cos(pi * (f - f_k) / b_k)   for |f - f_k| < b_k, else 0

so a sine of amplitude A at ``f_k`` gives ``|X_k| = A``. In time this is the kernel

    h_k(t) = 2 b_k * exp(2 pi i f_k t) * sinc(2 b_k t) / (1 - (2 b_k t)**2)

and the coefficient of frame m is ``X_k[m] = sum_n x[n] h_k(m * hop / sr - n / sr) / sr``.

**Method.** For a loop of N samples and M frames, ``X_k[m] = ifft_M(fold_M(S * H_k))[m] * M / N`` where S is the rfft of
the loop and folding adds every M-th bin; the hop N / M need not be an integer. :mod:`ear_engine.ear.folding` does that
and has its adjoint as gradient; :mod:`ear_engine.ear.log_polar` turns coefficients into log amplitude and phase.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from ear_engine.ear.folding import Analysis, Folding, Window
from ear_engine.ear.log_polar import LogPolar, Turns
from ear_engine.ear.shape import ScalogramConfig

__all__ = ["Scalogram", "ScalogramConfig"]

_TAIL_SECONDS = 3.0  # linear mode: silence appended, so that the circular transform wraps in less than -75 dB
_LENGTHS = 3  # of loops, of which what depends on them is kept: 5 MB each


def _windows(config: ScalogramConfig, samples: int) -> list[Window]:
    """Windows of all bins on the spectrum of a loop of ``samples`` samples, scaled by 1 / N."""
    resolution = config.sample_rate / samples
    windows = []
    for center in config.frequencies():
        half = center / config.q
        first = max(0, math.floor((center - half) / resolution) + 1)
        last = math.ceil((center + half) / resolution) - 1
        offset = (np.arange(first, last + 1) * resolution - center) / half
        windows.append(Window(first, np.where(np.abs(offset) < 1, 1.0 + np.cos(np.pi * offset), 0.0) / samples))
    return windows


class Scalogram(nn.Module):
    """Differentiable constant-Q scalogram of loops (circular) or music (linear).

    Shape:
        - input: (batch, samples), float32, -1..1
        - output: (batch, 2, bins, frames): log amplitude about 0..1 and phase difference -1..1
    """

    def __init__(self, config: ScalogramConfig | None = None) -> None:
        super().__init__()
        self.config = config or ScalogramConfig()
        self._foldings = lru_cache(maxsize=_LENGTHS)(self._new_folding)
        self._turns = lru_cache(maxsize=_LENGTHS)(self._new_turns)

    def _new_folding(self, samples: int, frames: int, device: str) -> Folding:
        return Folding(_windows(self.config, samples), samples, frames, torch.device(device))

    def _new_turns(self, hop: float, frames: int, circular: bool, dtype: torch.dtype, device: str) -> Turns:
        return Turns.create(self.config.frequencies() * hop / self.config.sample_rate, frames, circular, dtype, device)

    def folding(self, samples: int, frames: int, device: torch.device) -> Folding:
        """What turns loops of ``samples`` samples into ``frames`` frames; built once and kept."""
        kept: Folding = self._foldings(samples, frames, str(device))
        return kept

    def transform(self, audio: Tensor, frames: int | None = None) -> Tensor:
        """Complex constant-Q coefficients of loops.

        Args:
            audio: (batch, samples), one whole loop each.
            frames: number of frames; the config's choice for this length if None.

        Returns:
            (batch, bins, frames), complex64; frame m is centered at sample m * samples / frames.
        """
        audio = audio.float()
        samples = audio.shape[-1]
        count = self.config.loop_frames(samples) if frames is None else frames
        folding = self.folding(samples, count, audio.device)
        coefficients: Tensor = Analysis.apply(audio, folding)  # type: ignore[no-untyped-call]
        return coefficients

    def transform_linear(self, audio: Tensor) -> Tensor:
        """Complex coefficients of music that does not loop, silence before and after it.

        Args:
            audio: (batch, samples).

        Returns:
            (batch, bins, ceil(samples / hop)), complex64; frame m is centered at sample m * hop.
        """
        samples = audio.shape[-1]
        frames = -(-samples // self.config.hop)
        tail = math.ceil(_TAIL_SECONDS * self.config.sample_rate / self.config.hop)
        padded = nn.functional.pad(audio, (0, (frames + tail) * self.config.hop - samples))
        return self.transform(padded, frames + tail)[..., :frames]

    def features(self, coefficients: Tensor, hop: float, *, circular: bool) -> Tensor:
        """Log amplitude and phase channel of complex coefficients.

        Amplitude is ``(log(|X|^2 + 1e-9) - log 1e-9) / -log 1e-9``: silence is 0, a full-scale sine 1. Phase is the
        advance from the frame before, minus the expected advance of the bin, wrapped, over pi; it fades to 0 with the
        same floor, so its gradient stays finite at silence.

        Args:
            coefficients: (batch, bins, frames), complex.
            hop: samples between frames.
            circular: the frame before the first is the last (a loop); otherwise the first frame's phase is 0.

        Returns:
            (batch, 2, bins, frames), float32.
        """
        turns: Turns = self._turns(
            float(hop), coefficients.shape[-1], circular, coefficients.dtype, str(coefficients.device)
        )
        features: Tensor = LogPolar.apply(coefficients, turns)  # type: ignore[no-untyped-call]
        return features

    def forward(self, audio: Tensor, *, circular: bool = True, frames: int | None = None) -> Tensor:
        """Scalogram of loops (``circular``) or of music.

        Args:
            audio: (batch, samples).
            circular: whether the audio is one whole loop.
            frames: number of frames of a loop; ignored for music.

        Returns:
            (batch, 2, bins, frames).
        """
        with torch.autocast(audio.device.type, enabled=False):
            if circular:
                coefficients = self.transform(audio, frames)
                hop = audio.shape[-1] / coefficients.shape[-1]
            else:
                coefficients = self.transform_linear(audio)
                hop = float(self.config.hop)
            return self.features(coefficients, hop, circular=circular)
