"""Features made by hand from a log-amplitude scalogram: what an ear has to beat.

All take (batch, bins, frames), log amplitude about 0..1 over 90 dB, and give (batch, dimension).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ear_engine.ear.scalogram import ScalogramConfig

CEPSTRA = 20
LAGS = 86
"""Frames (2 s at a hop of 1024)."""
RECENT = 128
_BANDS = (200.0, 2000.0)  # Hz, between low, middle and high
_BASS = 250.0  # Hz
_DECADES = 2.25  # square root of the magnitude: 90 dB are 4.5 decades


def moments(values: Tensor) -> Tensor:
    """Mean and standard deviation over time: (batch, channels, steps) to (batch, 2 channels)."""
    deviation, mean = torch.std_mean(values, dim=-1, correction=0)
    return torch.cat([mean, deviation], dim=-1)


def cepstra(amplitude: Tensor) -> Tensor:
    """Mean and deviation of 20 cepstra and the deviation of their differences in time, as MFCC are commonly used.

    The cepstra are the orthonormal DCT-II of the log spectrum over constant-Q bins.
    """
    bins = amplitude.shape[1]
    place = torch.arange(bins, dtype=torch.float64) + 0.5
    order = torch.arange(CEPSTRA, dtype=torch.float64)
    basis = torch.cos(math.pi / bins * order[:, None] * place) * math.sqrt(2.0 / bins)
    basis[0] /= math.sqrt(2.0)
    values = torch.einsum("kb,nbt->nkt", basis.to(amplitude), amplitude)
    return torch.cat([moments(values), values.diff(dim=-1).std(dim=-1, correction=0)], dim=-1)


def rhythm_and_chroma(amplitude: Tensor, config: ScalogramConfig) -> Tensor:
    """Onsets and pitch classes.

    In three bands: the autocorrelation of the onset strength (the rise of the log amplitude) up to 86 frames, and its
    course over the last 128 frames, which says where beats fell. Of the twelve pitch classes: mean and deviation of
    their shares of the spectrum, and their mean shares below 250 Hz.
    """
    frequencies = config.frequencies()
    band = np.digitize(frequencies, _BANDS)
    rises = amplitude.diff(dim=-1).clamp(min=0.0)
    onsets = torch.stack(
        [rises[:, torch.from_numpy(np.flatnonzero(band == number)).to(rises.device)].mean(1) for number in range(3)], 1
    )
    onsets = onsets - onsets.mean(-1, keepdim=True)
    length = 2 * onsets.shape[-1]
    correlation = torch.fft.irfft(torch.fft.rfft(onsets, length).abs().square(), length)
    correlation = correlation[..., 1 : LAGS + 1] / (correlation[..., :1] + 1e-9)
    recent = onsets / (onsets.std(-1, keepdim=True) + 1e-6)
    recent = torch.nn.functional.avg_pool1d(recent[..., -RECENT:], 2)
    chroma = [moments(_chroma(amplitude, frequencies)), _chroma(amplitude, frequencies, _BASS).mean(-1)]
    return torch.cat([correlation.flatten(1), recent.flatten(1), *chroma], dim=-1)


def _chroma(amplitude: Tensor, frequencies: np.ndarray[tuple[int], np.dtype[np.float64]], top: float = 1e9) -> Tensor:
    """Share of each pitch class (C first) in each frame, (batch, 12, frames)."""
    pitch = np.round(12.0 * np.log2(frequencies / 440.0)).astype(np.int64) + 9
    fold = np.zeros((12, len(frequencies)), np.float32)
    fold[pitch % 12, np.arange(len(frequencies))] = frequencies < top
    strength = torch.exp(math.log(10.0) * _DECADES * amplitude) - 1.0
    classes = torch.einsum("pb,nbt->npt", torch.from_numpy(fold).to(amplitude), strength)
    return classes / (classes.sum(1, keepdim=True) + 1e-6)
