"""Links between groups as bundled curves: from group to group, bent toward the straight path between their layers.

After Holten (Hierarchical edge bundles, 2006): the control points of a curve are its group, its group's neighborhood,
the other's neighborhood, the other group; a strength between 0 and 1 straightens it. Neighborhoods lie on the way from
a group's place to its layer's center, so links that go the same way run together and part near their ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import NeuronIndex
from ear_engine.viewer.model import MapPicture

_MOST = 130  # links drawn between two layers
_BUNDLED = 0.75  # 0 draws straight lines
_INWARD = 0.45  # how far a neighborhood lies from the group toward the layer's center


def drawn_links(picture: MapPicture) -> NDArray[np.int32]:
    """The links that are drawn, (n, 2), in an order whose beginnings are fair samples of the whole.

    Of two layers with very many links, every so manieth is left out; the order does not change from run to run.
    """
    links = np.asarray(picture.links, np.int32).reshape(-1, 2)
    layer = np.repeat(np.arange(len(picture.index.layers)), [one.bins for one in picture.index.layers])
    pairs = layer[links] @ np.array([len(picture.index.layers), 1])
    kept = []
    for pair in np.unique(pairs):
        rows = np.flatnonzero(pairs == pair)
        kept.append(rows[np.linspace(0, len(rows) - 1, min(len(rows), _MOST)).round().astype(np.intp)])
    found = links[np.concatenate(kept)] if kept else links
    return found[np.random.default_rng(0).permutation(len(found))]


def group_centers(index: NeuronIndex, positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean place of every group, (groups, 2)."""
    return np.concatenate(
        [positions[one.span, :2].reshape(one.channels, one.bins, 2).mean(axis=0) for one in index.layers]
    )


def link_curves(
    index: NeuronIndex, positions: NDArray[np.float32], links: NDArray[np.int32], points: int
) -> NDArray[np.float32]:
    """Points of the curves, (links, points, 2), from source to target.

    Args:
        index: of the neurons.
        positions: (neurons, 2 or 3).
        links: (links, 2), groups: source, target.
        points: of each curve, at least 2.
    """
    groups = group_centers(index, positions)
    bins = [one.bins for one in index.layers]
    layers = np.stack([positions[one.span, :2].mean(axis=0) for one in index.layers])
    inward = groups + _INWARD * (np.repeat(layers, bins, axis=0) - groups)
    source, target = links[:, 0], links[:, 1]
    straight = groups[target] - groups[source]
    first = _BUNDLED * inward[source] + (1.0 - _BUNDLED) * (groups[source] + straight / 3.0)
    second = _BUNDLED * inward[target] + (1.0 - _BUNDLED) * (groups[target] - straight / 3.0)
    t = np.linspace(0.0, 1.0, points, dtype=np.float32)
    weights = np.stack([(1.0 - t) ** 3, 3.0 * t * (1.0 - t) ** 2, 3.0 * t * t * (1.0 - t), t**3], axis=1)
    controls = np.stack([groups[source], first, second, groups[target]], axis=1)
    return np.asarray(weights @ controls, np.float32)


def needed_points(curves: NDArray[np.float32], off: float) -> NDArray[np.bool_]:
    """The fewest points of each curve through which lines stay near it: (links, points), the ends among them.

    Args:
        curves: (links, points, 2), points at least 2.
        off: how far from a line the points may be that it leaves out.
    """
    count, points, _ = curves.shape
    lines = np.full((count, points), points, np.int64)  # fewest to each point
    before = np.zeros((count, points), np.int64)
    lines[:, 0] = 0
    for end in range(1, points):
        for start in range(end):
            chord = curves[:, end] - curves[:, start]
            away = curves[:, start + 1 : end] - curves[:, None, start]
            across = np.abs(away[..., 0] * chord[:, None, 1] - away[..., 1] * chord[:, None, 0])
            near = across.max(axis=1, initial=0.0) <= off * np.hypot(chord[:, 0], chord[:, 1])
            better = near & (lines[:, start] + 1 < lines[:, end])
            lines[better, end] = lines[better, start] + 1
            before[better, end] = start
    needed = np.zeros((count, points), bool)
    every, at = np.arange(count), np.full(count, points - 1)
    for _ in range(points):
        needed[every, at] = True
        at = before[every, at]
    return needed
