"""What a step takes where a layout comes to rest, and how exact forces are on the way there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from ear_engine.benchmarks.layout_quality import force_error
from ear_engine.benchmarks.measure import Timings, take_turns
from ear_engine.layout.attraction import Attraction
from ear_engine.layout.barnes_hut import BarnesHut
from ear_engine.layout.fourier_grid import ACCURATE, FAST, FourierGrid
from ear_engine.layout.layouts import physics_at
from ear_engine.layout.multilevel import Level
from ear_engine.layout.repulsion import FarField, Kernel, exact_forces
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.simulation import Simulation, radius

GRIDS: dict[str, FarField] = {"1 %": FourierGrid(FAST), "0.1 %": FourierGrid(ACCURATE)}
"""By the error that each is made for."""
TREE, PAIRS = "a Barnes-Hut tree", "the sum of all pairs"
_APART = 0.01  # of the RMS radius, how far members of a coarse vertex begin from it, as in a layout
_STEPS = 10  # of which one measures stiffness, too, and needs repulsion twice
_AT_ONCE = 1 << 22  # pairs, as many as the sum of all takes at once


def simulation(
    level: Level, far: FarField, settings: LayoutSettings, number: int, members: float, positions: Tensor
) -> Simulation:
    """A level in motion, as :func:`~ear_engine.layout.layouts.lay_out` has it.

    Args:
        level: the level.
        far: how repulsion is summed.
        settings: of the layout.
        number: of the level; 0 is the finest.
        members: neurons in a vertex, on average.
        positions: (vertices, dimensions), where it begins.
    """
    charges, sizes = (torch.from_numpy(values).float() for values in (level.charges, level.sizes))
    physics = physics_at(settings, number, members)
    return Simulation(Attraction(level.graph), charges, sizes, far, physics, positions, settings.seed)


def motion(
    found: list[Level], settings: LayoutSettings, far: FarField, coarser: Tensor | None = None
) -> Iterator[Simulation]:
    """Make a layout as :func:`~ear_engine.layout.layouts.lay_out` does, but sum repulsion one way from first to last.

    Args:
        found: levels, the finest first.
        settings: of the layout.
        far: that way.
        coarser: where the level that is coarser than all of ``found`` came to rest; random positions if there is none.

    Yields:
        what is in motion, before its first step and after each, level after level.
    """
    random = torch.Generator().manual_seed(settings.seed)
    if coarser is None:
        positions = torch.randn(found[-1].graph.vertices, settings.dimensions, generator=random)
    else:
        positions = coarser
    for number in reversed(range(len(found))):
        level = found[number]
        count = level.graph.vertices
        if len(level.parent):
            positions = positions[torch.from_numpy(level.parent)]
            apart = torch.randn(count, settings.dimensions, generator=random)
            positions = positions + _APART * radius(positions) * apart
        members = found[0].graph.vertices / count
        moving = simulation(level, far, settings, number, members, positions)
        yield moving
        for _ in range(settings.steps):
            residual = moving.step()
            yield moving
            if residual < settings.rest:
                break
        positions = moving.positions


def errors(finest: Level, settings: LayoutSettings, coarser: Tensor) -> dict[tuple[str, str], float]:
    """Median error of the force by (way to sum repulsion, when): early, middle and final on the finest level.

    Args:
        finest: the level.
        settings: of the layout.
        coarser: where the next coarser level came to rest.
    """
    taken: list[tuple[Tensor, Kernel]] = []
    charges = torch.from_numpy(finest.charges).float()
    for moving in motion([finest], settings, GRIDS["0.1 %"], coarser):
        taken.append((moving.positions, moving.kernel))
    when = {"early": taken[0], "middle": taken[len(taken) // 2], "final": taken[-1]}
    ways = {**GRIDS, TREE: BarnesHut()}
    return {
        (way, name): force_error(far, positions, charges, kernel)
        for way, far in ways.items()
        for name, (positions, kernel) in when.items()
    }


def step_times(
    finest: Level, settings: LayoutSettings, positions: Tensor, rounds: int, *, tree: bool = True
) -> Timings:
    """Seconds of a step with each of :data:`GRIDS`, and of the repulsion of a step by a tree and by all pairs.

    A step needs repulsion 1.1 times. That of all pairs is computed for some vertices, and multiplied.

    Args:
        finest: the level.
        settings: of the layout.
        positions: (vertices, dimensions), where it is at rest.
        rounds: at least 1.
        tree: whether there shall be a tree, which takes seconds for 200,000 vertices.
    """
    count = len(positions)
    moving = {way: simulation(finest, far, settings, 0, 1.0, positions) for way, far in GRIDS.items()}
    charges, kernel = moving["1 %"].charges, moving["1 %"].kernel
    some = torch.arange(0, count, -(-count // max(1, min(count, _AT_ONCE // count))))
    candidates: dict[str, Callable[[], object]] = {way: _Steps(one) for way, one in moving.items()}
    candidates[PAIRS] = lambda: exact_forces(positions, charges, kernel, some)
    if tree:
        candidates[TREE] = lambda: BarnesHut()(positions, charges, kernel)
    taken = take_turns(candidates, rounds).seconds
    repulsions = (_STEPS + 1) / _STEPS
    scale = dict.fromkeys(moving, 1.0 / _STEPS) | {TREE: repulsions, PAIRS: repulsions * count / len(some)}
    return Timings({way: np.asarray(scale[way] * taken[way]) for way in candidates})


class _Steps:
    """Some steps of a simulation; they go on from where the last ones ended."""

    def __init__(self, moving: Simulation) -> None:
        self._moving = moving

    def __call__(self) -> None:
        for _ in range(_STEPS):
            self._moving.step()
