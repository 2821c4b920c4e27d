"""The map at several points in time: charges change, and each layout begins where the last one came to rest.

Forces know neither a middle nor an up, so each is turned, mirrored and moved to lie as near to where all began as it
can (:func:`~ear_engine.layout.orientation.aligned`), and all have one scale. Where a layout rests depends on where it
began: in a loop the first follows the last, so it is made again from there, and others after it, until one comes back
to where it was. Between snapshots positions go along Catmull-Rom curves (Catmull & Rom 1974): through every one,
without a kink.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.layout.attraction import Attraction
from ear_engine.layout.charges import balanced, check_charges
from ear_engine.layout.far_fields import far_field, quick_field
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.layouts import lay_out, physics_at
from ear_engine.layout.orientation import Positions, aligned, into_square, turned
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.simulation import Simulation

Progress = Callable[[int, int], object]
"""Told (done, all), in points in time."""

Rested = Callable[[int, float], object]
"""Told (number of the point in time, residual), see :class:`~ear_engine.layout.simulation.Simulation`."""

_BACK = 0.5  # of the distance between neighboring snapshots: what is nearer to where it was is back
_ROUNDS = 2  # through a loop at most


def lay_out_snapshots(
    graph: NeuronGraph,
    charges: Sequence[NDArray[np.float64]],
    settings: LayoutSettings | None = None,
    *,
    start: Positions | None = None,
    circular: bool = False,
    device: str = "cpu",
    progress: Progress = lambda _done, _every: None,
    rested: Rested = lambda _number, _residual: None,
) -> NDArray[np.float32]:
    """Lay a graph out once for each point in time.

    Args:
        graph: the graph.
        charges: of each point in time, (vertices,), above 0.
        settings: of all of them.
        start: (vertices, dimensions), where the first begins, as :func:`~ear_engine.layout.layouts.lay_out` tells of
            the finest level; if None, the first is laid out from nothing.
        circular: the first follows the last.
        device: what computes.
        progress: told how far it is.
        rested: told what is left of the forces at each point, again if it is laid out again.

    Returns:
        (times, vertices, dimensions), 0..1, one scale for all.

    Raises:
        UserError: there is no point in time, or charges or settings cannot be used.
    """
    settings = settings or LayoutSettings()
    settings.check()
    if not len(charges):
        raise UserError("the snapshots", "are none", "give charges for one point in time at least", "bad_value")
    for one in charges:
        check_charges(one, graph)
    count = len(charges)
    expected = count + (1 if circular else 0)
    found: list[Positions] = []
    if start is None:
        start, residual = _from_nothing(graph, charges[0], settings, device)
        rested(0, residual)
        found.append(turned(start, graph))
        progress(1, expected)
    reference = turned(start, graph)
    rest = _Rest(graph, settings, device, start)
    for number in range(len(found), _ROUNDS * count if circular else count):
        here = aligned(rest(charges[number % count]), reference)
        rested(number % count, rest.residual)
        progress(number + 1, max(expected, number + 1))
        if number < count:
            found.append(here)
            continue
        before, found[number % count] = found[number % count], here
        if _between(before, here) < _BACK * np.mean([_between(found[k - 1], found[k]) for k in range(count)]):
            break
    flat = into_square(np.concatenate(found))
    return np.asarray(flat.reshape(count, graph.vertices, settings.dimensions), np.float32)


def _from_nothing(
    graph: NeuronGraph, charges: NDArray[np.float64], settings: LayoutSettings, device: str
) -> tuple[Positions, float]:
    """Where vertices come to rest, not turned and not scaled, and what is left of the forces."""
    settled: list[Positions] = []
    found = lay_out(
        graph, charges, settings, device=device, settled=lambda _level, positions: settled.append(positions)
    )
    return settled[-1], found.residual


class _Rest:
    """Vertices that come to rest again and again."""

    def __init__(self, graph: NeuronGraph, settings: LayoutSettings, device: str, start: Positions) -> None:
        self._settings, self._device = settings, device
        self._attraction = Attraction(graph, device)
        self._degree = self._attraction.degree[:, 0].double().cpu().numpy()
        self._positions = torch.from_numpy(start).to(device, torch.float32)
        self._sizes = torch.ones(graph.vertices, device=device)
        self.residual = 0.0

    def __call__(self, charges: NDArray[np.float64]) -> Positions:
        """Let them rest with other charges, (vertices,)."""
        settings, count = self._settings, len(charges)
        weighed = torch.from_numpy(balanced(charges, self._degree, settings.balance)).to(self._device, torch.float32)
        simulation = Simulation(
            self._attraction,
            weighed,
            self._sizes,
            quick_field(count),
            physics_at(settings, 0, 1.0),
            self._positions,
            settings.seed,
        )
        taken = simulation.settle(settings.steps, settings.rest)
        simulation.sum_by(far_field(count))
        simulation.settle(settings.steps - taken, settings.rest)
        self._positions, self.residual = simulation.positions, simulation.residual
        return np.asarray(self._positions.double().cpu().numpy(), np.float64)


def _between(one: Positions, other: Positions) -> float:
    """Median distance of a vertex from itself."""
    return float(np.median(np.linalg.norm(one - other, axis=1)))


def between(snapshots: NDArray[np.float32], time: float, *, circular: bool = False) -> NDArray[np.float32]:
    """Positions at a time, (vertices, dimensions): snapshot 0 at 0, snapshot 1 at 1, and so on.

    Args:
        snapshots: (times, vertices, dimensions).
        time: at the ends what is there, unless
        circular: the first snapshot comes again after the last.
    """
    count = len(snapshots)
    if not circular:
        time = min(max(time, 0.0), count - 1.0)
    start = int(np.floor(time))
    share = np.float32(time - start)

    def at(number: int) -> NDArray[np.float32]:
        kept = number % count if circular else min(max(number, 0), count - 1)
        return np.asarray(snapshots[kept], np.float32)

    before, here, there, after = (at(start + step) for step in (-1, 0, 1, 2))
    slope, next_slope = (there - before) / 2, (after - here) / 2
    away = there - here
    curve = here + share * (
        slope + share * (3 * away - 2 * slope - next_slope + share * (slope + next_slope - 2 * away))
    )
    return np.asarray(curve, np.float32)
