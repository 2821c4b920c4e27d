"""Small graphs, put together by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from ear_engine.layout.graph import Link, NeuronGraph, VertexLayer
from ear_engine.layout.relations import whole, window


def layers(*sizes: tuple[int, int]) -> tuple[VertexLayer, ...]:
    """Layers of (channels, places)."""
    found, offset = [], 0
    for number, (channels, places) in enumerate(sizes):
        found.append(VertexLayer(f"layer_{number}", channels, places, offset))
        offset += channels * places
    return tuple(found)


def pair() -> NeuronGraph:
    """Two vertices and an edge."""
    return NeuronGraph(layers((1, 1), (1, 1)), (Link(1, 0, whole(1, 1), whole(1, 1)),))


def convolutions(sizes: Sequence[tuple[int, int]] = ((4, 7), (6, 5), (5, 1))) -> NeuronGraph:
    """Three layers: a window of three places, then all to all with weights, and a link past the second."""
    (a, b), (c, d), (e, f) = sizes
    weights = sparse.csr_array(np.random.default_rng(0).uniform(0.5, 2.0, (e, c)).astype(np.float32))
    links = (
        Link(1, 0, whole(c, a), window(b, d, b - d + 1)),
        Link(2, 1, weights, whole(f, d)),
        Link(2, 0, whole(e, a), whole(f, b)),
    )
    return NeuronGraph(layers(*sizes), links)
