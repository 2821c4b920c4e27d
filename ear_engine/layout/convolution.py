"""Charges on a grid, convolved with the force: the near part on the grid itself, the far part on ever coarser ones.

Multilevel summation (Skeel, Tezcan & Hardy 2002, "Multiple grid methods for classical molecular dynamics") with
B-splines. The force is parted at a distance of some cells: what is left of it when its steep middle is made flat is
smooth enough for a grid of a quarter of the nodes along each axis, and the difference has an end, so little padding
keeps Fourier transforms from wrapping around. Splines are sums of narrower ones, so going between grids loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb

import torch
from torch import Tensor

from ear_engine.layout.splines import sharpening

_CUT = 6.0  # cells of the coarser grid, where near and far are parted
_HALVINGS = 2  # from a grid to the next coarser one
_SMOOTH = 5  # derivatives that the far part has there
_COARSEST = 64  # nodes along an axis up to which a grid is not parted
_MARGIN = 12  # nodes that sharpening may reach beyond the kernel


def field(grid: Tensor, exponent: float, softening: float, order: int, flat: float = 0.0) -> Tensor:
    """Field along each axis of charges on a grid, at its nodes, (dimensions, *grid).

    Args:
        grid: charges, spread by splines; as many nodes along each axis.
        exponent, softening: see :class:`~ear_engine.layout.repulsion.Kernel`; lengths are in cells.
        order: of the splines, by which the field is going to be read, too.
        flat: the force is without its middle up to this distance.
    """
    side = grid.shape[0]
    if side <= _COARSEST:
        return _convolve(grid, _response(_size(2 * side + _MARGIN), grid, exponent, softening, order, flat, None))
    end = _CUT * 2.0**_HALVINGS
    near = _response(_size(side + int(end) + _MARGIN), grid, exponent, softening, order, flat, end)
    grids = [grid]
    for _ in range(_HALVINGS):
        grids.append(_coarser(grids[-1], order))
    far = field(grids[-1], exponent, softening / 2.0**_HALVINGS, order, _CUT).mul_(2.0 ** (-_HALVINGS * exponent))
    for finer in reversed(grids[1:-1]):
        far = _add_finer(far, far.new_zeros(len(far), *finer.shape), order)
    return _add_finer(far, _convolve(grid, near), order)


def _coarser(grid: Tensor, order: int) -> Tensor:
    """The same charges, spread by splines twice as wide on half as many nodes."""
    for axis in range(grid.dim()):
        count = grid.shape[axis]
        nodes = (count + order - 1) // 2 + 1
        after = 2 * (nodes + order // 2) - order - count
        padded = torch.nn.functional.pad(grid, (0, 0) * (grid.dim() - 1 - axis) + (order, after))
        even_odd = torch.unflatten(padded, axis, (-1, 2)).unbind(axis + 1)
        parts = [even_odd[tap % 2].narrow(axis, tap // 2, nodes) for tap in range(order + 1)]
        grid = _weighted(parts, _halves(order))
    return grid


def _add_finer(fields: Tensor, total: Tensor, order: int) -> Tensor:
    """Add what splines read from ``fields`` to ``total``, (dimensions, *grid) both, from which narrower ones read."""
    halves = _halves(order)
    for axis in reversed(range(1, fields.dim())):
        side = total.shape[axis]
        if axis > 1:
            found = fields.new_zeros(*fields.shape[:axis], *total.shape[axis:])
        else:
            found = total
        for parity in range(2):
            # node number `parity`, `parity` + 2, ... of the finer grid, whose first is number `order` of all
            first, rest = divmod(order + parity, 2)
            nodes = len(range(parity, side, 2))
            here = found[(slice(None),) * axis + (slice(parity, None, 2),)]
            for tap in range(rest, order + 1, 2):
                here.add_(fields.narrow(axis, first - tap // 2, nodes), alpha=halves[tap])
        fields = found
    return fields


def _weighted(parts: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    total = parts[0] * shares[0]
    for part, share in zip(parts[1:], shares[1:], strict=True):
        total.add_(part, alpha=share)
    return total


def _halves(order: int) -> list[float]:
    """Shares of narrow splines in one of twice the width."""
    return [comb(order, offset) / 2.0 ** (order - 1) for offset in range(order + 1)]


def _convolve(grid: Tensor, response: Tensor) -> Tensor:
    """Field along each axis, (dimensions, *grid); only what is not padding is transformed."""
    dimensions, side, size = grid.dim(), grid.shape[0], response.shape[1]
    spectrum = torch.fft.rfft(grid, n=size)
    for axis in range(dimensions - 1):
        spectrum = torch.fft.fft(spectrum, n=size, dim=axis)
    spectrum = spectrum * response
    for axis in range(1, dimensions):
        spectrum = torch.fft.ifft(spectrum, dim=axis).narrow(axis, 0, side)
    fields: Tensor = torch.fft.irfft(spectrum, n=size)
    return fields.narrow(dimensions, 0, side)


def _response(
    size: int, grid: Tensor, exponent: float, softening: float, order: int, flat: float, end: float | None
) -> Tensor:
    return _spectrum(size, grid.dim(), exponent, softening, order, flat, end, grid.dtype, grid.device)


@lru_cache(maxsize=16)
def _spectrum(
    size: int,
    dimensions: int,
    exponent: float,
    softening: float,
    order: int,
    flat: float,
    end: float | None,
    dtype: torch.dtype,
    device: torch.device,
) -> Tensor:
    """Of the force of a charge of 1 along each axis, (dimensions, size, ..., size // 2 + 1), complex."""
    lag = torch.fft.fftfreq(size, 1.0 / size, dtype=torch.float64, device=device)
    toward = lag.clone()
    toward[size // 2] = 0.0  # neither side
    squared = torch.zeros((size,) * dimensions, dtype=torch.float64, device=device)
    sharp = torch.ones((), dtype=torch.float64, device=device)
    shapes = [[-1 if axis == other else 1 for other in range(dimensions)] for axis in range(dimensions)]
    for axis, shape in enumerate(shapes):
        frequencies = torch.fft.rfftfreq if axis == dimensions - 1 else torch.fft.fftfreq
        squared += lag.view(shape).square()
        sharp = sharp * sharpening(frequencies(size, dtype=torch.float64, device=device), order).view(shape)
    factor = _flattened(squared, exponent, softening, flat)
    if end is not None:
        factor -= _flattened(squared, exponent, softening, end)
    spectra = [torch.fft.rfftn(factor * toward.view(shape)) * sharp for shape in shapes]
    return torch.stack(spectra).to(dtype.to_complex())


def _flattened(squared: Tensor, exponent: float, softening: float, distance: float) -> Tensor:
    """The kernel's factor, from ``distance`` inward its Taylor series in the squared length: smooth, and flat."""
    power = (exponent + 1.0) / 2.0
    softened = squared + softening**2
    found = softened.pow(-power)
    edge = distance**2 + softening**2
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
