"""Other programs that lay graphs out: igraph's Fruchterman-Reingold, and fa2's ForceAtlas2.

They want every edge, one by one. How they are called is all that is here; nothing of theirs is.
"""

from __future__ import annotations

import importlib
import importlib.util
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ear_engine.layout.graph import NeuronGraph

_FEW = 8  # iterations by which it is judged how long one takes
_SHORTEST = 1e-6  # seconds of an iteration

LayOut = Callable[[int], NDArray[np.float64]]
"""Positions, (vertices, 2), after so many iterations from random ones."""


@dataclass(frozen=True)
class Peer:
    """A program to be compared with.

    Args:
        name: for people.
        module: that has to be installed.
        prepare: gives it a graph.
        iterations: it makes if it is not told how many.
    """

    name: str
    module: str
    prepare: Callable[[NeuronGraph], LayOut]
    iterations: int


@dataclass(frozen=True)
class Laid:
    """What came of a peer's layout.

    Args:
        positions: (vertices, 2).
        preparing: seconds until it has the graph.
        iteration: seconds.
        seconds: of laying out, with as many iterations as it makes by itself.
        iterations: that were made.
    """

    positions: NDArray[np.float64]
    preparing: float
    iteration: float
    seconds: float
    iterations: int


def lay_out(peer: Peer, graph: NeuronGraph, most: float) -> Laid:
    """Lay a graph out, with fewer iterations if all would take more than ``most`` seconds; what is missing is added."""
    random.seed(0)  # igraph draws its first positions from there
    began = time.perf_counter()
    laying = peer.prepare(graph)
    preparing = time.perf_counter() - began
    begin = _timed(laying, 1)[0]
    iteration = max((_timed(laying, 1 + _FEW)[0] - begin) / _FEW, _SHORTEST)
    iterations = max(1 + _FEW, min(peer.iterations, int((most - begin) / iteration)))
    seconds, positions = _timed(laying, iterations)
    iteration = max((seconds - begin) / (iterations - 1), _SHORTEST)
    whole = seconds + (peer.iterations - iterations) * iteration
    return Laid(positions, preparing, iteration, whole, iterations)


def installed() -> list[Peer]:
    """Those that are there; what is missing is said on stderr."""
    missing = [peer for peer in PEERS if importlib.util.find_spec(peer.module) is None]
    if missing:
        names = " and ".join(peer.name for peer in missing)
        print(
            f"{names} not installed: what is measured against them is left out (pip install 'ear-engine[bench]')",
            file=sys.stderr,
        )
    return [peer for peer in PEERS if peer not in missing]


def _igraph(graph: NeuronGraph) -> LayOut:
    edges = graph.edge_list()
    made = importlib.import_module("igraph").Graph(graph.vertices, edges=edges)

    def lay(iterations: int) -> NDArray[np.float64]:
        return np.array(made.layout_fruchterman_reingold(niter=iterations).coords)

    return lay


def _fa2(graph: NeuronGraph) -> LayOut:
    edges, count = graph.edge_list(), graph.vertices
    one_way = sparse.csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    both = one_way + one_way.T
    atlas = importlib.import_module("fa2_modified").ForceAtlas2(verbose=False)
    first = np.random.default_rng(0).random((count, 2))

    def lay(iterations: int) -> NDArray[np.float64]:
        return np.array(atlas.forceatlas2(both, first, iterations))

    return lay


def _timed(laying: LayOut, iterations: int) -> tuple[float, NDArray[np.float64]]:
    start = time.perf_counter()
    positions = laying(iterations)
    return time.perf_counter() - start, positions


IGRAPH = Peer("igraph (Fruchterman-Reingold)", "igraph", _igraph, 500)
FA2 = Peer("fa2-modified (ForceAtlas2)", "fa2_modified", _fa2, 100)
PEERS = (IGRAPH, FA2)
