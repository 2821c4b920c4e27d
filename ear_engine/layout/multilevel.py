"""From coarse to fine: neighbors in channel or place made one until some thirty vertices are left, and back.

A coarse vertex has the charges of its members in sum and the weights of their edges, so it is pushed and pulled as they
would be at one place. Each level begins where the coarser one came to rest, its members side by side (the paper's
Figure 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ear_engine.layout.graph import Link, NeuronGraph, VertexLayer
from ear_engine.layout.relations import Relation


@dataclass(frozen=True)
class Level:
    """A graph at one resolution.

    Shapes:
        charges: (vertices,), sums
        sizes: (vertices,), neurons in each
        parent: (vertices,), which vertex of the next coarser level each is in; empty on the coarsest
    """

    graph: NeuronGraph
    charges: NDArray[np.float64]
    sizes: NDArray[np.float64]
    parent: NDArray[np.int64]


def levels(graph: NeuronGraph, charges: NDArray[np.float64], fewest: int = 30) -> list[Level]:
    """From the full graph to one that cannot get smaller or has ``fewest`` vertices or less: channels first."""
    found: list[Level] = []
    sizes = np.ones(graph.vertices)
    while True:
        halved = _halved(graph) if graph.vertices > fewest else None
        if halved is None:
            return [*found, Level(graph, charges, sizes, np.zeros(0, np.int64))]
        coarse, parent = halved
        found.append(Level(graph, charges, sizes, parent))
        charges = np.asarray(np.bincount(parent, charges, coarse.vertices), np.float64)
        sizes = np.asarray(np.bincount(parent, sizes, coarse.vertices), np.float64)
        graph = coarse


def _halved(graph: NeuronGraph) -> tuple[NeuronGraph, NDArray[np.int64]] | None:
    """The graph with half the channels, or, where there is only one, half the places; and who is in what."""
    by_channel = any(layer.channels > 1 for layer in graph.layers)
    if not by_channel and all(layer.places == 1 for layer in graph.layers):
        return None
    layers, parents, offset = [], [], 0
    for layer in graph.layers:
        channels = -(-layer.channels // 2) if by_channel else layer.channels
        places = layer.places if by_channel else -(-layer.places // 2)
        channel, place = np.divmod(np.arange(layer.vertices), layer.places)
        if by_channel:
            channel = channel // 2
        else:
            place = place // 2
        parents.append(offset + channel * places + place)
        layers.append(VertexLayer(layer.name, channels, places, offset))
        offset += channels * places
    links = []
    for link in graph.links:
        target, source = graph.layers[link.target], graph.layers[link.source]
        channels_, places_ = link.channels, link.places
        if by_channel:
            channels_ = _pairs(target.channels) @ channels_ @ _pairs(source.channels).T
        else:
            places_ = _pairs(target.places) @ places_ @ _pairs(source.places).T
        links.append(Link(link.target, link.source, sparse.csr_array(channels_), sparse.csr_array(places_)))
    return NeuronGraph(tuple(layers), tuple(links)), np.concatenate(parents)


def _pairs(count: int) -> Relation:
    """Sums of neighbors, (ceil(count / 2), count)."""
    columns = np.arange(count)
    return sparse.csr_array((np.ones(count, np.float32), (columns // 2, columns)))
