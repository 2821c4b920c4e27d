"""B-splines between the nodes of a grid: what share of a charge each node has, and how to take back what that blurs.

Uniform B-splines as in Essmann et al. 1995, "A smooth particle mesh Ewald method"; the least-squares optimal correction
of Hockney & Eastwood 1988, equation 8-22, for a kernel that is given at the nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from numpy.polynomial import Polynomial
from torch import Tensor

_IMAGES = 4  # of the spectrum on either side; the sixth power of their distance makes more needless


def shares(inside: Sequence[Tensor], order: int) -> Tensor:
    """Shares of the nodes around charges, the first node's first, the last axis' nodes next to each other.

    Args:
        inside: along each axis (charges,), where in its cell each is, 0 to 1.
        order: nodes along each axis.

    Returns:
        (charges, order ** dimensions), with sums of 1.
    """
    found = torch.ones(())
    for axis, piece in enumerate(_products(order, len(inside), inside[0].dtype, inside[0].device)):
        powers = [torch.ones_like(inside[axis]), inside[axis]]
        for _ in range(2, order):
            powers.append(powers[-1] * inside[axis])
        along = torch.stack(powers[:order]).T @ piece
        found = found.mul_(along) if axis else along
    return found


@lru_cache(maxsize=8)
def _products(order: int, dimensions: int, dtype: torch.dtype, device: torch.device) -> list[Tensor]:
    """For each axis the coefficients (powers, order ** dimensions) of what all nodes' shares have of it."""
    pieces = [Polynomial([1.0])]
    for degree in range(1, order):
        grown = [Polynomial([0.0])] * (degree + 1)
        for node, piece in enumerate(
            pieces
        ):  # falls to the end of its node's spline, or grows from the next one's start
            grown[node] = grown[node] + Polynomial([node + 1.0, -1.0]) * piece / degree
            grown[node + 1] = grown[node + 1] + Polynomial([degree - node - 1.0, 1.0]) * piece / degree
        pieces = grown
    along = torch.zeros(order, order, dtype=torch.float64)
    for node, piece in enumerate(pieces):
        along[: len(piece.coef), node] = torch.from_numpy(piece.coef)
    shapes = [[order, *(order if axis == other else 1 for other in range(dimensions))] for axis in range(dimensions)]
    expanded = [along.view(shape).expand(order, *(order,) * dimensions).flatten(1) for shape in shapes]
    return [coefficients.to(device, dtype) for coefficients in expanded]


def sharpening(frequencies: Tensor, order: int) -> Tensor:
    """What a spectrum is multiplied by, along one axis, if charges were spread and are read by splines.

    Args:
        frequencies: in cycles a node.
        order: of the splines.
    """
    near = torch.sinc(frequencies) ** (2 * order)
    all_images = sum(
        (torch.sinc(frequencies + image) ** (2 * order) for image in range(-_IMAGES, _IMAGES + 1)),
        torch.zeros_like(frequencies),
    )
    return near / all_images.square()
