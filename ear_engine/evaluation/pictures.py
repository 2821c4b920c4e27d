"""Results as pictures: bars of accuracy for every probe, and confusion matrices. Needs matplotlib (extra ``train``)."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ear_engine.errors import UserError
from ear_engine.evaluation.results import Results

_COLORS = {
    "guess": "0.75", "hand": "#d9a441", "untrained": "#b0a8b9", "supervised": "#4a7fb5", "ear": "#2f6b4f",
    "predictions": "#7fb069",
}  # fmt: skip
_ROWS_OF_LETTERS = 20  # classes whose names fit beside a matrix


def require_matplotlib() -> None:
    """Say so at once where matplotlib is missing.

    Raises:
        UserError: it is.
    """
    if find_spec("matplotlib") is None:
        mend = "run `pip install 'ear-engine[train]'`, or leave --out away"
        raise UserError("matplotlib, which draws the pictures,", "is not installed", mend, "missing_package")


def draw_pictures(results: Results, folder: Path) -> list[Path]:
    """Write ``bars.png`` and ``confusion_PROBE_EAR.png`` for every ear's c.

    Raises:
        UserError: matplotlib is missing.
    """
    require_matplotlib()
    folder.mkdir(parents=True, exist_ok=True)
    written = [_bars(results, folder / "bars.png")]
    classes = {facts.name: facts.classes for facts in results.probes}
    for (probe, label), counts in results.confusions.items():
        name = re.sub(r"[^a-z0-9]+", "_", f"confusion_{probe}_{label.removesuffix(': c')}".lower())
        written.append(_confusion(counts, classes[probe], f"{probe}, {label}", folder / f"{name}.png"))
    return written


def _bars(results: Results, path: Path) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [facts.name for facts in results.probes]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    longest = max(len(results.of(name)) for name in names)
    figure = Figure(figsize=(5.2 * columns, rows * (0.8 + 0.2 * longest)), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    for number, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, number + 1)
        shown = results.of(name)[::-1]
        values = np.array([row.score.accuracy.value for row in shown])
        ends = np.array([[row.score.accuracy.low, row.score.accuracy.high] for row in shown])
        errors = np.abs(ends - values[:, None]).T
        colors = [_COLORS[row.kind] for row in shown]
        axes.barh(range(len(shown)), values, xerr=errors, color=colors, error_kw={"lw": 0.8, "ecolor": "0.3"})
        axes.set_yticks(range(len(shown)), [row.label for row in shown], fontsize=6)
        axes.set_xlim(0, 1)
        axes.tick_params(axis="x", labelsize=6)
        axes.set_title(name, fontsize=9)
    figure.supxlabel("accuracy, 95 % interval", fontsize=8)
    canvas.print_png(path)  # type: ignore[no-untyped-call]
    return path


def _confusion(
    counts: np.ndarray[tuple[int, int], np.dtype[np.int64]], classes: tuple[str, ...], title: str, path: Path
) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size = max(3.0, 1.6 + 0.28 * len(classes))
    figure = Figure(figsize=(size + 0.8, size), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap="magma_r", vmin=0, vmax=1)
    if len(classes) <= _ROWS_OF_LETTERS:
        short = [name.rsplit("/", 1)[-1][:18] for name in classes]
        axes.set_xticks(range(len(classes)), short, rotation=90, fontsize=6)
        axes.set_yticks(range(len(classes)), short, fontsize=6)
        for true in range(len(classes)):
            for given in range(len(classes)):
                if counts[true, given]:
                    color = "white" if shares[true, given] > 0.5 else "black"
                    axes.text(given, true, str(counts[true, given]), ha="center", va="center", fontsize=5, color=color)
    axes.set_xlabel("heard as", fontsize=7)
    axes.set_ylabel("is", fontsize=7)
    axes.set_title(title, fontsize=8)
    canvas.print_png(path)  # type: ignore[no-untyped-call]
    return path
