"""A whole layout: from a graph to positions, coarse levels first."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.network import Ear
from ear_engine.ear.statistics import FRONT_END
from ear_engine.layout.attraction import Attraction
from ear_engine.layout.charges import balanced, check_charges
from ear_engine.layout.far_fields import error_of, far_field, quick_field, softening_of
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.multilevel import Level, levels
from ear_engine.layout.orientation import into_square, turned
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.simulation import Physics, Simulation, radius
from ear_engine.layout.tracing import trace

Progress = Callable[[int, int], object]
"""Told (done, all), in vertices times steps."""
Settled = Callable[[Level, NDArray[np.float64]], object]
"""Told a level and its positions."""

_FRAMES = 64  # of the scalogram that is traced; how long it is changes no edge
_APART = 0.01  # of the RMS radius, how far members of a coarse vertex begin from it
_SOFTEST = 0.05  # of the RMS radius, softening of coarse levels at most


@dataclass(frozen=True)
class Layout:
    """Positions, and what came of making them.

    Args:
        graph: what was laid out.
        positions: (neurons, 2 or 3), 0..1.
        settings: that decided them.
        residual: what is left of the forces, see :class:`~ear_engine.layout.simulation.Simulation`.
        softening: in force at the end, as the settings say it: more than theirs if a grid would have been too large.
        error: of the repulsion at the end, median over some vertices, relative.
        seconds: that it took.
    """

    graph: NeuronGraph
    positions: NDArray[np.float32]
    settings: LayoutSettings
    residual: float
    softening: float
    error: float
    seconds: float


def graph_of(ear: Ear, *, weighted: bool = False, dense: bool = False) -> NeuronGraph:
    """The graph of an ear, its scalogram among the layers, numbered as its neurons are.

    Args:
        ear: the ear.
        weighted: edges weigh as much as the trained weights along them are large, else 1.
        dense: where connections are not known, everything reaches everything.

    Raises:
        UserError: connections are not known; the layer is named.
    """
    features = torch.zeros(1, 2, ear.config.scalogram.bins, _FRAMES)
    inputs = {FRONT_END: features}
    hear = partial(ear.hear, features, circular=True)
    return NeuronGraph.of(trace(ear, hear, inputs, "bcft", weighted=weighted, dense=dense))


def lay_out(
    graph: NeuronGraph,
    charges: NDArray[np.float64],
    settings: LayoutSettings | None = None,
    *,
    device: str = "cpu",
    progress: Progress = lambda _done, _every: None,
    settled: Settled = lambda _level, _positions: None,
) -> Layout:
    """Lay a graph out.

    Args:
        graph: the graph.
        charges: (vertices,), above 0.
        settings: see there.
        device: what computes.
        progress: told how far it is.
        settled: told of each level as it comes to rest.

    Raises:
        UserError: charges or settings cannot be used.
    """
    settings = settings or LayoutSettings()
    settings.check()
    check_charges(charges, graph)
    began = time.monotonic()
    attraction = Attraction(graph, device)
    degree = attraction.degree[:, 0].double().cpu().numpy()
    run = Run(settings, levels(graph, balanced(charges, degree, settings.balance)), device, progress, settled)
    positions = run.positions(attraction).double().cpu().numpy()
    return Layout(
        graph,
        into_square(turned(positions, graph)),
        settings,
        run.residual,
        run.softening ** (settings.dimensions / 2.0),
        run.error,
        time.monotonic() - began,
    )


class Run:
    """One layout as it is made.

    Args:
        settings: of it.
        found: levels, the finest first.
        device: what computes.
        progress: told how far it is.
        settled: told of each level as it comes to rest.

    Attributes:
        residual: of the level that was settled last.
        softening: in force there, as a share of the RMS radius.
        error: of the repulsion on the finest level.
    """

    def __init__(
        self, settings: LayoutSettings, found: list[Level], device: str, progress: Progress, settled: Settled
    ) -> None:
        self._settings, self._levels, self._device = settings, found, device
        self._progress, self._settled = progress, settled
        self._random = torch.Generator().manual_seed(settings.seed)
        self._every = sum(level.graph.vertices for level in found) * settings.steps
        self._done = 0
        self.residual, self.softening, self.error = math.inf, 0.0, 0.0

    def positions(self, finest: Attraction) -> Tensor:
        """Where vertices come to rest, (vertices, dimensions)."""
        positions = self._draw(self._levels[-1].graph.vertices)
        for number in reversed(range(len(self._levels))):
            level = self._levels[number]
            if len(level.parent):
                positions = positions[torch.from_numpy(level.parent).to(self._device)]
                positions = positions + _APART * radius(positions) * self._draw(len(positions))
            positions = self._settle(
                number, finest if number == 0 else Attraction(level.graph, self._device), positions
            )
            self._settled(level, positions.double().cpu().numpy())
        return positions

    def _draw(self, count: int) -> Tensor:
        return torch.randn(count, self._settings.dimensions, generator=self._random).to(self._device)

    def _settle(self, number: int, attraction: Attraction, positions: Tensor) -> Tensor:
        level, settings = self._levels[number], self._settings
        count = level.graph.vertices
        charges, sizes = (
            torch.from_numpy(values).to(self._device, torch.float32) for values in (level.charges, level.sizes)
        )
        physics = physics_at(settings, number, self._levels[0].graph.vertices / count)
        steps, before = settings.steps, self._done
        quick = quick_field(count)
        simulation = Simulation(attraction, charges, sizes, quick, physics, positions, settings.seed)

        def told(step: int) -> None:
            self._progress(before + step * count, self._every)

        taken = simulation.settle(steps, settings.rest, told)
        if number == 0:
            simulation.sum_by(far_field(count))
            simulation.settle(steps - taken, settings.rest, lambda step: told(taken + step))
            self.error = error_of(simulation.far, simulation.positions, charges, simulation.kernel)
        self.residual = simulation.residual
        self.softening = softening_of(simulation.far, simulation.positions, simulation.kernel)
        self.softening *= physics.softening / simulation.kernel.softening
        self._done = before + steps * count
        self._progress(self._done, self._every)
        return simulation.positions


def physics_at(settings: LayoutSettings, level: int, members: float) -> Physics:
    """The law of forces on a level: 0 is the finest, ``members`` neurons are in a vertex on average.

    Coarse vertices are as far apart as they have members, and softened by as much.
    """
    fine = settings.softening ** (2.0 / settings.dimensions)  # neighbors are farther apart in space
    softening = max(fine, min(fine * members ** (1.0 / settings.dimensions), _SOFTEST))
    return Physics(settings.exponent, settings.centering * settings.growth**-level, softening)
