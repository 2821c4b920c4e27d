"""Whole layouts, each in a fresh process, so that what one needs of memory is its own."""

from __future__ import annotations

import gc
import math
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine import platform
from ear_engine.benchmarks import layout_peers
from ear_engine.benchmarks.layout_graphs import load
from ear_engine.benchmarks.layout_peers import Peer
from ear_engine.benchmarks.layout_quality import by_chance, energy, neighborhood_preservation
from ear_engine.benchmarks.layout_steps import errors, motion, step_times
from ear_engine.benchmarks.measure import Timings
from ear_engine.layout.attraction import Attraction
from ear_engine.layout.charges import balanced
from ear_engine.layout.layouts import lay_out
from ear_engine.layout.multilevel import Level, levels
from ear_engine.layout.repulsion import Exact
from ear_engine.layout.settings import LayoutSettings

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Whole:
    """A layout from its graph to the end.

    Args:
        vertices, edges: of the graph.
        seconds: of laying out.
        growth: MB of memory at most beyond what the process had with its modules and the graph; NaN where the system
            does not tell (it takes Linux).
        total: MB of memory of the process at most.
        preserved: see :func:`~ear_engine.benchmarks.layout_quality.neighborhood_preservation`.
    """

    vertices: int
    edges: int
    seconds: float
    growth: float
    total: float
    preserved: float


@dataclass(frozen=True)
class Ours(Whole):
    """A layout by this project, and what was measured where it came to rest.

    Args:
        chance: what random positions would preserve.
        steps: see :func:`~ear_engine.benchmarks.layout_steps.step_times`.
        errors: see :func:`~ear_engine.benchmarks.layout_steps.errors`.
    """

    chance: float
    steps: Timings
    errors: dict[tuple[str, str], float]


@dataclass(frozen=True)
class Theirs(Whole):
    """A layout by a peer; see :class:`~ear_engine.benchmarks.layout_peers.Laid`."""

    preparing: float
    iteration: float
    iterations: int


@dataclass(frozen=True)
class Pair:
    """A layout as always, by the grid, and one by the sum of all pairs: energies with one softening, and seconds."""

    vertices: int
    grid: float
    exact: float
    grid_seconds: float
    exact_seconds: float


def in_fresh_process(function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """What ``function``, of a module, returns there, with as many threads as here."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, _begin, (torch.get_num_threads(),)) as process:
        return process.submit(function, *args, **kwargs).result()


def ours(name: str, settings: LayoutSettings, rounds: int, *, tree: bool, exactness: bool) -> Ours:
    """Lay a graph out and measure.

    Args:
        name: see :func:`~ear_engine.benchmarks.layout_graphs.load`.
        settings: of the layout.
        rounds: in which ways to make a step take turns.
        tree: whether a tree takes turns, too.
        exactness: whether errors of forces are measured, else there are none.
    """
    graph, charges = load(name)
    rested: list[tuple[Level, NDArray[np.float64]]] = []
    peak = _Peak()
    found = lay_out(graph, charges, settings, settled=lambda *level: rested.append(level))
    growth, total = peak.read()
    (finest, positions), coarser = rested[-1], rested[-2][1]
    at_rest, attraction = torch.from_numpy(positions).float(), Attraction(graph)
    return Ours(
        graph.vertices,
        graph.edges,
        found.seconds,
        growth,
        total,
        neighborhood_preservation(attraction, at_rest),
        by_chance(attraction, graph.vertices),
        step_times(finest, settings, at_rest, rounds, tree=tree),
        errors(finest, settings, torch.from_numpy(coarser).float()) if exactness else {},
    )


def theirs(name: str, peer: Peer, most: float) -> Theirs:
    """Let a peer lay out the same graph, for ``most`` seconds or so."""
    graph, _ = load(name)
    peak = _Peak()
    laid = layout_peers.lay_out(peer, graph, most)
    growth, total = peak.read()
    preserved = neighborhood_preservation(Attraction(graph), torch.from_numpy(laid.positions).float())
    return Theirs(
        graph.vertices,
        graph.edges,
        laid.seconds,
        growth,
        total,
        preserved,
        laid.preparing,
        laid.iteration,
        laid.iterations,
    )


def energies(name: str, settings: LayoutSettings) -> Pair:
    """Lay a graph out as always, and with the sum of all pairs, from the same first positions."""
    graph, charges = load(name)
    attraction = Attraction(graph)
    rested: list[NDArray[np.float64]] = []
    usual = lay_out(graph, charges, settings, settled=lambda _level, positions: rested.append(positions))
    found = levels(graph, balanced(charges, attraction.degree[:, 0].double().numpy(), settings.balance))
    began = time.perf_counter()
    *_, end = motion(found, settings, Exact())
    seconds = time.perf_counter() - began
    sizes, softening = torch.ones(graph.vertices), end.kernel.softening
    grid, exact = (
        energy(attraction, end.charges, sizes, end.physics, positions, softening)
        for positions in (torch.from_numpy(rested[-1]).float(), end.positions)
    )
    return Pair(graph.vertices, grid, exact, usual.seconds, seconds)


class _Peak:
    """The most memory that this process has from here on; what is free goes back to the system first."""

    def __init__(self) -> None:
        gc.collect()
        platform.return_memory()
        with suppress(OSError):  # then what went before counts, too
            _CLEAR.write_text("5")
        self._before = _megabytes("VmRSS")

    def read(self) -> tuple[float, float]:
        """MB beyond what it had at first, and in all."""
        most = _megabytes("VmHWM")
        return most - self._before, most


def _megabytes(line: str) -> float:
    if not _STATUS.exists():
        return math.nan
    lines = dict(one.split(":", 1) for one in _STATUS.read_text().splitlines())
    return float(lines[line].split()[0]) * 1024 / 1e6


def _begin(threads: int) -> None:
    platform.reuse_memory()
    torch.set_num_threads(threads)
