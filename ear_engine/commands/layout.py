"""``ear-engine layout``: where every neuron of an ear lies on the map."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ear_engine import platform
from ear_engine.commands.progress import Stages
from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.devices import choose_device
from ear_engine.ear.network import Ear
from ear_engine.ear.shape import bin_frequencies
from ear_engine.ear.statistics import Statistics
from ear_engine.ear.statistics_file import hash_weights, load_statistics
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.layout.charges import charges_of
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.layouts import graph_of, lay_out
from ear_engine.layout.map_file import MapFile
from ear_engine.layout.outputs import Laid, suffix_of, write_layout
from ear_engine.layout.settings import LayoutSettings
from ear_engine.offline.outputs import need_file
from ear_engine.offline.picture import need_matplotlib

_PERCENT = 100


def run(typed: argparse.Namespace) -> int:
    """Lay it out, write the files, and say what is in them."""
    platform.reuse_memory()
    files = _files(typed.output)
    settings = _settings(typed)
    device = choose_device(typed.device, ("cuda", "cpu"))
    folder = find_ear(typed.ear)
    ear = load_ear(folder.path)
    statistics = load_statistics(folder.path)
    console = Console(file=sys.stderr, soft_wrap=True)
    if statistics is None:
        console.print("no statistics: every neuron takes the same room", markup=False, highlight=False)
    with Stages(console) as stages:
        stages("tracing the network", 0, 1)
        graph = graph_of(ear)
        charges = charges_of(graph, statistics)
        stages("tracing the network", 1, 1)
        found = lay_out(
            graph,
            charges,
            settings,
            device=device,
            progress=lambda done, every: stages("laying out, percent", _PERCENT * done // every, _PERCENT),
        )
    laid = Laid(
        graph.layers,
        MapFile.of(found.positions, hash_weights(folder.path), settings),
        _hertz(graph, ear, statistics),
    )
    for file in files:
        write_layout(file, laid)
        print(file)
    print(
        f"{graph.vertices} neurons, {graph.edges} edges as {found.group_links} links between {found.groups} groups; "
        f"{found.seconds:.1f} s, residual {found.residual:.1e}, id {laid.stored.id}"
    )
    if found.residual > settings.rest:
        print(f"It did not come to rest (residual above {settings.rest:g}); try a larger --softening or a smaller --k.")
    return 0


def _settings(typed: argparse.Namespace) -> LayoutSettings:
    usual = LayoutSettings()
    settings = LayoutSettings(
        exponent=usual.exponent if typed.k is None else typed.k,
        centering=usual.centering if typed.centering is None else typed.centering,
        softening=usual.softening if typed.softening is None else typed.softening,
        dimensions=typed.dimensions,
        seed=typed.seed,
    )
    settings.check()
    return settings


def _files(typed: list[str]) -> list[Path]:
    """Files to write, all of which can be written.

    Raises:
        UserError: one cannot, or is named twice.
    """
    files = [Path(name).expanduser() for name in typed]
    for number, file in enumerate(files):
        if suffix_of(file) == ".png":
            need_matplotlib()
        need_file(file)
        if file in files[:number]:
            raise UserError(f"file {str(file)!r}", "is named twice", "name it once", "bad_value")
    return files


def _hertz(graph: NeuronGraph, ear: Ear, statistics: Statistics | None) -> NDArray[np.float64]:
    """Where each neuron answers most, as measured, or else the center of its bin; NaN where there are no bins."""
    if statistics is not None:
        return statistics.frequency.astype(np.float64)
    found = np.full(graph.vertices, np.nan)
    for name, centers in bin_frequencies(ear.config).items():
        for layer in graph.layers:
            if layer.name == name and layer.places == len(centers):
                found[layer.span] = np.tile(centers, layer.channels)
    return found
