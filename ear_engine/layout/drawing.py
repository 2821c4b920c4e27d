"""Pictures of a map: dots on a dark ground, one color a layer, four colors in turn as in the paper."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ear_engine.layout.graph import VertexLayer

COLORS = ("#1e90ff", "#e0b010", "#c83214", "#239023")
GROUND = "#000000"
MARGIN = 0.03  # of the picture's side
_SIDE = 1600  # pixels of one map
_SMALLEST = 300  # pixels of one of several
_COVERED = 0.13  # share of the ground that dots would cover if they lay evenly
_LARGEST = 0.004  # radius of a dot, of the side


def draw_png(layers: Sequence[VertexLayer], positions: NDArray[np.float32], side: int = _SIDE) -> bytes:
    """A PNG of ``side`` pixels square; of positions in space, a view along their third axis, the near ones on top."""
    return draw_sheet(layers, positions[None], side)


def draw_sheet(layers: Sequence[VertexLayer], snapshots: NDArray[np.float32], side: int | None = None) -> bytes:
    """A PNG of several maps, (times, vertices, 2 or 3), row by row from the top left.

    Args:
        layers: of the vertices.
        snapshots: of them.
        side: pixels of each map; if None, so many that all of them are about as large as one alone.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = len(snapshots)
    columns = math.ceil(math.sqrt(count))
    rows = -(-count // columns)
    side = max(_SMALLEST, 2 * _SIDE // (columns + 1)) if side is None else side
    inches = side / 100
    figure = Figure(figsize=(columns * inches, rows * inches), dpi=100, facecolor=GROUND)
    canvas = FigureCanvasAgg(figure)
    points = (2.0 * dot_radius(snapshots.shape[1]) * inches * 72) ** 2
    colors = _colors(layers)
    for number, positions in enumerate(snapshots):
        row, column = divmod(number, columns)
        axes = figure.add_axes((column / columns, 1.0 - (row + 1) / rows, 1.0 / columns, 1.0 / rows))
        order = np.argsort(positions[:, 2], kind="stable") if positions.shape[1] == 3 else slice(None)
        axes.scatter(positions[order, 0], positions[order, 1], s=points, c=colors[order], linewidths=0)
        axes.set_xlim(-MARGIN, 1.0 + MARGIN)
        axes.set_ylim(-MARGIN, 1.0 + MARGIN)
        axes.axis("off")
    buffer = io.BytesIO()
    canvas.print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def draw_svg(layers: Sequence[VertexLayer], positions: NDArray[np.float32]) -> bytes:
    """An SVG: one path a layer, named after it, of lines without length whose round ends are the dots."""
    places = np.round((np.stack([positions[:, 0], 1.0 - positions[:, 1]], axis=1) + MARGIN) * 1000.0, 2)
    size = 1000.0 * (1.0 + 2.0 * MARGIN)
    width = 2000.0 * dot_radius(len(positions))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size:g} {size:g}">',
        f'<rect width="{size:g}" height="{size:g}" fill="{GROUND}"/>',
        f'<g fill="none" stroke-width="{width:.3g}" stroke-linecap="round">',
    ]
    for number, layer in enumerate(layers):
        dots = "".join(f"M{x:g} {y:g}h0" for x, y in places[layer.span])
        parts.append(f'<path id="{layer.name}" stroke="{COLORS[number % len(COLORS)]}" d="{dots}"/>')
    return "\n".join([*parts, "</g>", "</svg>", ""]).encode()


def dot_radius(count: int) -> float:
    """Of a dot, as a share of the side."""
    return min(_LARGEST, float(np.sqrt(_COVERED / (np.pi * max(count, 1)))))


def _colors(layers: Sequence[VertexLayer]) -> NDArray[np.str_]:
    return np.concatenate([np.full(layer.vertices, COLORS[k % len(COLORS)]) for k, layer in enumerate(layers)])
