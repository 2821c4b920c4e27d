"""Charges at points in time: what a neuron does around each in a loop, and not in all music, is the room it takes.

The paper's section 3 makes the map move so. Windows are Hann's, two points wide, so each falls to 0 where its
neighbors are centered and all together weigh every moment alike. A loop is a circle: windows go on at its start.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.statistics import Statistics
from ear_engine.errors import UserError
from ear_engine.layout.charges import STRONGEST, WEAKEST
from ear_engine.layout.heard_loop import HeardLoop

FEWEST_POINTS, MOST_POINTS = 2, 64


def check_points(points: int) -> None:
    """Make sure that a loop can have so many points in time.

    Raises:
        UserError: they are too few or too many.
    """
    if not FEWEST_POINTS <= points <= MOST_POINTS:
        reason, mend = f"is not in {FEWEST_POINTS}..{MOST_POINTS}", "use a number in that range"
        raise UserError(f"time-points {points}", reason, mend, "out_of_range")


def moment_charges(loop: HeardLoop, statistics: Statistics | None, points: int) -> list[NDArray[np.float64]]:
    """Charges at ``points`` evenly spaced in the loop, the first at its start; (neurons,) each.

    A neuron's is its RMS deviation in the window from its mean in music, over the root of its layer's mean variance in
    music, clipped as :func:`~ear_engine.layout.charges.charges_of` does. Without statistics, mean and variance are
    those in the loop. A layer that never changes has charges of 1.

    Args:
        loop: what is heard.
        statistics: of the ear's neurons, numbered as those of the loop.
        points: 2..64.
    """
    check_points(points)
    found = np.ones((points, len(loop.index)))
    for layer in loop.index.layers:
        heard = loop.activations[layer.name].astype(np.float64)
        weights = window_weights(loop.starts(layer.name), points)
        if statistics is None:
            length = np.diff(loop.starts(layer.name))
            mean = length @ heard
            scale = float((length @ (heard - mean) ** 2).mean())
        else:
            mean = statistics.mean[layer.span].astype(np.float64)
            scale = float(statistics.variance[layer.span].mean(dtype=np.float64))
        if scale > 0.0:
            deviation = np.sqrt(weights @ (heard - mean) ** 2 / scale)
            found[:, layer.span] = np.clip(deviation, WEAKEST, STRONGEST)
    return list(found)


def window_weights(starts: NDArray[np.float64], points: int) -> NDArray[np.float64]:
    """How much each step counts in each point's window, (points, steps); rows sum to 1.

    A step counts by the window's integral over the time until the next, so none is lost between two steps, however
    narrow windows are.

    Args:
        starts: (steps + 1,), rising from 0 to 1, shares of the loop.
        points: windows, each two of their distances wide.
    """
    centers = np.arange(points)[:, None]
    weights = np.zeros((points, len(starts) - 1))
    for turn in (-1, 0, 1):
        away = np.clip((starts + turn) * points - centers, -1.0, 1.0)
        weights += np.diff((away + np.sin(np.pi * away) / np.pi) / 2.0, axis=1)
    return weights
