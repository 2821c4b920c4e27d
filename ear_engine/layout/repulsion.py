"""How vertices push each other away, and the plain sum over all pairs that everything faster is held against.

The force on i is the sum over j of ``q_i q_j (p_i - p_j) / (|p_i - p_j|^2 + s^2)^((k + 1) / 2)``: the paper's, softened
(Plummer) by a length s below which it no longer grows, so that two vertices at one place are no singularity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

_PAIRS = 1 << 22  # computed at once


@dataclass(frozen=True)
class Kernel:
    """The law of repulsion.

    Args:
        exponent: k, above 0; 2 is that of electric charges in space, 1 that of lines in a plane.
        softening: s, a length, above 0.
    """

    exponent: float
    softening: float

    def __post_init__(self) -> None:
        if not (0.0 < self.exponent < math.inf and 0.0 < self.softening < math.inf):
            raise ValueError(f"exponent {self.exponent} and softening {self.softening} must be numbers above 0")

    def factor(self, squared: Tensor) -> Tensor:
        """What a difference of positions is multiplied by, from its squared length."""
        return (squared + self.softening**2).pow(-(self.exponent + 1.0) / 2.0)

    def potential(self, squared: Tensor) -> Tensor:
        """Energy of two charges of 1; its slope is the force."""
        softened = squared + self.softening**2
        if abs(self.exponent - 1.0) < 1e-9:
            return -0.5 * softened.log()
        return softened.pow((1.0 - self.exponent) / 2.0) / (self.exponent - 1.0)


class FarField(Protocol):
    """A way to sum the repulsion of all pairs."""

    def __call__(self, positions: Tensor, charges: Tensor, kernel: Kernel) -> Tensor:
        """Forces, (vertices, dimensions), on vertices at ``positions`` of that shape with ``charges`` (vertices,).

        Raises:
            FloatingPointError: a position is not a number. Charges are for whoever chooses them to check.
        """
        ...


def box(positions: Tensor) -> tuple[list[float], float]:
    """The least coordinate along each axis, and the longest side of the box around all vertices.

    Raises:
        FloatingPointError: a position is not a number.
    """
    ends = torch.stack([torch.stack(torch.aminmax(along)) for along in positions.unbind(dim=1)])
    low, high = (ends[:, side].tolist() for side in range(2))
    if not all(map(math.isfinite, (*low, *high))):
        raise FloatingPointError("the layout has positions that are no numbers")
    return low, max(above - below for below, above in zip(low, high, strict=True))


class Exact:
    """The sum itself, in time of the square of the vertices, in memory of their number."""

    def __call__(self, positions: Tensor, charges: Tensor, kernel: Kernel) -> Tensor:
        """See :class:`FarField`."""
        box(positions)
        return torch.cat([exact_forces(positions, charges, kernel, rows) for rows in _rows(positions)])


def exact_forces(positions: Tensor, charges: Tensor, kernel: Kernel, rows: Tensor) -> Tensor:
    """Forces on the vertices numbered ``rows`` alone, (rows, dimensions).

    Differences are taken before they are weighted: the difference of two weighted sums would lose them beside the large
    weight of what lies near, the vertex itself first of all.
    """
    here = positions[rows]
    strength = kernel.factor(_squared(here, positions)) * charges
    sums = [(here[:, axis, None] - positions[None, :, axis]).mul_(strength).sum(dim=1) for axis in range(here.shape[1])]
    return torch.stack(sums, dim=1) * charges[rows, None]


def exact_energy(positions: Tensor, charges: Tensor, kernel: Kernel) -> float:
    """Energy of all pairs, each counted once, float64."""
    total = 0.0
    alone = float(kernel.potential(positions.new_zeros(())).double())
    for rows in _rows(positions):
        pairs = kernel.potential(_squared(positions[rows], positions)).double()
        total += float((charges[rows].double() @ pairs) @ charges.double())
    return 0.5 * (total - alone * float(charges.double().square().sum()))


def _rows(positions: Tensor) -> tuple[Tensor, ...]:
    count = len(positions)
    return torch.split(torch.arange(count, device=positions.device), max(1, _PAIRS // max(1, count)))


def _squared(here: Tensor, there: Tensor) -> Tensor:
    """Squared distances, (here, there), without the cancellation of large products."""
    total = here.new_zeros(len(here), len(there))
    for axis in range(here.shape[1]):
        total += (here[:, axis, None] - there[None, :, axis]).square_()
    return total
