"""Constant-Q scalogram by spectral folding: one FFT, no convolution, any number of samples and frames.

**Definition.** Bin k is centered at ``f_k = f_min * 2**(k / bins_per_octave)``. Its window is given in the frequency
domain and is strictly band-limited: a Hann bump of half width ``b_k = f_k / q`` (the distance from the peak to the
zero, and the width at half amplitude)::

    H_k(f) = 1 + cos(pi * (f - f_k) / b_k)   for |f - f_k| < b_k, else 0

so a sine of amplitude A at ``f_k`` gives ``|X_k| = A``. In time this is the kernel

    h_k(t) = 2 b_k * exp(2 pi i f_k t) * sinc(2 b_k t) / (1 - (2 b_k t)**2)

and the coefficient of frame m is ``X_k[m] = sum_n x[n] h_k(m * hop / sr - n / sr) / sr``.

**Method.** For a loop of N samples and M frames, ``X_k[m] = ifft_M(fold_M(S * H_k))[m] * M / N`` where S is the rfft of
the loop and folding adds every M-th bin; the hop N / M need not be an integer. Bins are stored as rows of M spectrum
bins that start at multiples of M, so folding is a sum of whole rows: no index arithmetic on single bins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_FLOOR = 1e-9  # power below which a bin counts as silent (-90 dB)
_LOG_RANGE = -math.log(_FLOOR)
_CACHE_VALUES = 1 << 16  # floats worked on at a time on a CPU (256 KiB): measured best of 2^15..2^20
_TAIL_SECONDS = 3.0  # linear mode: silence appended, so that the circular transform wraps in less than -75 dB


@dataclass(frozen=True)
class ScalogramConfig:
    """What the ear hears.

    Args:
        sample_rate: Hz.
        bins: number of frequency bins.
        bins_per_octave: spacing.
        f_min: center of the lowest bin, Hz.
        q: center frequency over half-amplitude bandwidth.
        hop: nominal hop length in samples; loops use the nearest hop that gives a whole number of frames.
        frame_multiple: the number of frames of a loop is a multiple of this (the network's total stride).
    """

    sample_rate: int = 44100
    bins: int = 216
    bins_per_octave: int = 24
    f_min: float = 40.0
    q: float = 14.67
    hop: int = 1024
    frame_multiple: int = 16

    def frequencies(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Center frequencies in Hz, shape (bins,)."""
        return np.asarray(self.f_min * 2.0 ** (np.arange(self.bins) / self.bins_per_octave))

    def loop_frames(self, samples: int) -> int:
        """Number of frames of a loop of ``samples`` samples: the multiple of ``frame_multiple`` nearest the hop."""
        return max(1, round(samples / (self.hop * self.frame_multiple))) * self.frame_multiple


@dataclass(frozen=True)
class _Plan:
    """Where each bin's window lies in the spectrum, for one (samples, frames).

    ``rows`` (R,) names the M-wide spectrum row that each window row multiplies, ``owner`` (R,) the frequency bin it
    belongs to, ``windows`` (R, 2 M) the real window values, each twice (once for the real, once for the imaginary part
    of the interleaved spectrum, so that one real product serves both), scaled by 1 / N.
    """

    rows: Tensor
    owner: Tensor
    windows: Tensor
    spectrum_rows: int


def _make_plan(config: ScalogramConfig, samples: int, frames: int) -> _Plan:
    resolution = config.sample_rate / samples
    rows: list[int] = []
    owner: list[int] = []
    windows: list[np.ndarray[Any, Any]] = []
    top = samples // 2
    for bin_, center in enumerate(config.frequencies()):
        half = center / config.q
        first = max(0, math.floor((center - half) / resolution) + 1)
        last = min(top, math.ceil((center + half) / resolution) - 1)
        row_from, row_to = first // frames, last // frames
        index = np.arange(row_from * frames, (row_to + 1) * frames)
        offset = (index * resolution - center) / half
        shape = np.where((np.abs(offset) < 1) & (index <= top), 1.0 + np.cos(np.pi * offset), 0.0)
        windows.append(np.repeat(shape / samples, 2).reshape(-1, 2 * frames))
        rows.extend(range(row_from, row_to + 1))
        owner.extend([bin_] * (row_to + 1 - row_from))
    return _Plan(
        torch.tensor(rows),
        torch.tensor(owner),
        torch.from_numpy(np.concatenate(windows).astype(np.float32)),
        -(-(top + 1) // frames),
    )


def _accumulate(values: Tensor, source: Tensor, target: Tensor, windows: Tensor, count: int) -> Tensor:
    """``out[:, target[r]] += values[:, source[r]] * windows[r]`` for every window row r, in cache-sized pieces."""
    out = values.new_zeros(values.shape[0], count, values.shape[2])
    piece = len(source) if values.is_cuda else max(16, _CACHE_VALUES // (values.shape[0] * values.shape[2]))
    for at in range(0, len(source), piece):
        end = at + piece
        part = values.index_select(1, source[at:end]).mul_(windows[at:end])
        out.index_add_(1, target[at:end], part)
    return out


class _Fold(torch.autograd.Function):
    """Windowed rows of the spectrum, summed per bin; linear, so backward is the same with the two indices swapped.

    Shape:
        - spectrum: (batch, spectrum rows, 2 M), complex values interleaved
        - output: (batch, bins, 2 M)
    """

    @staticmethod
    def forward(ctx: Any, spectrum: Tensor, rows: Tensor, owner: Tensor, windows: Tensor, bins: int) -> Tensor:
        ctx.save_for_backward(rows, owner, windows)
        ctx.spectrum_rows = spectrum.shape[1]
        return _accumulate(spectrum, rows, owner, windows, bins)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        (gradient,) = gradients
        rows, owner, windows = ctx.saved_tensors
        return _accumulate(gradient.contiguous(), owner, rows, windows, ctx.spectrum_rows), None, None, None, None


class Scalogram(nn.Module):
    """Differentiable constant-Q scalogram of loops (circular) or music (linear).

    Shape:
        - input: (batch, samples), float32, -1..1
        - output: (batch, 2, bins, frames): log amplitude about 0..1 and phase difference -1..1
    """

    def __init__(self, config: ScalogramConfig | None = None) -> None:
        super().__init__()
        self.config = config or ScalogramConfig()
        self._plans = lru_cache(maxsize=8)(self._new_plan)

    def _new_plan(self, samples: int, frames: int, device: str) -> _Plan:
        plan = _make_plan(self.config, samples, frames)
        return _Plan(plan.rows.to(device), plan.owner.to(device), plan.windows.to(device), plan.spectrum_rows)

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
        plan: _Plan = self._plans(samples, count, str(audio.device))
        spectrum = torch.fft.rfft(audio)
        padding = plan.spectrum_rows * count - spectrum.shape[-1]
        spectrum = torch.view_as_real(nn.functional.pad(spectrum, (0, padding)))
        spectrum = spectrum.reshape(-1, plan.spectrum_rows, 2 * count)
        folded: Tensor = _Fold.apply(  # type: ignore[no-untyped-call]
            spectrum, plan.rows, plan.owner, plan.windows, self.config.bins
        )
        folded = torch.view_as_complex(folded.view(-1, self.config.bins, count, 2))
        coefficients: Tensor = torch.fft.ifft(folded, norm="forward")
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
        power = coefficients.real.square() + coefficients.imag.square()
        amplitude = torch.log(power / _FLOOR + 1.0) / _LOG_RANGE
        before = torch.roll(coefficients, 1, dims=-1)
        turn = 2 * np.pi * self.config.frequencies() * hop / self.config.sample_rate
        expected = torch.polar(
            torch.ones(self.config.bins, device=power.device),
            torch.from_numpy(-np.remainder(turn, 2 * np.pi)).float().to(power.device),
        )
        step = coefficients * before.conj() * expected[:, None]
        real, imaginary = step.real, step.imag
        strength = torch.sqrt(power * torch.roll(power, 1, dims=-1) + 1e-30)
        silent = strength < 1e-12
        real = torch.where(silent, torch.ones_like(real), real)
        imaginary = torch.where(silent, torch.zeros_like(imaginary), imaginary)
        phase = torch.atan2(imaginary, real) / math.pi * (strength / (strength + _FLOOR))
        if not circular:
            phase = torch.cat([torch.zeros_like(phase[..., :1]), phase[..., 1:]], dim=-1)
        return torch.stack([amplitude, phase], dim=1)

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
