"""Charges on a grid, convolved with the force by Fourier transforms; what is far away, on a coarser one.

Multilevel summation (Skeel, Tezcan & Hardy 2002, "Multiple grid methods for classical molecular dynamics") with
B-splines. The force is parted at a distance of some cells: what is left of it when its steep middle is made flat is
smooth enough for a grid of a quarter of the nodes along each axis, and the difference has an end, so little padding
keeps Fourier transforms from wrapping around.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ear_engine.layout.splines import sharpening

COARSER = 4  # cells of a grid, as wide as one of the next
CUT = 5.0  # cells of the coarser grid, where near and far are parted
_SMOOTH = 5  # derivatives that the far part has there
_WHOLE = 1 << 19  # nodes, padding among them, up to which a grid is not parted
_MARGIN = 6  # nodes that sharpening may reach beyond the kernel


@dataclass(frozen=True)
class Part:
    """The part of a force that one grid sums; lengths are in its cells.

    Args:
        exponent, softening: see :class:`~ear_engine.layout.repulsion.Kernel`.
        order: of the splines by which charges are spread, and the field is going to be read.
        flat: the force is without its middle up to this distance, which a finer grid has.
        end: and without what a coarser grid has, which is all from this distance on; None if there is none.
    """

    exponent: float
    softening: float
    order: int
    flat: float = 0.0
    end: float | None = None


def is_last(side: int, dimensions: int) -> bool:
    """Whether a grid of so many nodes along each axis takes all that is far, too."""
    return int((2 * side + _MARGIN) ** dimensions) <= _WHOLE


def padded(side: int, reach: int) -> int:
    """Nodes along each axis that a grid needs so that transforms do not wrap a force around that ends after some."""
    return _size(side + reach + _MARGIN)


def field(grid: Tensor, part: Part) -> Tensor:
    """Field of charges on a grid, at its nodes: from (size, ...) to ((dimensions + 1) // 2, size, ...), complex.

    Two axes make one complex number, since a transform of that costs no more than two of its parts.
    """
    dimensions = grid.dim()
    spectra = _spectra(len(grid), dimensions, part, grid.dtype, grid.device)
    moved = torch.fft.fftn(grid) * spectra
    found: Tensor = torch.fft.ifftn(moved, dim=tuple(range(1, dimensions + 1)))
    return found


@lru_cache(maxsize=8)
def _spectra(size: int, dimensions: int, part: Part, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Of the force of a charge of 1, two axes in one, ((dimensions + 1) // 2, size, ...), complex."""
    lag = torch.fft.fftfreq(size, 1.0 / size, dtype=torch.float64, device=device)
    toward = lag.clone()
    toward[size // 2] = 0.0  # neither side
    squared = torch.zeros((size,) * dimensions, dtype=torch.float64, device=device)
    sharp = torch.ones((), dtype=torch.float64, device=device)
    shapes = [[-1 if axis == other else 1 for other in range(dimensions)] for axis in range(dimensions)]
    frequency = torch.fft.fftfreq(size, dtype=torch.float64, device=device)
    for shape in shapes:
        squared += lag.view(shape).square()
        sharp = sharp * sharpening(frequency, part.order).view(shape)
    factor = _flattened(squared, part, part.flat)
    if part.end is not None:
        factor -= _flattened(squared, part, part.end)
    along = [factor * toward.view(shape) for shape in shapes]
    pairs = [
        torch.complex(first, second)
        for first, second in itertools.zip_longest(along[::2], along[1::2], fillvalue=torch.zeros_like(factor))
    ]
    return torch.stack([torch.fft.fftn(pair) * sharp for pair in pairs]).to(dtype.to_complex())


def _flattened(squared: Tensor, part: Part, distance: float) -> Tensor:
    """The kernel's factor, from ``distance`` inward its Taylor series in the squared length: smooth, and flat."""
    power = (part.exponent + 1.0) / 2.0
    softened = squared + part.softening**2
    found = softened.pow(-power)
    edge = distance**2 + part.softening**2
    inside = squared < distance**2
    relative = softened[inside] / edge - 1.0
    series, term = torch.ones_like(relative), torch.ones_like(relative)
    for number in range(1, _SMOOTH + 1):
        term = term * relative * ((1.0 - number - power) / number)
        series = series + term
    found[inside] = series * edge**-power
    return found


def _size(least: int) -> int:
    """The next size that is quickly transformed: even, of factors 2, 3 and 5."""
    size = least + least % 2
    while True:
        left = size
        for factor in (2, 3, 5):
            while left % factor == 0:
                left //= factor
        if left == 1:
            return size
        size += 2
