"""A dream as a picture: what was aimed at on the map, the scalograms of source and loop, and how the objective rose."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.offline.outputs import need_suffix
from ear_engine.targets.facts import EarFacts
from ear_engine.targets.terms import Term
from ear_engine.whole_files import made_folder, replacing

if TYPE_CHECKING:
    from ear_engine.offline.dreamed import Dreamed

_PAPER, _INK, _QUIET, _LIT = "#0d0f14", "#e8ecf4", "#3a4256", "#ffb454"
_HERTZ = (50, 100, 200, 500, 1000, 2000, 5000, 10000)
_FAINT = 0.02  # share of the most that a neuron counts, below which it is not shown


def chosen_neurons(terms: tuple[Term, ...], facts: EarFacts) -> NDArray[np.float32]:
    """How much each neuron counts, (neurons,): -1 the most silenced, 1 the most raised, 0 not aimed at.

    That is its share of the largest in its own term, times the term's weight: in a whole layer each neuron has little
    weight, and shall be seen beside a single channel.
    """
    counts = np.zeros(len(facts.index), np.float32)
    for term in terms:
        if term.layer:
            span = facts.index[term.layer].span
            pattern = np.ones(span.stop - span.start, np.float32) if term.pattern is None else term.pattern
            shares = pattern / max(float(np.abs(pattern).max()), 1e-12)
            counts[span] += term.weight * np.where(np.abs(shares) > _FAINT, shares, 0.0)
    return counts / max(float(np.abs(counts).max()), 1e-12)


def need_matplotlib() -> None:
    """Make sure that a picture can be drawn.

    Raises:
        UserError: matplotlib is missing.
    """
    if find_spec("matplotlib") is None:
        mend = "run `pip install matplotlib`, or do without the picture"
        raise UserError("matplotlib, which draws the picture,", "is not installed", mend, "missing_package")


def draw(dreamed: Dreamed, path: Path) -> Path:
    """Write the picture as a PNG; returns ``path``.

    Raises:
        UserError: matplotlib is missing, its name does not end in .png, or the file cannot be written.
    """
    need_suffix(path, ".png")
    need_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 4.2), layout="constrained", facecolor=_PAPER)
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(1, 4, gridspec_kw={"width_ratios": [1, 1.25, 1.25, 0.9]})
    figure.suptitle(dreamed.title, color=_INK, fontsize=11)
    _map(axes[0], dreamed)
    for axis, levels, title in zip(axes[1:3], dreamed.scalograms, ("the source", "the loop"), strict=True):
        _scalogram(axis, levels, title, dreamed)
    _rise(axes[3], dreamed)
    buffer = io.BytesIO()
    canvas.print_png(buffer)  # type: ignore[no-untyped-call]
    made_folder(path.parent)
    with replacing(path) as file:
        file.write(buffer.getvalue())
    return path


def _plain(axis: Any, title: str) -> None:
    axis.set_facecolor(_PAPER)
    axis.set_title(title, color=_INK, fontsize=9)
    axis.tick_params(colors="#9aa3b5", labelsize=7)
    for spine in axis.spines.values():
        spine.set_color(_QUIET)


def _map(axis: Any, dreamed: Dreamed) -> None:
    _plain(axis, "what was aimed at")
    places = dreamed.facts.positions
    weights = chosen_neurons(dreamed.terms, dreamed.facts)
    order = np.argsort(np.abs(weights))
    lit = order[weights[order] != 0]
    axis.scatter(*places.T, s=0.4, color=_QUIET, linewidths=0)
    if len(lit):
        colors = np.where(weights[lit] > 0, _LIT, "#59c2ff")
        axis.scatter(*places[lit].T, s=3.0, c=colors, alpha=0.35 + 0.65 * np.abs(weights[lit]), linewidths=0)
    else:
        axis.text(0.5, 0.5, "the whole ear", color=_LIT, ha="center", fontsize=9)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)


def _scalogram(axis: Any, levels: NDArray[np.float32], title: str, dreamed: Dreamed) -> None:
    _plain(axis, title)
    bins = levels.shape[1]
    axis.imshow(
        levels.T, origin="lower", aspect="auto", cmap="magma", vmin=0.2, vmax=1.0, extent=(0, dreamed.beats, 0, bins)
    )
    layer = dreamed.facts.index.layers[0].name
    centers = np.asarray(dreamed.facts.frequencies.get(layer, ())[:bins])
    if len(centers) == bins:
        inside = [hertz for hertz in _HERTZ if centers[0] <= hertz <= centers[-1]]
        axis.set_yticks(
            np.interp(np.log(inside), np.log(centers), np.arange(bins) + 0.5),
            [f"{hertz / 1000:g}k" if hertz >= 1000 else str(hertz) for hertz in inside],
        )
    axis.set_xlabel("beats", color="#9aa3b5", fontsize=8)


def _rise(axis: Any, dreamed: Dreamed) -> None:
    _plain(axis, f"objective ({dreamed.unit})" if dreamed.unit else "objective")
    steps = len(dreamed.objective)
    if steps > 1:
        width = max(1, steps // 32)
        kernel = np.ones(width) / width
        smooth = np.convolve(np.pad(dreamed.objective, (width - 1, 0), mode="edge"), kernel, mode="valid")
        axis.plot(dreamed.objective, color=_QUIET, linewidth=0.7)
        axis.plot(smooth, color=_LIT, linewidth=1.6)
    axis.set_xlabel("steps", color="#9aa3b5", fontsize=8)
