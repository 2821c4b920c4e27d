"""Which neurons are meant: under the cursor, in a box, in a lasso, along a brush stroke. All in the map's coordinates.

Neurons are sorted into the cells of a grid once a map; row after row, so that a strip of the map is one run of them.
What the cells leave is decided exactly.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.intp]
"""Of neurons, rising."""
_CELL = 4  # neurons, on average
_MOST = 250  # cells a side: their numbers fit into 16 bits, which are sorted fastest


class Picker:
    """Finds neurons by place.

    Args:
        positions: (neurons, 2 or 3), the first two of which are seen.
    """

    def __init__(self, positions: NDArray[np.floating]) -> None:
        self._places = np.asarray(positions[:, :2], np.float64)
        count = len(self._places)
        self._side = min(max(round(math.sqrt(count / _CELL)), 1), _MOST)
        low = self._places.min(axis=0) if count else np.zeros(2)
        extent = self._places.max(axis=0) - low if count else np.ones(2)
        self._low, self._cells = low, self._side / np.maximum(extent, 1e-9)
        column, row = self._cell(self._places).T
        numbers = (row * self._side + column).astype(np.uint16)
        self._order = np.argsort(numbers, kind="stable")
        counts = np.bincount(numbers, minlength=self._side * self._side)
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._sorted = self._places[self._order]

    def nearest(self, point: ArrayLike, radius: float) -> int | None:
        """The neuron nearest to a point, at most ``radius`` away; of several as near the first."""
        center = np.asarray(point, np.float64)
        found = self._near(center - radius, center + radius)
        if not len(found):
            return None
        away = ((self._places[found] - center) ** 2).sum(axis=1)
        least = int(away.argmin())
        return int(found[away == away[least]].min()) if away[least] <= radius * radius else None

    def in_box(self, start: ArrayLike, end: ArrayLike) -> Numbers:
        """Neurons between two corners, edges included."""
        low, high = np.minimum(start, end), np.maximum(start, end)
        found = self._near(low, high)
        places = self._places[found]
        return np.sort(found[((places >= low) & (places <= high)).all(axis=1)])

    def in_polygon(self, corners: ArrayLike) -> Numbers:
        """Neurons inside a polygon, (corners, 2), closed by itself; where it crosses itself, inside is where the number
        of its edges to the right is odd."""
        points = np.asarray(corners, np.float64).reshape(-1, 2)
        inside = np.zeros(len(self._order), bool)
        for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
            low, high = min(y0, y1), max(y0, y1)
            run = self._rows(low, high)
            x, y = self._sorted[run, 0], self._sorted[run, 1]
            if low < high:
                inside[run] ^= (y >= low) & (y < high) & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
        return np.sort(self._order[inside])

    def near_path(self, path: ArrayLike, radius: float) -> Numbers:
        """Neurons at most ``radius`` away from a path, (points, 2): what a round brush has touched."""
        points = np.asarray(path, np.float64).reshape(-1, 2)
        touched = np.zeros(len(self._places), bool)
        starts, ends = (points, points) if len(points) == 1 else (points[:-1], points[1:])
        for start, end in zip(starts, ends, strict=True):
            found = self._near(np.minimum(start, end) - radius, np.maximum(start, end) + radius)
            along, away = end - start, self._places[found] - start
            share = np.clip(away @ along / max(float(along @ along), 1e-300), 0.0, 1.0)
            rest = away - share[:, None] * along
            touched[found[(rest * rest).sum(axis=1) <= radius * radius]] = True
        return np.flatnonzero(touched)

    def _cell(self, places: NDArray[np.float64]) -> NDArray[np.intp]:
        """Column and row, those outside the grid at its rim."""
        return np.clip(np.floor((places - self._low) * self._cells), 0, self._side - 1).astype(np.intp)

    def _rows(self, low: float, high: float) -> slice:
        """The run, in sorted order, of the rows that have what lies between two heights."""
        _, (first, last) = self._cell(np.array([(0.0, low), (0.0, high)])).T
        return slice(int(self._starts[first * self._side]), int(self._starts[(last + 1) * self._side]))

    def _near(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> Numbers:
        """Neurons of all cells that a box touches, row after row."""
        (left, first), (right, last) = self._cell(np.stack([low, high]))
        rows = np.arange(first, last + 1) * self._side
        runs = zip(self._starts[rows + left], self._starts[rows + right + 1], strict=True)
        return np.concatenate([self._order[start:end] for start, end in runs])
