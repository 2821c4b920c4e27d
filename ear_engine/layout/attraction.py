"""How edges pull their vertices together, without going through the edges.

``a_ij = w_ij (p_j - p_i)`` is linear, so a whole link pulls a vertex by the sum of the positions at its other end.
Where channels are joined alike (a convolution joins each to all), that is the sum of a group: the vertices of one layer
and place whose channels have the same neighbors. One small sparse matrix between groups does all such links at once.
Channels that are joined one to one (residual sums, depthwise convolutions) are picked, those with weights of their own
are multiplied as matrices.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from ear_engine.layout.graph import Link, NeuronGraph, VertexLayer, compress
from ear_engine.layout.relations import Relation, product

_FEW = 0.25  # classes of channels pay if they leave so small a share of the entries


@dataclass(frozen=True)
class _Pair:
    """A link whose channels are joined each in its own way: a matrix between channels, one between places."""

    target: VertexLayer
    source: VertexLayer
    channels: Tensor  # (target, source)
    back: Tensor
    places: Tensor
    places_back: Tensor

    def add(self, positions: Tensor, total: Tensor) -> None:
        """Add the weighted sums of neighbors' positions to ``total``."""
        total[self.target.span] += _through(positions[self.source.span], self.source, self.channels, self.places)
        total[self.source.span] += _through(positions[self.target.span], self.target, self.back, self.places_back)


class Attraction:
    """Pull of all edges of a graph.

    Args:
        graph: the graph.
        device: where positions are.

    Attributes:
        degree: (vertices, 1), sum of the weights of each vertex's edges.
        groups, group_links: that are summed as groups; channels that are joined each in its own way are not.
    """

    def __init__(self, graph: NeuronGraph, device: torch.device | str = "cpu") -> None:
        self._count = graph.vertices
        grouped: list[tuple[Link, Relation]] = []
        self._pairs = []
        splits: list[list[np.ndarray]] = [[] for _ in graph.layers]
        for link in graph.links:
            rows, columns, small = compress(link.channels)
            if small.nnz <= _FEW * link.channels.nnz or link.channels.nnz <= 1:
                grouped.append((link, small))
                splits[link.target].append(rows)
                splits[link.source].append(columns)
            else:
                self._pairs.append(_pair(graph, link, device))
        kinds = [_refine(split, layer.channels) for split, layer in zip(splits, graph.layers, strict=True)]
        members, between = _groups(graph, grouped, kinds)
        self._members = _sparse(members, device)  # (groups, vertices)
        self._between = _sparse(between, device)  # (groups, groups)
        group = np.empty(self._count, np.int64)
        coordinates = members.tocoo()
        group[coordinates.col] = coordinates.row
        self._group = torch.from_numpy(group).to(device)
        self.groups, self.group_links = int(between.shape[0]), int(between.nnz) // 2
        self.degree = self._sums(torch.ones(self._count, 1, device=device))

    def __call__(self, positions: Tensor) -> Tensor:
        """Forces, (vertices, dimensions)."""
        return self._sums(positions).addcmul_(self.degree, positions, value=-1.0)

    def energy(self, positions: Tensor, forces: Tensor) -> Tensor:
        """Half the sum of w |p_i - p_j|² over edges, from the forces at ``positions``; a scalar."""
        return -0.5 * (positions * forces).sum()

    def _sums(self, positions: Tensor) -> Tensor:
        total: Tensor = (self._between @ (self._members @ positions)).index_select(0, self._group)
        for pair in self._pairs:
            pair.add(positions, total)
        return total


def _pair(graph: NeuronGraph, link: Link, device: torch.device | str) -> _Pair:
    channels = torch.from_numpy(link.channels.toarray().astype(np.float32)).to(device)
    if link.channels.nnz <= 4 * max(link.channels.shape):
        forward, back = _sparse(link.channels, device), _sparse(link.channels.T, device)
    else:
        forward, back = channels, channels.T.contiguous()
    places, places_back = _sparse(link.places, device), _sparse(link.places.T, device)
    return _Pair(graph.layers[link.target], graph.layers[link.source], forward, back, places, places_back)


def _through(positions: Tensor, layer: VertexLayer, channels: Tensor, places: Tensor) -> Tensor:
    """Positions of a layer's vertices, summed over channels and places by two matrices."""
    dimensions = positions.shape[1]
    by_channel = positions.reshape(layer.channels, -1)  # (channels, places * dimensions)
    moved = (channels @ by_channel).view(channels.shape[0], layer.places, dimensions)
    by_place = moved.transpose(0, 1).reshape(layer.places, -1)
    found = (places @ by_place).view(places.shape[0], channels.shape[0], dimensions)
    return found.transpose(0, 1).reshape(-1, dimensions)


def _refine(splits: list[np.ndarray], channels: int) -> np.ndarray:
    """Coarsest classes of channels that tell apart what any of ``splits`` does."""
    if not splits:
        return np.zeros(channels, np.int64)
    return np.asarray(np.unique(np.stack(splits, axis=1), axis=0, return_inverse=True)[1], np.int64).reshape(-1)


def _groups(
    graph: NeuronGraph, grouped: list[tuple[Link, Relation]], kinds: list[np.ndarray]
) -> tuple[Relation, Relation]:
    """Membership (groups, vertices), and weights between groups (groups, groups), symmetric."""
    counts = [int(kind.max()) + 1 if len(kind) else 0 for kind in kinds]
    sizes = [count * layer.places for count, layer in zip(counts, graph.layers, strict=True)]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    group = np.concatenate(
        [
            (start + kind[:, None] * layer.places + np.arange(layer.places)).ravel()
            for start, kind, layer in zip(offsets, kinds, graph.layers, strict=False)
        ]
    )
    total, count = int(offsets[-1]), graph.vertices
    members = sparse.csr_array((np.ones(count, np.float32), (group, np.arange(count))), shape=(total, count))
    rows, columns, weights = [], [], []
    for link, _ in grouped:
        # one channel stands for its class
        first_t = np.unique(kinds[link.target], return_index=True)[1]
        first_s = np.unique(kinds[link.source], return_index=True)[1]
        small = link.channels[first_t][:, first_s]
        both = product([small, link.places]).tocoo()
        row, column = both.row + offsets[link.target], both.col + offsets[link.source]
        rows += [row, column]
        columns += [column, row]
        weights += [both.data, both.data]
    if not rows:
        return members, sparse.csr_array((total, total), dtype=np.float32)
    values = np.concatenate(weights).astype(np.float32)
    shape = (total, total)
    between = sparse.csr_array((values, (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    return members, between


def _sparse(relation: Relation, device: torch.device | str) -> Tensor:
    relation = sparse.csr_array(relation)
    relation.sort_indices()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(
            torch.from_numpy(relation.indptr.astype(np.int64)),
            torch.from_numpy(relation.indices.astype(np.int64)),
            torch.from_numpy(relation.data.astype(np.float32)),
            size=relation.shape,
            check_invariants=True,
        ).to(device)
