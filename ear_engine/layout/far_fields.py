"""Which way repulsion is summed, by how many vertices there are."""

from __future__ import annotations

from dataclasses import replace

from ear_engine.layout.fourier_grid import ACCURATE, FAST, Fineness, FourierGrid
from ear_engine.layout.repulsion import Exact, FarField

_FEW = 950  # vertices up to which all pairs are summed, which is faster then
_MOST = {2: 1 << 22, 3: 1 << 21}  # nodes by dimensions; those of space are 128 a side, so softer


def far_field(count: int, dimensions: int) -> FarField:
    """How the repulsion of so many vertices is summed, with errors of 0.1 %."""
    return _grid(count, dimensions, ACCURATE)


def quick_field(count: int, dimensions: int) -> FarField:
    """The same in less time, with errors of 1 %: to go where a few steps of the other way are enough."""
    return _grid(count, dimensions, FAST)


def _grid(count: int, dimensions: int, fineness: Fineness) -> FarField:
    return Exact() if count <= _FEW else FourierGrid(replace(fineness, most=_MOST[dimensions]))
