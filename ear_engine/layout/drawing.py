"""Pictures of a map: dots on a dark ground, one color a layer, four colors in turn as in the paper."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ear_engine.layout.graph import VertexLayer

COLORS = ("#1e90ff", "#e0b010", "#c83214", "#239023")
GROUND = "#000000"
_MARGIN = 0.03  # of the picture's side
_SIDE = 1600  # pixels
_COVERED = 0.13  # share of the ground that dots would cover if they lay evenly
_LARGEST = 0.004  # radius of a dot, of the side


def draw_png(layers: Sequence[VertexLayer], positions: NDArray[np.float32], side: int = _SIDE) -> bytes:
    """A PNG of ``side`` pixels square; of positions in space, a view along their third axis, the near ones on top."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    inches = side / 100
    figure = Figure(figsize=(inches, inches), dpi=100, facecolor=GROUND)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    points = (2.0 * dot_radius(len(positions)) * inches * 72) ** 2
    order = np.argsort(positions[:, 2], kind="stable") if positions.shape[1] == 3 else slice(None)
    axes.scatter(positions[order, 0], positions[order, 1], s=points, c=_colors(layers)[order], linewidths=0)
    axes.set_xlim(-_MARGIN, 1.0 + _MARGIN)
    axes.set_ylim(-_MARGIN, 1.0 + _MARGIN)
    axes.axis("off")
    buffer = io.BytesIO()
    canvas.print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def draw_svg(layers: Sequence[VertexLayer], positions: NDArray[np.float32]) -> bytes:
    """An SVG: one path a layer, named after it, of lines without length whose round ends are the dots."""
    places = np.round((np.stack([positions[:, 0], 1.0 - positions[:, 1]], axis=1) + _MARGIN) * 1000.0, 2)
    size = 1000.0 * (1.0 + 2.0 * _MARGIN)
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
