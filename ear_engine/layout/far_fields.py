"""Which way repulsion is summed, by how many vertices there are."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ear_engine.layout.fourier_grid import ACCURATE, FAST, Fineness, FourierGrid
from ear_engine.layout.repulsion import Exact, FarField, Kernel

_FEW = 950  # vertices up to which all pairs are summed, which is faster then
_MOST = 1 << 22  # nodes of a grid; where they do not do, the force is softer


def far_field(count: int) -> FarField:
    """How the repulsion of so many vertices is summed; errors are those of :data:`fourier_grid.ACCURATE`."""
    return _grid(count, ACCURATE)


def quick_field(count: int) -> FarField:
    """The same in less time, as :data:`fourier_grid.FAST` does: to go where a few steps of the other way are enough."""
    return _grid(count, FAST)


def softening_of(far: FarField, positions: Tensor, kernel: Kernel) -> float:
    """The softening in force at some positions, a length: the kernel's, or more where a grid would be too large."""
    return far.softening(positions, kernel) if isinstance(far, FourierGrid) else kernel.softening


def _grid(count: int, fineness: Fineness) -> FarField:
    return Exact() if count <= _FEW else FourierGrid(replace(fineness, most=_MOST))
