"""How good a layout is: its energy, which neighbors stay near, how exact its forces are."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.layout.attraction import Attraction
from ear_engine.layout.repulsion import FarField, Kernel, exact_energy, exact_forces
from ear_engine.layout.simulation import Physics

_SAMPLE = 400  # vertices
_VALUES = 1 << 23  # of (vertices, sample), held at once


def energy(
    attraction: Attraction, charges: Tensor, sizes: Tensor, physics: Physics, positions: Tensor, softening: float
) -> float:
    """What the forces of a :class:`~ear_engine.layout.simulation.Simulation` are the slope of.

    All pairs of charges, half of w |p_i - p_j|² for every edge, and half of the centering times |p_i|².

    Args:
        attraction, charges, sizes, physics, positions: as the simulation has them.
        softening: a length. A simulation's changes with the layout's radius, so layouts are compared with one alike.
    """
    repulsion = exact_energy(positions.double(), charges.double(), Kernel(physics.exponent, softening))
    springs = float(attraction.energy(positions, attraction(positions)))
    edge = float(attraction.degree.sum() / sizes.sum()) or 1.0
    return repulsion + springs + 0.5 * physics.centering * edge * float(sizes @ positions.square().sum(dim=1))


def force_error(far: FarField, positions: Tensor, charges: Tensor, kernel: Kernel, sample: int = _SAMPLE) -> float:
    """Median over a random sample of vertices of |F - F_exact| / |F_exact|: F is the repulsion, F_exact in float64."""
    rows = _drawn(len(positions), sample)
    expected = exact_forces(positions.double(), charges.double(), kernel, rows)
    found = far(positions, charges, kernel)[rows]
    return float(((found - expected).norm(dim=1) / expected.norm(dim=1)).median())


def neighborhood_preservation(attraction: Attraction, positions: Tensor, sample: int = _SAMPLE) -> float:
    """How many of a vertex's neighbors in the graph are the nearest on the map, 0..1.

    For a vertex with d neighbors: which share of the d vertices nearest to it they are; the mean over a random sample
    of vertices that have any. At random it is :func:`by_chance`.
    """
    shares = []
    for row, neighbors in _neighborhoods(attraction, len(positions), sample):
        away = (positions - positions[row]).square().sum(dim=1)
        away[row] = torch.inf
        nearest = away.topk(int(neighbors.sum()), largest=False).indices
        shares.append(float(neighbors[nearest].float().mean()))
    return sum(shares) / max(len(shares), 1)


def by_chance(attraction: Attraction, count: int, sample: int = _SAMPLE) -> float:
    """:func:`neighborhood_preservation` to be expected of random positions of ``count`` vertices, the same sample."""
    shares = [float(neighbors.sum()) / (count - 1) for _, neighbors in _neighborhoods(attraction, count, sample)]
    return sum(shares) / max(len(shares), 1)


def _neighborhoods(attraction: Attraction, count: int, sample: int) -> list[tuple[int, Tensor]]:
    """Numbers of vertices, and which others have an edge to each, (vertices,) of bool; never goes through all edges."""
    found = []
    for rows in torch.split(_drawn(count, sample), max(1, _VALUES // count)):
        one = torch.zeros(count, len(rows))
        one[rows, torch.arange(len(rows))] = 1.0
        reached = attraction(one).addcmul_(attraction.degree, one) > 0.0
        reached[rows, torch.arange(len(rows))] = False
        found += [(int(row), neighbors) for row, neighbors in zip(rows, reached.T.contiguous(), strict=True)]
    return [(row, neighbors) for row, neighbors in found if neighbors.any()]


def _drawn(count: int, sample: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(0))[:sample]
