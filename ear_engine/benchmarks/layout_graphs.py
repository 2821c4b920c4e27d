"""Graphs that layouts are measured on: an ear's, and encoders of any size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.ear_files import find_ear
from ear_engine.layout.charges import charges_of
from ear_engine.layout.graph import Link, NeuronGraph, VertexLayer
from ear_engine.layout.layouts import graph_of
from ear_engine.layout.relations import Relation, whole

_STAGES = 6  # of two layers; each has twice the channels and half the places of the one before
_REACH = 2  # places to each side that a vertex hears
_WEAKEST, _STRONGEST = 0.3, 2.0  # charges


def load(name: str) -> tuple[NeuronGraph, NDArray[np.float64]]:
    """Graph and charges, (vertices,), of an ear by its name, or of an :func:`encoder` by a number of vertices."""
    if name.isdecimal():
        graph = encoder(int(name))
        return graph, np.random.default_rng(0).uniform(_WEAKEST, _STRONGEST, graph.vertices)
    path = find_ear(name).path
    graph = graph_of(load_ear(path))
    return graph, charges_of(graph, load_statistics(path))


def encoder(vertices: int) -> NeuronGraph:
    """Twelve layers of about as many vertices each, from many places to many channels, as an ear has them.

    Each hears five neighboring places of the one before, all channels of them; the second of a stage also hears, at its
    own place, the last of the stage before. Edges grow as ``vertices`` to the power of 1.5.

    Args:
        vertices: how many, to a few per cent; 300 at least.
    """
    each = vertices / (2 * _STAGES)
    layers: list[VertexLayer] = []
    links = []
    for number in range(2 * _STAGES):
        channels = max(1, round(math.sqrt(each) * 2.0 ** (number // 2 - _STAGES // 2)))
        offset = layers[-1].span.stop if layers else 0
        layers.append(VertexLayer(f"layer_{number}", channels, round(each / channels), offset))
        if number:
            links.append(_link(layers, number, number - 1, _REACH))
        if number % 2 and number > 1:
            links.append(_link(layers, number, number - 2, 0))
    return NeuronGraph(tuple(layers), tuple(links))


def _link(layers: list[VertexLayer], target: int, source: int, reach: int) -> Link:
    after, before = layers[target], layers[source]
    return Link(target, source, whole(after.channels, before.channels), _near(after.places, before.places, reach))


def _near(after: int, before: int, reach: int) -> Relation:
    """Places that are side by side if both layers are as long, and ``reach`` more to each side."""
    rows = np.repeat(np.arange(after), 2 * reach + 1)
    columns = (2 * rows + 1) * before // (2 * after) + np.tile(np.arange(-reach, reach + 1), after)
    inside = (columns >= 0) & (columns < before)
    ones = np.ones(int(inside.sum()), np.float32)
    return sparse.csr_array((ones, (rows[inside], columns[inside])), shape=(after, before))
