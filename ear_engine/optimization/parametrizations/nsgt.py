"""An invertible constant-Q transform of loops: a tight nonstationary Gabor frame, its adjoint its inverse.

After Velasco, Holighaus, Dörfler & Grill 2011 ("Constructing an invertible constant-Q transform with nonstationary
Gabor frames"), in the painless case, and simpler: windows live on a warped frequency axis ``w(f)``, linear below a
corner (where windows of constant Q would last longer than a loop) and logarithmic above it, and the window of band k is

    g_k(f) = cos(pi / 2 * (w(f) - k))   for |w(f) - k| < 1, else 0.

Two neighbors overlap everywhere and ``cos² + sin² = 1``, so the squares of all windows add up to 1 at every bin of any
loop, whatever its length. Each band's part of the spectrum fits into its own M_k coefficients, placed modulo M_k, and
a unitary inverse transform makes them coefficients in time. Every part is an isometry: the energy of the coefficients
is that of the loop, and the adjoint of the analysis takes them back to it exactly.

Since even bands do not overlap each other, nor odd ones, each bin of the spectrum is gathered from one even and one odd
band: nothing is scattered, and sums have a fixed order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.real_fourier import RealFourier

BINS_PER_OCTAVE = 24
_SPACING_HZ = 2.0  # least distance of two bands: the longest windows last about half a second,
_SPACING_BINS = 2.0  # and have 4 bins of the spectrum at least


@dataclass(frozen=True)
class Group:
    """Neighboring bands with the same number of coefficients: ``bands`` times ``frames`` of them from ``first`` on."""

    first: int
    bands: int
    frames: int


@dataclass(frozen=True)
class ConstantQ:
    """The transform for loops of one length.

    Coefficients are one row a loop: groups one after the other, in a group its bands from low to high, in a band its
    coefficients in time, equally spaced over the loop.

    Shapes:
        centers: (bands,), Hz, of each band
    """

    samples: int
    groups: tuple[Group, ...]
    centers: Tensor
    _source: Tensor  # (coefficients,): bin of the spectrum that lies at each place
    _window: Tensor  # (coefficients,): and its weight on the way in; 0 where none does
    _even: Tensor  # (bins,): place of each bin in its even band,
    _odd: Tensor  # and in its odd one,
    _even_window: Tensor  # with their weights on the way back
    _odd_window: Tensor
    _fourier: RealFourier

    @staticmethod
    def create(samples: int, sample_rate: float, like: Tensor, bins_per_octave: int = BINS_PER_OCTAVE) -> ConstantQ:
        """The transform for loops of ``samples`` samples, on the device and in the precision of ``like``."""
        spacing = max(_SPACING_HZ, _SPACING_BINS * sample_rate / samples)
        bins = samples // 2 + 1
        warped = _warp(np.arange(bins) * sample_rate / samples, spacing, bins_per_octave)
        lower = np.floor(warped).astype(np.int64)
        bands = int(lower[-1]) + 2
        edges = np.searchsorted(lower, np.arange(-1, bands + 1))  # first bin of each band's lower half, then its end
        first, last = edges[:-2], edges[2:]
        frames = np.array([_size(int(count)) for count in np.maximum.accumulate(last - first)])
        offset = np.concatenate([[0], np.cumsum(frames)])
        source, window = np.zeros(offset[-1], np.int64), np.zeros(offset[-1])
        place, weight = np.zeros((2, bins), np.int64), np.zeros((2, bins))
        scale = np.full(bins, (2.0 / samples) ** 0.5)  # all but the two real bins count twice in a loop's energy
        scale[0] = samples**-0.5
        if samples % 2 == 0:
            scale[-1] = samples**-0.5
        for band in range(bands):
            inside = np.arange(first[band], last[band])
            at = offset[band] + inside % frames[band]
            shape = np.cos(np.pi / 2 * (warped[inside] - band))
            source[at], window[at] = inside, shape * scale[inside]
            place[band % 2, inside], weight[band % 2, inside] = at, shape / scale[inside]
        centers = _unwarp(np.arange(bands), spacing, bins_per_octave)

        def values(array: NDArray[np.float64]) -> Tensor:
            return torch.from_numpy(array).to(like.device, like.dtype)

        def places(array: NDArray[np.int64]) -> Tensor:
            return torch.from_numpy(array).to(like.device)

        return ConstantQ(
            samples,
            _grouped(frames),
            values(centers),
            places(source),
            values(window),
            places(place[0]),
            places(place[1]),
            values(weight[0]),
            values(weight[1]),
            RealFourier.create(samples, like.device),
        )

    @property
    def coefficients(self) -> int:
        """Complex coefficients of a loop, 2 to 3 for two samples."""
        return len(self._source)

    def analyze(self, audio: Tensor) -> Tensor:
        """(loops, samples) → (loops, coefficients), complex."""
        spectrum = self._fourier.spectrum(audio)
        placed = spectrum.index_select(-1, self._source) * self._window
        return torch.cat([torch.fft.ifft(part, norm="ortho").flatten(-2) for part in self.split(placed)], dim=-1)

    def synthesize(self, coefficients: Tensor) -> Tensor:
        """Adjoint of :meth:`analyze`, and so its inverse: (loops, coefficients), complex → (loops, samples)."""
        parts = [torch.fft.fft(part, norm="ortho").flatten(-2) for part in self.split(coefficients)]
        placed = torch.cat(parts, dim=-1)
        spectrum = placed.index_select(-1, self._even) * self._even_window
        spectrum = spectrum + placed.index_select(-1, self._odd) * self._odd_window
        return self._fourier.inverse(spectrum)

    def split(self, coefficients: Tensor) -> list[Tensor]:
        """Coefficients by group: (loops, bands, frames) each, views."""
        parts = torch.split_with_sizes(coefficients, [group.bands * group.frames for group in self.groups], dim=-1)
        shapes = [(len(coefficients), group.bands, group.frames) for group in self.groups]
        return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]


def _warp(hertz: NDArray[np.float64], spacing: float, bins_per_octave: int) -> NDArray[np.float64]:
    """Number of the band at a frequency: one every ``spacing`` Hz up to a corner, then so many an octave."""
    corner = spacing * bins_per_octave / np.log(2.0)  # both have the same spacing there
    octaves = np.log2(np.maximum(hertz, corner) / corner)
    return np.asarray(np.minimum(hertz, corner) / spacing + bins_per_octave * octaves)


def _unwarp(bands: NDArray[np.int64], spacing: float, bins_per_octave: int) -> NDArray[np.float64]:
    corner = spacing * bins_per_octave / np.log(2.0)
    above = np.maximum(bands - corner / spacing, 0.0)
    return np.asarray(np.minimum(bands * spacing, corner) * 2.0 ** (above / bins_per_octave))


def _size(count: int) -> int:
    """Least of 1, 2, 3, 4, 6, 8, 12, … that is not below ``count``."""
    power = 1 << max(0, count - 1).bit_length()
    return power * 3 // 4 if power >= 4 and count <= power * 3 // 4 else power


def _grouped(frames: NDArray[np.int64]) -> tuple[Group, ...]:
    sizes, starts, counts = np.unique(frames, return_index=True, return_counts=True)  # frames never fall
    before = np.concatenate([[0], np.cumsum(frames)])
    rows = zip(sizes, starts, counts, strict=True)
    return tuple(Group(int(before[start]), int(count), int(size)) for size, start, count in rows)
