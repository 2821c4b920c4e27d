"""Which way repulsion is summed, by how many vertices there are."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ear_engine.layout.fourier_grid import ACCURATE, FAST, Fineness, FourierGrid
from ear_engine.layout.repulsion import Exact, FarField, Kernel, exact_forces

_FEW = 950  # vertices up to which all pairs are summed, which is faster then
_SAMPLES = 64  # vertices at which an error is measured
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


def error_of(far: FarField, positions: Tensor, charges: Tensor, kernel: Kernel) -> float:
    """Median relative error of the force at some positions, against all pairs with the softening that is in force.

    Measured at some vertices, evenly spaced among all.
    """
    if isinstance(far, Exact):
        return 0.0
    rows = torch.linspace(0, len(positions) - 1, min(_SAMPLES, len(positions)), device=positions.device).long()
    law = replace(kernel, softening=softening_of(far, positions, kernel))
    expected = exact_forces(positions.double(), charges.double(), law, rows)
    size = expected.norm(dim=1)
    errors = (far(positions, charges, kernel)[rows] - expected).norm(dim=1)[size > 0.0] / size[size > 0.0]
    return float(errors.median()) if len(errors) else 0.0


def _grid(count: int, fineness: Fineness) -> FarField:
    return Exact() if count <= _FEW else FourierGrid(replace(fineness, most=_MOST))
