"""Repulsion by a tree: far groups of vertices push as one, as in the paper (Barnes & Hut 1986).

Vertices are sorted along Morton's curve and cut into runs of equal length; a run and the next make one of twice the
length and so on, up to one run of all. So the tree is a few arrays a level, it is as deep where all vertices are at one
place as where they are far apart, and all pairs of a level are judged at once. The vertices of a block (a run at the
bottom) walk down the tree together: a run that is small for its distance pushes with all its charge from its center of
charge, another is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ear_engine.layout.repulsion import Kernel, box

_RUN = 16  # vertices of a block
_BITS = 16  # of a place along each axis on Morton's curve
_BLOCKS = 2048  # walk at once
_PAIRS = 1 << 17  # computed at once, so many that they stay in the cache


@dataclass(frozen=True)
class BarnesHut:
    """A :class:`~ear_engine.layout.repulsion.FarField` by a tree.

    Args:
        angle: a run is taken whole if its box's diagonal is less than this share of its distance; 0 opens all of them.
    """

    angle: float = 0.5

    def __call__(self, positions: Tensor, charges: Tensor, kernel: Kernel) -> Tensor:
        """See :class:`~ear_engine.layout.repulsion.FarField`."""
        order = _along_curve(positions)
        tree = _Tree.of(positions[order], charges[order])
        force = torch.zeros_like(tree.members)
        for some in torch.split(torch.arange(tree.blocks, device=positions.device), _BLOCKS):
            for level, block, run in tree.walk(some, self.angle):
                places, pushing = (tree.members, tree.charges) if level is None else level.as_one
                at_once = max(1, _PAIRS // (_RUN * places.shape[1]))
                for here, there in zip(torch.split(block, at_once), torch.split(run, at_once), strict=True):
                    force.index_add_(0, here, _push(tree.members[here], places[there], pushing[there], kernel))
        found = torch.empty_like(positions)
        found[order] = force.view(-1, positions.shape[1])[: len(positions)]
        return found * charges[:, None]


@dataclass(frozen=True)
class _Level:
    """Runs of one length.

    Shapes:
        charge: (runs,)
        center: (runs, dimensions), of charge
        low, high: (runs, dimensions), corners of the box around each
    """

    charge: Tensor
    center: Tensor
    low: Tensor
    high: Tensor

    @property
    def as_one(self) -> tuple[Tensor, Tensor]:
        """Places and charges of runs that push whole, (runs, 1, dimensions) and (runs, 1)."""
        return self.center[:, None], self.charge[:, None]


@dataclass(frozen=True)
class _Tree:
    """Runs of sorted vertices.

    Args:
        blocks: how many runs at the bottom have vertices.
        members: (runs, vertices, dimensions), of the bottom.
        charges: (runs, vertices); 0 where there is no vertex.
        levels: from the bottom to the run of all.
    """

    blocks: int
    members: Tensor
    charges: Tensor
    levels: list[_Level]

    @staticmethod
    def of(positions: Tensor, charges: Tensor) -> _Tree:
        """The tree over sorted vertices; half a pair is made a whole one by a run without charge at the same place."""
        blocks = -(-len(positions) // _RUN)
        runs = blocks + blocks % 2 if blocks > 1 else 1
        more = runs * _RUN - len(positions)
        members = torch.cat([positions, positions[-1:].expand(more, -1)]).view(runs, _RUN, -1)
        pushing = torch.cat([charges, charges.new_zeros(more)]).view(runs, _RUN)
        charge, moment = pushing.sum(dim=1), (pushing[..., None] * members).sum(dim=1)
        low, high = members.amin(dim=1), members.amax(dim=1)
        levels = []
        while True:
            held = charge[:, None] > 0.0
            center = torch.where(held, moment / torch.where(held, charge[:, None], 1.0), (low + high) / 2)
            levels.append(_Level(charge, center, low, high))
            if len(charge) == 1:
                return _Tree(blocks, members, pushing, levels)
            charge, moment = charge.view(-1, 2).sum(dim=1), moment.view(-1, 2, moment.shape[1]).sum(dim=1)
            low, high = low.view(-1, 2, low.shape[1]).amin(dim=1), high.view(-1, 2, high.shape[1]).amax(dim=1)
            if len(charge) > 1 and len(charge) % 2:
                charge, moment = (torch.cat([part, torch.zeros_like(part[:1])]) for part in (charge, moment))
                low, high = (torch.cat([part, part[-1:]]) for part in (low, high))

    def walk(self, some: Tensor, angle: float) -> Iterator[tuple[_Level | None, Tensor, Tensor]]:
        """Pairs of a block and a run, (pairs,) each: those that are far, by level; with None those that never are.

        Args:
            some: (blocks,), the blocks that walk.
            angle: see :class:`BarnesHut`.
        """
        bottom = self.levels[0]
        block, run = some, torch.zeros_like(some)
        for level in reversed(self.levels):
            center = level.center[run]
            away = (bottom.low[block] - center).clamp_(min=0.0) + (center - bottom.high[block]).clamp_(min=0.0)
            far = (level.high[run] - level.low[run]).square().sum(dim=1) < angle**2 * away.square().sum(dim=1)
            yield level, block[far], run[far]
            near = ~far & (level.charge[run] > 0.0)  # what has no charge may have no halves
            block, run = block[near], run[near]
            if level is not bottom:
                block = block.repeat_interleave(2)
                run = (2 * run[:, None] + torch.arange(2, device=run.device)).flatten()
        yield None, block, run


def _push(here: Tensor, there: Tensor, charges: Tensor, kernel: Kernel) -> Tensor:
    """Forces on charges of 1 at ``here`` (pairs, some, dimensions) of ``charges`` (pairs, others) at ``there``."""
    away = [here[:, :, None, axis] - there[:, None, :, axis] for axis in range(here.shape[2])]
    squared = torch.zeros_like(away[0])
    for along in away:
        squared += along.square()
    strength = kernel.factor(squared).mul_(charges[:, None, :])
    return torch.stack([(strength * along).sum(dim=2) for along in away], dim=2)


def _along_curve(positions: Tensor) -> Tensor:
    """Numbers of the vertices in their order along Morton's curve, (vertices,)."""
    cells = float((1 << _BITS) - 1) / max(box(positions)[1], torch.finfo(positions.dtype).tiny)
    cell = ((positions - positions.amin(dim=0)) * cells).long()
    dimensions = positions.shape[1]
    code = torch.zeros_like(cell[:, 0])
    for bit in range(_BITS):
        for axis in range(dimensions):
            code |= ((cell[:, axis] >> bit) & 1) << (bit * dimensions + axis)
    return code.argsort(stable=True)
