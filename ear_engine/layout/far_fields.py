"""Which way repulsion is summed, by how many vertices there are."""

from __future__ import annotations

from dataclasses import replace

from ear_engine.layout.fourier_grid import ACCURATE, FourierGrid
from ear_engine.layout.repulsion import Exact, FarField

_FEW = 600  # vertices up to which all pairs are summed
_PLANE = FourierGrid(ACCURATE)  # with errors of 1 % nothing comes to rest
_SPACE = FourierGrid(replace(ACCURATE, most=1 << 21))  # a grid of 128 nodes a side, so softer


def far_field(count: int, dimensions: int) -> FarField:
    """How the repulsion of so many vertices is summed."""
    if count <= _FEW:
        return Exact()
    return _PLANE if dimensions == 2 else _SPACE
