"""The measurement as pictures. Needs matplotlib (extra ``train``)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ear_engine.evaluation.pictures import require_matplotlib
from ear_engine.quality.corpus_ranges import JUDGED
from ear_engine.quality.report import Results

_COLORS = {"beat": "#d9a441", "noise": "#4a7fb5", "silence": "#2f6b4f"}


def draw_pictures(results: Results, folder: Path) -> list[Path]:
    """Write ``quality_layers_EAR.png`` for each ear and ``quality_robustness_EAR.png``.

    Raises:
        UserError: matplotlib is missing.
    """
    require_matplotlib()
    folder.mkdir(parents=True, exist_ok=True)
    ears = list(dict.fromkeys(row.ear for row in results.layers))
    written = [_layers(results, ear, folder / f"quality_layers_{ear}.png") for ear in ears]
    written += [_robustness(results, ear, folder / f"quality_robustness_{ear}.png") for ear in results.robustness]
    return written


def _layers(results: Results, ear: str, path: Path) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = [row for row in results.layers if row.ear == ear]
    layers = list(dict.fromkeys(row.layer for row in rows))
    figure = Figure(figsize=(11, 8.5), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(3, 2).ravel()
    for source in dict.fromkeys(row.source for row in rows):
        mine = {row.layer: row for row in rows if row.source == source}
        at = [k for k, layer in enumerate(layers) if layer in mine]
        shown = [mine[layers[k]] for k in at]
        style = {"color": _COLORS.get(source, "0.4"), "marker": ".", "lw": 1, "label": source}
        axes[0].plot(at, [row.after.beyond for row in shown], **style)
        axes[1].plot(at, [row.change.correlation for row in shown], **style)
        for axis, name in zip(axes[2:], JUDGED, strict=True):
            axis.plot(at, [getattr(row.descriptors, name) for row in shown], **style)
    axes[0].axhline(1.0, color="0.3", lw=0.8, ls="--")
    axes[0].set_title("strength: 1 is music's 99.9th percentile", fontsize=9)
    axes[1].set_title("seconds until the change is half unlike itself", fontsize=9)
    axes[1].set_yscale("log")
    for axis, name in zip(axes[2:], JUDGED, strict=True):
        axis.axhspan(*results.ranges.span(name), color="0.9", zorder=0)
        axis.set_title(f"{name.replace('_', ' ')}; gray: 90 % of music", fontsize=9)
    axes[0].legend(fontsize=7)
    for axis in axes:
        axis.set_xticks(
            range(len(layers)), layers if axis in axes[-2:] else [""] * len(layers), rotation=90, fontsize=6
        )
        axis.tick_params(axis="y", labelsize=7)
    figure.suptitle(f"dreams of every layer of {ear}, default settings", fontsize=10)
    canvas.print_png(path)  # type: ignore[no-untyped-call]
    return path


def _robustness(results: Results, ear: str, path: Path) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = results.robustness[ear]
    kinds = list(rows[0].kept)
    figure = Figure(figsize=(8, 0.9 + 0.28 * len(rows)), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    shares = np.array([[row.kept[kind] for kind in kinds] for row in rows])
    axes.imshow(shares, cmap="YlGn", vmin=0, vmax=1, aspect="auto")
    for (y, x), share in np.ndenumerate(shares):
        axes.text(x, y, f"{share:.0%}", ha="center", va="center", fontsize=7)
    axes.set_xticks(range(len(kinds)), kinds, fontsize=7)
    axes.set_yticks(range(len(rows)), [f"{row.name} (gain {row.gain:.2f})" for row in rows], fontsize=7)
    axes.set_title(f"share of the gain that survives, {ear}", fontsize=9)
    canvas.print_png(path)  # type: ignore[no-untyped-call]
    return path
