"""The map at several points in time: charges change, and each layout begins where the last one came to rest.

Forces know neither a middle nor an up, so each is turned, mirrored and moved to lie as near to the last as it can
(:func:`~ear_engine.layout.orientation.aligned`), and all have one scale. Between them positions go along Catmull-Rom
curves (Catmull & Rom 1974): through every snapshot, without a kink.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.layout.attraction import Attraction
from ear_engine.layout.charges import balanced, check_charges
from ear_engine.layout.far_fields import far_field
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.layouts import Progress, Run, physics_at
from ear_engine.layout.multilevel import levels
from ear_engine.layout.orientation import aligned, into_square, turned
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.simulation import Simulation


def lay_out_snapshots(
    graph: NeuronGraph,
    charges: Sequence[NDArray[np.float64]],
    settings: LayoutSettings | None = None,
    *,
    device: str = "cpu",
    progress: Progress = lambda _done, _every: None,
) -> NDArray[np.float32]:
    """Lay a graph out once for each point in time.

    Args:
        graph: the graph.
        charges: of each point in time, (vertices,), above 0.
        settings: of all of them.
        device: what computes.
        progress: told (done, all), in points in time.

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
    attraction = Attraction(graph, device)
    degree = attraction.degree[:, 0].double().cpu().numpy()
    weighed = [balanced(one, degree, settings.balance) for one in charges]
    run = Run(settings, levels(graph, weighed[0]), device, lambda _done, _every: None, lambda _level, _positions: None)
    positions = run.positions(attraction)
    found = [turned(positions.double().cpu().numpy(), graph)]
    progress(1, len(weighed))
    sizes = torch.ones(graph.vertices, device=device)
    for number, one in enumerate(weighed[1:], 2):
        changed = torch.from_numpy(one).to(device, torch.float32)
        physics = physics_at(settings, 0, 1.0)
        simulation = Simulation(
            attraction,
            changed,
            sizes,
            far_field(graph.vertices, settings.dimensions),
            physics,
            positions,
            settings.seed,
        )
        for _ in range(settings.steps):
            if simulation.step() < settings.rest:
                break
        positions = simulation.positions
        found.append(aligned(positions.double().cpu().numpy(), found[-1]))
        progress(number, len(weighed))
    flat = into_square(np.concatenate(found))
    return np.asarray(flat.reshape(len(found), graph.vertices, settings.dimensions), np.float32)


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
