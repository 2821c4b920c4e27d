"""Turned and scaled the same way every time: low to high from left to right, depth from bottom to top, in 0..1.

Forces do not change when all is turned or mirrored, so a layout may be. It is turned to where positions go best with
place (in the first layer) and depth (over all layers): the orthogonal Procrustes problem (Schönemann 1966).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ear_engine.layout.graph import NeuronGraph

Positions = NDArray[np.float64]


def turned(positions: Positions, graph: NeuronGraph) -> Positions:
    """Positions (vertices, 2 or 3) around their middle; axes are place, depth and the rest."""
    dimensions = positions.shape[1]
    centered = positions - positions.mean(axis=0)
    wanted = np.zeros((dimensions, dimensions))
    first = next((layer for layer in graph.layers if layer.places > 1), None)
    if first is not None:
        place = np.arange(first.vertices, dtype=np.float64) % first.places
        wanted[:, 0] = _direction(centered[first.span], place)
    depth = np.empty(graph.vertices)
    for number, layer in enumerate(graph.layers):
        depth[layer.span] = number
    wanted[:, 1] = _direction(centered, depth)
    return np.asarray(centered @ turn_onto(wanted), np.float64)


def turn_onto(products: Positions) -> Positions:
    """Orthogonal matrix R that makes ``trace(Rᵀ products)`` largest: turns and mirrors."""
    left, _, right = np.linalg.svd(products)
    return np.asarray(left @ right, np.float64)


def aligned(positions: Positions, to: Positions) -> Positions:
    """Positions turned, mirrored and moved, not scaled, to lie as near to ``to`` as they can."""
    middle, goal = positions.mean(axis=0), to.mean(axis=0)
    centered = positions - middle
    return np.asarray(centered @ turn_onto(centered.T @ (to - goal)) + goal, np.float64)


def into_square(positions: Positions) -> NDArray[np.float32]:
    """Positions in 0..1, one scale for all axes, the box around them in the middle; (vertices, 2 or 3)."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    size = float((high - low).max())
    if size <= 0.0:
        return np.full(positions.shape, 0.5, np.float32)
    return np.asarray(np.clip((positions - (low + high) / 2.0) / size + 0.5, 0.0, 1.0), np.float32)


def _direction(positions: Positions, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where positions go as a value rises, length 1; zeros if they do not."""
    slope = (value - value.mean()) @ positions
    length = float(np.linalg.norm(slope))
    return np.asarray(slope / length if length > 1e-12 else np.zeros(positions.shape[1]), np.float64)
