"""Repulsion by a grid: charges are spread onto it, convolved with the force by Fourier transforms, and read back.

A particle-mesh method (Hockney & Eastwood 1988, "Computer Simulation Using Particles"; with Lagrange interpolation as
in Linderman et al. 2019, FIt-SNE). Time grows with vertices, and with the grid's own size; any exponent is only another
kernel. It is as exact as the softened force is smooth from node to node: see :func:`grid_for`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ear_engine.layout.repulsion import Kernel

_LEAST_SIDE = 16  # nodes


@dataclass(frozen=True)
class FourierGrid:
    """A :class:`~ear_engine.layout.repulsion.FarField` by a grid around the vertices, made anew for each call.

    Args:
        cells_a_softening: nodes in one softening length: how fine the grid is.
        order: nodes that a charge is spread over along each axis: 4 (cubic) or 6.
        most: nodes along an axis at most; beyond, the force is softened to as many cells as it should be.
    """

    cells_a_softening: float = 2.0
    order: int = 4
    most: int = 1024

    def __call__(self, positions: Tensor, charges: Tensor, kernel: Kernel) -> Tensor:
        """See :class:`~ear_engine.layout.repulsion.FarField`."""
        dimensions = positions.shape[1]
        low, high = positions.amin(dim=0), positions.amax(dim=0)
        extent = float((high - low).amax().clamp(min=1e-12))
        wanted = kernel.softening / self.cells_a_softening
        side = min(self.most, max(_LEAST_SIDE, int(extent / wanted) + self.order + 1))
        side = _smooth(side)
        step = extent / (side - self.order - 1)
        kernel = Kernel(kernel.exponent, max(kernel.softening, self.cells_a_softening * step * 0.999))
        place = (positions - (low + high) / 2) / step + (side - 1) / 2.0
        first = (place - (self.order / 2 - 1)).floor()
        weights = _lagrange(place - first, self.order)  # (vertices, dimensions, order)
        nodes, spread = _spread(first.long(), weights, side)
        grid = positions.new_zeros(side**dimensions)
        grid.index_add_(0, nodes.flatten(), (spread * charges[:, None]).flatten())
        field = _convolve(grid.view((side,) * dimensions), kernel, step)  # (nodes, dimensions)
        read = torch.einsum("vnd,vn->vd", field[nodes.flatten()].view(*nodes.shape, dimensions), spread)
        return read * charges[:, None]


def _lagrange(inside: Tensor, order: int) -> Tensor:
    """Weights of ``order`` neighboring nodes 0, 1, … for a place among them, (…, order)."""
    nodes = torch.arange(order, dtype=inside.dtype, device=inside.device)
    away = inside[..., None] - nodes
    weights = []
    for node in range(order):
        others = [other for other in range(order) if other != node]
        scale = 1.0
        for other in others:
            scale /= node - other
        weights.append(away[..., others].prod(dim=-1) * scale)
    return torch.stack(weights, dim=-1)


def _spread(first: Tensor, weights: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Nodes around each vertex and what share it has of them: (vertices, order ** dimensions) each."""
    count, dimensions, order = weights.shape
    steps = torch.arange(order, device=first.device)
    nodes, spread = first.new_zeros(count, 1), weights.new_ones(count, 1)
    for axis in range(dimensions):
        along = (first[:, axis, None] + steps).clamp_(0, side - 1)
        nodes = (nodes[:, :, None] * side + along[:, None, :]).flatten(1)
        spread = (spread[:, :, None] * weights[:, axis, None, :]).flatten(1)
    return nodes, spread


def _convolve(grid: Tensor, kernel: Kernel, step: float) -> Tensor:
    """The force of all nodes' charges at every node, (nodes, dimensions); the grid is padded, so nothing wraps."""
    dimensions, side = grid.dim(), grid.shape[0]
    size = 2 * side
    lags = torch.arange(size, dtype=grid.dtype, device=grid.device)
    lags = torch.where(lags < side, lags, lags - size) * step
    views = [[-1 if axis == other else 1 for other in range(dimensions)] for axis in range(dimensions)]
    squared = grid.new_zeros((size,) * dimensions)
    for view in views:
        squared += lags.view(view).square()
    factor = kernel.factor(squared)
    axes = tuple(range(dimensions))
    charge = torch.fft.rfftn(grid, s=(size,) * dimensions, dim=axes)
    forces = []
    for axis in range(dimensions):
        toward = lags.view([-1 if axis == other else 1 for other in range(dimensions)])
        response = torch.fft.rfftn(factor * toward, dim=axes)
        found = torch.fft.irfftn(charge * response, s=(size,) * dimensions, dim=axes)
        forces.append(found[(slice(side),) * dimensions].reshape(-1))
    return torch.stack(forces, dim=-1)


def _smooth(least: int) -> int:
    """Least product of 2, 3 and 5 that is even and not below ``least``."""
    size = least + least % 2
    while True:
        left = size
        for factor in (2, 3, 5):
            while left % factor == 0:
                left //= factor
        if left == 1:
            return size
        size += 2
