"""A grid around vertices: their charges spread onto its nodes, and fields at the nodes read back at the vertices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ear_engine.layout.splines import shares

_AT_ONCE = 1 << 18  # shares of nodes; the caches of a processor hold as many


@dataclass(frozen=True)
class Places:
    """Where vertices are on a grid.

    Args:
        first: along each axis (vertices,), number of the first node around each, from 0.
        inside: along each axis (vertices,), where in its cell each is, 0 to 1.
        order: nodes around each along each axis.
        side: nodes along each axis.
    """

    first: tuple[Tensor, ...]
    inside: tuple[Tensor, ...]
    order: int
    side: int

    @staticmethod
    def of(positions: Tensor, corner: Sequence[float], step: float, order: int) -> Places:
        """On the smallest grid around ``positions``, (vertices, dimensions), of nodes at multiples of ``step``.

        ``corner`` has their least coordinate along each axis.

        So while it is the same, forces change as smoothly as positions do, whichever vertex is outermost.
        """
        first, inside = [], []
        for along, least in zip(positions.unbind(dim=1), corner, strict=True):
            # one axis at a time is faster than all at once
            place = (along / step).sub_(math.floor(least / step)).clamp_(min=0.0)
            cell = place.floor()
            first.append(cell.long())
            inside.append(place.sub_(cell))
        side = max(int(along.amax()) for along in first) + order
        return Places(tuple(first), tuple(inside), order, side)


@dataclass(frozen=True)
class Mesh:
    """Nodes around vertices.

    Args:
        shape: of the grid.
        nodes: of some vertices after others, (vertices, order ** dimensions), numbers of the nodes around each.
        shares: as many of those, of each node in the vertex's charge; they sum to 1.
    """

    shape: tuple[int, ...]
    nodes: tuple[Tensor, ...]
    shares: tuple[Tensor, ...]

    @staticmethod
    def at(places: Places, size: int) -> Mesh:
        """On a grid of ``size`` nodes along each axis, of which what is beyond :attr:`Places.side` is padding."""
        near = torch.arange(places.order, device=places.first[0].device)
        first, around = places.first[0], near
        for along in places.first[1:]:
            first, around = first * size + along, (around[:, None] * size + near).flatten()
        chunk = max(1, _AT_ONCE // len(around))
        nodes = tuple(some[:, None] + around for some in torch.split(first, chunk))
        inside = zip(*(torch.split(along, chunk) for along in places.inside), strict=True)
        return Mesh((size,) * len(places.first), nodes, tuple(shares(some, places.order) for some in inside))

    def spread(self, charges: Tensor) -> Tensor:
        """Charges (vertices,) on the grid."""
        grid = charges.new_zeros(self.shape)
        flat, start = grid.view(-1), 0
        for nodes, parts in zip(self.nodes, self.shares, strict=True):
            some = charges[start : start + len(nodes), None]
            flat.scatter_add_(0, nodes.view(-1), (parts * some).view(-1))
            start += len(nodes)
        return grid

    def read(self, fields: Tensor) -> Tensor:
        """Fields, (pairs of axes, *grid) complex, at the vertices, (vertices, dimensions)."""
        found = []
        for pair in torch.view_as_real(fields):
            by_node = pair.view(-1, 2)
            found.append(
                torch.cat(
                    [
                        torch.nn.functional.embedding_bag(nodes, by_node, per_sample_weights=parts, mode="sum")
                        for nodes, parts in zip(self.nodes, self.shares, strict=True)
                    ]
                )
            )
        return torch.cat(found, dim=1)[:, : len(self.shape)]
