"""``ear-engine layout``: where every neuron of an ear lies on the map."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from ear_engine import platform
from ear_engine.clip import Clip
from ear_engine.commands.progress import Stages
from ear_engine.ear.devices import choose_device
from ear_engine.ear.kinds import load_ear_of_any_kind
from ear_engine.ear.network import Ear
from ear_engine.ear.shape import bin_frequencies
from ear_engine.ear.statistics import Statistics
from ear_engine.ear.statistics_file import hash_weights, load_statistics
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.layout.animation import write_animation
from ear_engine.layout.charges import charges_of
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.heard_loop import hear_loop
from ear_engine.layout.layouts import graph_of, lay_out
from ear_engine.layout.map_file import MAP, MapFile
from ear_engine.layout.moments import check_points, moment_charges
from ear_engine.layout.orientation import Positions
from ear_engine.layout.outputs import FILM, Laid, Moving, files_of, suffix_of, write_layout
from ear_engine.layout.preview import show_preview
from ear_engine.layout.settings import LayoutSettings, more_softening
from ear_engine.layout.snapshots import lay_out_snapshots
from ear_engine.offline.film import need_av
from ear_engine.offline.outputs import need_file
from ear_engine.offline.picture import need_matplotlib
from ear_engine.sources.library import ClipLibrary

_PERCENT = 100
_SOFTER = 1.1  # factor of the softening that is told of
_ROUGH = 0.01  # error of the repulsion that is told of
_CLIP = "beat"


def run(typed: argparse.Namespace) -> int:
    """Lay it out, write the files, and say what is in them."""
    platform.reuse_memory()
    torch.set_num_threads(1)  # two are a third faster on a quiet machine and take many times as long on a busy one
    folder = find_ear(typed.ear)
    files = _files(typed, folder.path)
    settings = _settings(typed)
    device = choose_device(typed.device, ("cuda", "cpu"))
    ear = load_ear_of_any_kind(folder.path)
    clip = _clip(typed, ear)
    statistics = load_statistics(folder.path)
    console = Console(file=sys.stderr, soft_wrap=True)
    if statistics is None:
        in_time = "" if clip is None else " in the still map; in time, what it takes goes by the loop alone"
        console.print(f"no statistics: every neuron takes the same room{in_time}", markup=False, highlight=False)
    rested: list[Positions] = []  # by level, the finest last
    left: dict[int, float] = {}  # residuals of the points in time
    with Stages(console) as stages:
        stages("tracing the network", 0, 1)
        graph = graph_of(ear, weighted=settings.edges == "weights", dense=typed.dense)
        charges = charges_of(graph, statistics, settings.charges)
        stages("tracing the network", 1, 1)
        found = lay_out(
            graph,
            charges,
            settings,
            device=device,
            progress=lambda done, every: stages("laying out, percent", _PERCENT * done // every, _PERCENT),
            settled=lambda _level, positions: rested.append(positions),
        )
        moving = snapshots = None
        if clip is not None:
            loop = hear_loop(ear, clip)
            snapshots = lay_out_snapshots(
                graph,
                moment_charges(loop, statistics, typed.time_points),
                settings,
                start=rested[-1],
                circular=True,
                device=device,
                progress=lambda done, every: stages("points in time", done, every),
                rested=left.__setitem__,
            )
            moving = Moving(snapshots, loop)
        layers, links = tuple(layer.neurons for layer in graph.layers), graph.group_pairs()
        stored = MapFile.of(found.positions, hash_weights(folder.path), settings, snapshots, layers, links)
        laid = Laid(graph.layers, stored, _hertz(graph, ear, statistics), moving)
        written = [one for file in files for one in _write(file, laid, statistics, stages)]
    for file in written:
        print(file)
    show_preview(Console(), graph.layers, found.positions)
    if settings.edges == "weights":
        kept = f"{len(graph.links)} links between layers"
    else:
        kept = f"{len(links)} links between {sum(layer.places for layer in graph.layers)} groups"
    print(
        f"{graph.vertices} neurons, {graph.edges} edges as {kept}; "
        f"{found.seconds:.1f} s, residual {found.residual:.1e}, id {laid.stored.id}"
    )
    if left:
        print(f"{len(left)} points in time, residual {max(left.values()):.1e} at most")
    if found.softening > _SOFTER * settings.softening:
        print(
            f"The softening is {found.softening:.2g}, not {settings.softening:g}: a grid for less would be too large."
        )
    if found.error > _ROUGH:
        why = "some neurons are too far from the others for its grid"
        print(f"Repulsion is off by {found.error:.0%} in the median: {why}; try a larger --centering or --k.")
    sizes = np.bincount(graph.parts())
    if len(sizes) > 1:
        print(f"It falls into {len(sizes)} parts that no edge joins, {np.sum(sizes == 1)} of them single neurons.")
    if max([found.residual, *left.values()]) > settings.rest:
        print(f"It did not come to rest (residual above {settings.rest:g}); try a larger --softening or a smaller --k.")
    return 0


def _write(file: Path, laid: Laid, statistics: Statistics | None, stages: Stages) -> list[Path]:
    """Write what was asked for as one file; returns the files that it became."""
    if suffix_of(file) != FILM or laid.moving is None:
        return write_layout(file, laid)
    write_animation(
        file, laid.layers, laid.moving, statistics, progress=lambda done, every: stages("drawing frames", done, every)
    )
    return [file]


def _settings(typed: argparse.Namespace) -> LayoutSettings:
    usual = LayoutSettings()
    exponent = usual.exponent if typed.k is None else typed.k
    softening = usual.softening + more_softening(exponent)
    settings = LayoutSettings(
        exponent=exponent,
        centering=usual.centering if typed.centering is None else typed.centering,
        softening=softening if typed.softening is None else typed.softening,
        edges=typed.edges,
        charges=typed.charges,
        balance=usual.balance if typed.balance is None else typed.balance,
        dimensions=typed.dimensions,
        seed=typed.seed,
    )
    settings.check()
    return settings


def _files(typed: argparse.Namespace, ear: Path) -> list[Path]:
    """Files that were asked for, or the map in the folder of the ear; all can be written.

    Raises:
        UserError: one cannot, or is named twice, or there cannot be so many points in time.
    """
    points = typed.time_points
    if points is not None:
        check_points(points)
    files = [Path(name).expanduser().absolute() for name in typed.output] or [ear / MAP]
    taken: set[Path] = set()
    for file in files:
        suffix = suffix_of(file)
        if suffix == ".png":
            need_matplotlib()
        if suffix == FILM:
            need_av()
        for part in files_of(file, points):
            need_file(part)
            if part in taken:
                raise UserError(f"file {str(part)!r}", "is named twice", "name it once", "bad_value")
            taken.add(part)
    return files


def _clip(typed: argparse.Namespace, ear: Ear) -> Clip | None:
    """The loop that the map moves with, if it does.

    Raises:
        UserError: there is none of that name, or the map does not move.
    """
    if typed.time_points is None:
        if typed.clip is None:
            return None
        raise UserError(
            "--clip", "does nothing without points in time", "add --time-points 8, or leave it out", "bad_value"
        )
    library = ClipLibrary((platform.user_clip_dir(),), ear.config.scalogram.sample_rate)
    return library.load(typed.clip or _CLIP, allow_paths=True)


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
