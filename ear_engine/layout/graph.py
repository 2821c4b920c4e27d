"""The graph of a network: every neuron a vertex, kept as layers and the links between them, never as a list of edges.

A layer is a grid of channels and places; a link joins all vertices of two layers that both its relations join. So 26
million edges of a convolutional network are a few dozen pairs of small matrices. Vertices are numbered as neurons are
(:mod:`ear_engine.ear.neurons`): layer after layer, channel * places + place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ear_engine.ear.neurons import Layer
from ear_engine.errors import UserError
from ear_engine.layout.heard_layers import Connection
from ear_engine.layout.relations import Relation, pattern, product
from ear_engine.layout.tracing import Traced


@dataclass(frozen=True)
class VertexLayer:
    """Vertices of one layer, ``channels * places`` of them from ``offset`` on."""

    name: str
    channels: int
    places: int
    offset: int

    @property
    def vertices(self) -> int:
        """Number of vertices."""
        return self.channels * self.places

    @property
    def span(self) -> slice:
        """Numbers of its vertices."""
        return slice(self.offset, self.offset + self.vertices)

    @property
    def neurons(self) -> Layer:
        """The same for whoever knows no graphs; its stride is not known and 1."""
        return Layer(self.name, self.channels, self.places, 1, self.offset)


@dataclass(frozen=True)
class Link:
    """Edges between two layers: those between (channel, place) and (channel', place') that both relations have.

    Shapes:
        channels: (channels of target, channels of source); an edge weighs the product of its two entries
        places: (places of target, places of source)
    """

    target: int
    source: int
    channels: Relation
    places: Relation

    @property
    def edges(self) -> int:
        """How many."""
        return int(self.channels.nnz) * int(self.places.nnz)


@dataclass(frozen=True)
class NeuronGraph:
    """Layers and links."""

    layers: tuple[VertexLayer, ...]
    links: tuple[Link, ...]

    @staticmethod
    def of(traced: Traced) -> NeuronGraph:
        """The graph of what was traced; edges that are there several ways count once, unless they have weights.

        Raises:
            UserError: there is nothing in it.
        """
        if not traced.layers:
            raise UserError("the network", "has no nonlinearity", "give one with layers of neurons", "no_layers")
        layers, offset = [], 0
        for layer in traced.layers:
            layers.append(VertexLayer(layer.name, layer.channels, layer.places, offset))
            offset += layer.channels * layer.places
        number = {layer.name: place for place, layer in enumerate(layers)}
        pairs: dict[tuple[int, int], list[Connection]] = {}
        for one in traced.connections:
            if one.channels.nnz and one.places.nnz:
                pairs.setdefault((number[one.target], number[one.source]), []).append(one)
        links: list[Link] = []
        for (target, source), connections in pairs.items():
            parts = [(one.channels, one.places) for one in connections]
            if all(_is_pattern(channels) and _is_pattern(places) for channels, places in parts):
                parts = disjoint(parts)
            links.extend(Link(target, source, channels, places) for channels, places in parts)
        return NeuronGraph(tuple(layers), tuple(links))

    @property
    def vertices(self) -> int:
        """Number of vertices."""
        return sum(layer.vertices for layer in self.layers)

    @property
    def edges(self) -> int:
        """Number of edges; one that several links have, which happens where they have weights, counts once."""
        pairs: dict[tuple[int, int], list[tuple[Relation, Relation]]] = {}
        for link in self.links:
            pairs.setdefault((link.target, link.source), []).append((pattern(link.channels), pattern(link.places)))
        return sum(
            int(channels.nnz) * int(places.nnz) for parts in pairs.values() for channels, places in disjoint(parts)
        )

    def group_pairs(self) -> NDArray[np.int32]:
        """Groups that are joined, (links, 2): source, target; rising, each pair once, however many links it has.

        A group is a pair of layer and place, numbered layer after layer.
        """
        first = np.cumsum([0, *(layer.places for layer in self.layers)])
        found = [np.zeros((0, 2), np.int64)]
        for link in self.links:
            places = pattern(link.places).tocoo()
            if not link.channels.count_nonzero():
                continue
            found.append(np.stack([places.col + first[link.source], places.row + first[link.target]], axis=1))
        return np.unique(np.concatenate(found), axis=0).astype(np.int32)

    def edge_list(self) -> NDArray[np.int64]:
        """All edges as (target, source), (edges, 2): for graphs of a few thousand only."""
        found = [np.zeros((0, 2), np.int64)]
        for link in self.links:
            target, source = self.layers[link.target], self.layers[link.source]
            both = product([link.channels, link.places]).tocoo()
            found.append(np.stack([both.row + target.offset, both.col + source.offset], axis=1).astype(np.int64))
        return np.concatenate(found)

    def parts(self) -> NDArray[np.int64]:
        """Which connected part each vertex is in, (vertices,), the largest first; exact, without listing edges.

        Where channels are joined alike, all vertices of a place hang on one hub for each place they are joined with.
        """
        count = self.vertices
        rows, columns = [], []
        extra = count
        for link in self.links:
            target, source = self.layers[link.target], self.layers[link.source]
            classes_t, classes_s, small = compress(pattern(link.channels))
            # hubs: one vertex for each (class pair, place pair), joined with all members
            pairs = product([small, link.places]).tocoo()
            hub = extra + np.arange(pairs.nnz)
            extra += pairs.nnz
            for layer, classes, at in ((target, classes_t, pairs.row), (source, classes_s, pairs.col)):
                kind, place = np.divmod(at, layer.places)
                for value in np.unique(classes[classes >= 0]):
                    members = np.flatnonzero(classes == value)
                    mine = np.flatnonzero(kind == value)
                    vertex = layer.offset + members[:, None] * layer.places + place[mine]
                    columns.append(vertex.ravel())
                    rows.append(np.broadcast_to(hub[mine], vertex.shape).ravel())
        if rows:
            row, column = np.concatenate(rows), np.concatenate(columns)
        else:
            row = column = np.zeros(0, np.int64)
        joined = sparse.coo_array((np.ones(len(row), np.int8), (row, column)), shape=(extra, extra))
        label = connected_components(joined, directed=False)[1][:count]
        _, label = np.unique(label, return_inverse=True)
        order = np.argsort(-np.bincount(label), kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return np.asarray(rank[label], np.int64)


def disjoint(parts: Sequence[tuple[Relation, Relation]]) -> list[tuple[Relation, Relation]]:
    """The same pairs as all ``parts`` (channels, places) together, each in one part only."""
    kept: list[tuple[Relation, Relation]] = []
    for part in parts:
        rest = [part]
        for channels, places in kept:
            after = []
            for mine, here in rest:
                shared = pattern(mine.multiply(channels))
                if not shared.nnz or not pattern(here.multiply(places)).nnz:
                    after.append((mine, here))
                    continue
                only = pattern(mine - shared)
                beyond = pattern(here - here.multiply(places))
                after.extend(pair for pair in ((only, here), (shared, beyond)) if pair[0].nnz and pair[1].nnz)
            rest = after
        kept.extend(rest)
    return kept


def compress(relation: Relation) -> tuple[NDArray[np.int64], NDArray[np.int64], Relation]:
    """Rows that are alike, and columns that are alike, made one.

    Returns:
        class of each row (-1 if it is empty), class of each column (-1 too), and the relation between classes.
    """
    rows, small = _alike(relation)
    columns, small = _alike(sparse.csr_array(small.T))
    return rows, columns, sparse.csr_array(small.T)


def _alike(relation: Relation) -> tuple[NDArray[np.int64], Relation]:
    relation = sparse.csr_array(relation)
    relation.sort_indices()
    seen: dict[bytes, int] = {}
    classes = np.full(relation.shape[0], -1, np.int64)
    first = []
    for row in range(relation.shape[0]):
        span = slice(relation.indptr[row], relation.indptr[row + 1])
        if span.start == span.stop:
            continue
        key = relation.indices[span].tobytes() + relation.data[span].tobytes()
        if key not in seen:
            seen[key] = len(seen)
            first.append(row)
        classes[row] = seen[key]
    return classes, sparse.csr_array(relation[first]) if first else sparse.csr_array((0, relation.shape[1]))


def _is_pattern(relation: Relation) -> bool:
    return bool((relation.data == 1.0).all())
