"""Where on the screen a map can have light: tiles of pixels near neurons and links. All else is left as it is.

Half of a fitted map is empty, and passes over all pixels are what a processor that plays graphics card is slow at.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ear_engine.viewer.camera import Camera

TILE = 8
"""Pixels a side."""
_CELLS = 160  # a side, into which the map is divided
_FAR = 24  # tiles around a cell; beyond that the cells are too large on the screen to be of use

Boxes = NDArray[np.float32]
"""(n, 4): left, bottom, right, top, shares of the framebuffer's sides; they do not overlap."""
WHOLE: Boxes = np.array([[0.0, 0.0, 1.0, 1.0]], np.float32)
"""Of everything."""


class LitPlaces:
    """The cells of a map that have something that shines.

    Args:
        places: of neurons, (n, 2).
        curves: points of the links' curves, (links, points, 2).
    """

    def __init__(self, places: NDArray[np.floating], curves: NDArray[np.floating]) -> None:
        everything = np.concatenate([places.reshape(-1, 2), curves.reshape(-1, 2)]).astype(np.float64)
        low, high = (everything.min(axis=0), everything.max(axis=0)) if len(everything) else (np.zeros(2), np.ones(2))
        self._low, self._cell = low, max(float((high - low).max()), 1e-6) / _CELLS
        self._neurons = self._cells(places)
        self._links = self._cells(_dense(curves, self._cell))

    def boxes(self, camera: Camera, neurons: float, links: float | None) -> Boxes:
        """What is to be drawn.

        Args:
            camera: what is seen.
            neurons: how far their light reaches, pixels.
            links: how far theirs does, pixels; None if they are not drawn.
        """
        ratio = camera.pixel_ratio
        width, height = round(camera.width * ratio), round(camera.height * ratio)
        columns, rows = -(-width // TILE), -(-height // TILE)
        lit = np.zeros((rows, columns), bool)
        half = self._cell * camera.scale * ratio * math.sqrt(0.5)
        for cells, reach in ((self._neurons, neurons), (self._links, links)):
            if reach is None:
                continue
            around = math.ceil((reach + half) / TILE)
            if around > _FAR:
                return WHOLE
            if len(cells):
                at = camera.to_screen(cells) * ratio
                at[:, 1] = height - at[:, 1]
                lit |= _around(np.floor(at / TILE).astype(np.intp), (columns, rows), around)
        return _boxes(lit) * np.array([TILE / width, TILE / height] * 2, np.float32)

    def _cells(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        lit = np.zeros((_CELLS + 1, _CELLS + 1), bool)
        at = ((places - self._low) / self._cell).astype(np.intp)
        lit[at[:, 0], at[:, 1]] = True
        return self._low + (np.argwhere(lit) + 0.5) * self._cell


def _dense(curves: NDArray[np.floating], step: float) -> NDArray[np.float64]:
    """Points on lines, at most so far apart, (n, 2)."""
    if not curves.size:
        return np.zeros((0, 2))
    longest = float(np.abs(np.diff(curves, axis=1)).max(initial=0.0))
    between = np.linspace(0.0, 1.0, max(2, min(1 + math.ceil(longest / step), 64)))[:, None, None, None]
    return (curves[:, :-1] + between * np.diff(curves, axis=1)).reshape(-1, 2)


def _around(at: NDArray[np.intp], size: tuple[int, int], reach: int) -> NDArray[np.bool_]:
    """Tiles at most ``reach`` away from one of some tiles (column, row): (rows, columns)."""
    columns, rows = size
    near = ((at >= -reach) & (at < np.array(size) + reach)).all(axis=1)
    marked = np.zeros((rows + 2 * reach, columns + 2 * reach), np.int32)
    marked[at[near, 1] + reach, at[near, 0] + reach] = 1
    for axis in (0, 1):
        sums = np.cumsum(np.pad(marked, [(1, 0) if one == axis else (0, 0) for one in (0, 1)]), axis=axis)
        wide = 2 * reach + 1
        marked = (
            np.take(sums, range(wide, sums.shape[axis]), axis) > np.take(sums, range(sums.shape[axis] - wide), axis)
        ).astype(np.int32)
    return marked > 0


def _boxes(lit: NDArray[np.bool_]) -> Boxes:
    """Runs of tiles, row by row, equal ones of neighboring rows as one: in tiles."""
    found: list[list[int]] = []
    last: dict[tuple[int, int], list[int]] = {}
    for row, tiles in enumerate(lit):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], tiles, [False]]))).reshape(-1, 2)
        now: dict[tuple[int, int], list[int]] = {}
        for start, end in edges.tolist():
            box = last.get((start, end))
            if box is None:
                box = [start, row, end, row + 1]
                found.append(box)
            box[3] = row + 1
            now[start, end] = box
        last = now
    return np.array(found, np.float32).reshape(-1, 4)
