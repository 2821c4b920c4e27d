"""Spectral folding: from the spectrum of a loop to the coefficients of band-limited windows at any number of frames.

``X_k[m] = ifft_M(fold_M(S * H_k))[m] * M / N``: window k is multiplied onto the spectrum S, every M-th bin is added up,
and an inverse transform of M points gives the M frames. Windows are stored as rows of M spectrum bins that start at
multiples of M, so folding is a sum of whole rows and no single bin is addressed.

Everything here is linear, so the gradient is the adjoint: the same rows, summed by spectrum row instead of by window.
Sums are taken by ``embedding_bag`` (one read of each row, parallel, in a fixed order on every device).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ear_engine.ear.real_fourier import RealFourier

_CPU_CLIPS = 1  # clips at a time on a CPU, whose caches hold the weighted rows of one
_DEVICE_CLIPS = 64  # at most elsewhere, where few launches matter most,
_DEVICE_VALUES = 1 << 26  # and floats of their weighted rows (256 MiB)


@dataclass(frozen=True)
class Window:
    """Weights of consecutive spectrum bins, zero elsewhere: ``weights[i]`` belongs to bin ``first + i``."""

    first: int
    weights: np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class _Sum:
    """``out[i] = sum of source[take[r]] * weights[r]`` over the rows r that ``order`` lists from ``start[i]`` on.

    Shapes: take (R,), weights (R, width), order (clips R,), start (clips outputs,): the last two go on through
    ``clips`` clips, whose weighted rows lie one after the other.
    """

    take: Tensor
    order: Tensor
    start: Tensor
    clips: int
    outputs: int

    @staticmethod
    def create(take: Tensor, target: Tensor, outputs: int, clips: int, device: torch.device) -> _Sum:
        rows = len(take)
        order = torch.argsort(target, stable=True)
        start = torch.searchsorted(target[order], torch.arange(outputs))
        clip = torch.arange(clips)[:, None]
        shifted = ((order + clip * rows).flatten(), (start + clip * rows).flatten())
        return _Sum(take.to(device), shifted[0].to(device), shifted[1].to(device), clips, outputs)

    def __call__(self, source: Tensor, weights: Tensor) -> Tensor:
        """(clips, rows, width), any number of clips → (clips, outputs, width)."""
        width = source.shape[-1]
        out = source.new_empty(len(source), self.outputs, width)
        rows = source.new_empty(min(self.clips, len(source)), len(self.take), width)
        for at in range(0, len(source), self.clips):
            piece = source[at : at + self.clips]
            part = rows[: len(piece)]
            torch.index_select(piece, 1, self.take, out=part)
            order, start = self.order[: part[..., 0].numel()], self.start[: len(piece) * self.outputs]
            total = torch.embedding_bag(part.mul_(weights).view(-1, width), order, start)[0]
            out[at : at + self.clips] = total.view(-1, self.outputs, width)
        return out


class Folding:
    """Analysis of loops of N samples into M frames by some windows, and its adjoint.

    Args:
        windows: one for each band; bins beyond half the sample rate are left out.
        samples: N.
        frames: M.
        device: where its constants are.
    """

    def __init__(self, windows: Sequence[Window], samples: int, frames: int, device: torch.device) -> None:
        self.samples, self.frames, self.bands = samples, frames, len(windows)
        rows, owner, weights = _rows(windows, samples // 2 + 1, frames)
        used = int(rows.max()) + 1 if len(rows) else 1
        available = -(-(samples // 2 + 1) // frames)
        self._fourier = RealFourier.create(samples, device)
        self._used = used * frames
        # Each weight twice, for the real and the imaginary part of an interleaved spectrum: one real product does both.
        self._weights = torch.from_numpy(np.repeat(weights, 2, axis=1).astype(np.float32)).to(device)
        fitting = max(1, _DEVICE_VALUES // max(1, self._weights.numel()))
        clips = _CPU_CLIPS if device.type == "cpu" else min(_DEVICE_CLIPS, fitting)
        self._fold = _Sum.create(rows, owner, self.bands, clips, device)
        self._unfold = _Sum.create(owner, rows, available, clips, device)

    @property
    def values(self) -> int:
        """Window values that are stored and multiplied, partly filled rows included."""
        return self._weights.numel() // 2

    def analyze(self, audio: Tensor) -> Tensor:
        """(batch, samples), float32 → (batch, bands, frames), complex64."""
        spectrum = self._fourier.spectrum(audio, self._used)[:, : self._used]
        rows = torch.view_as_real(spectrum).reshape(len(audio), -1, 2 * self.frames)
        folded = self._fold(rows, self._weights).view(len(audio), self.bands, self.frames, 2)
        coefficients: Tensor = torch.fft.ifft(torch.view_as_complex(folded), norm="forward")
        return coefficients

    def adjoint(self, gradient: Tensor) -> Tensor:
        """Gradient on coefficients, (batch, bands, frames) → on the loop, (batch, samples)."""
        folded = torch.view_as_real(torch.fft.fft(gradient)).view(len(gradient), self.bands, 2 * self.frames)
        rows = self._unfold(folded, self._weights)
        return self._fourier.adjoint(torch.view_as_complex(rows.view(len(gradient), -1, 2)))


class Analysis(torch.autograd.Function):
    """:meth:`Folding.analyze` with :meth:`Folding.adjoint` as its gradient."""

    @staticmethod
    def forward(ctx: Any, audio: Tensor, folding: Folding) -> Tensor:
        """Coefficients of ``audio``."""
        ctx.folding = folding
        return folding.analyze(audio)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Gradient on ``audio``."""
        return ctx.folding.adjoint(gradients[0]), None


def _rows(windows: Sequence[Window], available: int, frames: int) -> tuple[Tensor, Tensor, np.ndarray[Any, Any]]:
    """Spectrum row and band of each window row, (R,) each, and the weights, (R, frames)."""
    rows: list[int] = []
    owner: list[int] = []
    weights: list[np.ndarray[Any, Any]] = [np.zeros((0, frames))]
    for band, window in enumerate(windows):
        kept = window.weights[: max(0, available - window.first)]
        if not len(kept):
            continue
        first, last = window.first // frames, (window.first + len(kept) - 1) // frames
        block = np.zeros((last + 1 - first) * frames)
        start = window.first - first * frames
        block[start : start + len(kept)] = kept
        weights.append(block.reshape(-1, frames))
        rows.extend(range(first, last + 1))
        owner.extend([band] * (last + 1 - first))
    return torch.tensor(rows, dtype=torch.int64), torch.tensor(owner, dtype=torch.int64), np.concatenate(weights)
