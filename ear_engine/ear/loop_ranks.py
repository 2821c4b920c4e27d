"""What the ear does in a loop, as light: every neuron's percentile rank in every frame, in a byte. No torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.ranks import Floats
from ear_engine.ear.statistics import Statistics

TOP = 255
"""Rank 1 in a byte."""


def loop_ranks(
    activations: Mapping[str, Floats], frames: int, statistics: Statistics | None, part: range | None = None
) -> NDArray[np.uint8]:
    """Ranks of all neurons of a loop, layer after layer, (frames, neurons), 0..255.

    With statistics a rank is that in music (:meth:`~ear_engine.ear.statistics.Statistics.rank`), and without them it is
    the share of the loop in which the neuron is below. A layer slower than the frames holds its values.

    Args:
        activations: layer → (steps, neurons), as a loop has them.
        frames: of the loop.
        statistics: of the ear; they are left out if they are of other layers (:func:`fitting`).
        part: frames wanted, one after the other; all if None.
    """
    known = fitting(activations, statistics)
    wanted = np.arange(frames) if part is None else np.arange(part.start, part.stop)
    ranks = np.empty((len(wanted), sum(steps.shape[1] for steps in activations.values())), np.uint8)
    first = 0
    for name, steps in activations.items():
        rows = wanted * len(steps) // max(frames, 1)
        if known is None:
            inside = ranks_within(steps)
        elif len(rows):
            inside = known.rank(steps[rows[0] : rows[-1] + 1], name)
            rows -= rows[0]
        else:
            inside = np.empty((0, steps.shape[1]), np.float32)
        inside *= TOP
        ranks[:, first : first + steps.shape[1]] = np.rint(inside).astype(np.uint8)[rows]
        first += steps.shape[1]
    return ranks


def fitting(activations: Mapping[str, Floats], statistics: Statistics | None) -> Statistics | None:
    """The statistics, if they are of the layers that a loop has activations of."""
    if statistics is None:
        return None
    known = [(layer.name, layer.neurons) for layer in statistics.index.layers]
    return statistics if known == [(name, steps.shape[1]) for name, steps in activations.items()] else None


def ranks_within(steps: Floats) -> Floats:
    """Share of the other steps in which each neuron is below, (steps, neurons), 0..1; 0 for one that never changes."""
    order = np.argsort(steps, axis=0, kind="stable")
    rising = np.take_along_axis(steps, order, axis=0)
    place = np.broadcast_to(np.arange(len(steps))[:, None], steps.shape).copy()
    place[1:][rising[1:] == rising[:-1]] = 0  # equal values have the place of the first of them
    np.maximum.accumulate(place, axis=0, out=place)
    ranks = np.empty(steps.shape, np.float32)
    np.put_along_axis(ranks, order, place.astype(np.float32), axis=0)
    ranks /= max(len(steps) - 1, 1)
    return ranks
