"""Neurons by where they are on the screen: the camera between the picker's map and the window's units."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from ear_engine.viewer.camera import Camera
from ear_engine.viewer.picking import Picker

_EVERY = 0.25  # seconds between two looks at a map that moves


class ScreenFinder:
    """See :class:`ear_engine.viewer.touch.Finder`.

    Args:
        camera: that looks at the map.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._positions: NDArray[np.float32] | None = None
        self._picker: Picker | None = None
        self._sorted = -1e9

    def place(self, positions: NDArray[np.float32]) -> None:
        """Where the neurons are now, (neurons, 2 or 3)."""
        at = time.perf_counter()
        before = self._positions
        if positions is before or (before is not None and len(before) == len(positions) and at - self._sorted < _EVERY):
            return
        self._positions, self._sorted = positions, at
        self._picker = Picker(positions)

    def nearest(self, x: float, y: float, reach: float) -> int:
        """The neuron there, at most ``reach`` away; -1 if there is none."""
        if self._picker is None:
            return -1
        found = self._picker.nearest(self._camera.to_world((x, y)), reach / self._camera.scale)
        return -1 if found is None else found

    def inside(self, corners: NDArray[np.float64]) -> NDArray[np.intp]:
        """Numbers of the neurons in a polygon, (corners, 2)."""
        if self._picker is None:
            return np.zeros(0, np.intp)
        return self._picker.in_polygon(self._camera.to_world(corners))

    def along(self, start: tuple[float, float], end: tuple[float, float], radius: float) -> NDArray[np.intp]:
        """Numbers of the neurons that a brush of this radius touches on its way."""
        if self._picker is None:
            return np.zeros(0, np.intp)
        return self._picker.near_path(self._camera.to_world((start, end)), radius / self._camera.scale)
