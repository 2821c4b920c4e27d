"""Places that move: the last two sets of them on the graphics card, and how far it is from one to the other."""

from __future__ import annotations

import moderngl
import numpy as np
from numpy.typing import NDArray

_LONGEST = 1.0  # seconds from one set to the next; a map that stood still longer than that starts at once


class MovingPlaces:
    """Two buffers of places, replaced at the rate of the map, read together with :attr:`morph` every frame.

    Args:
        context: of GL.
        places: (n, 2) float32.
    """

    def __init__(self, context: moderngl.Context, places: NDArray[np.float32]) -> None:
        self._here = np.ascontiguousarray(places, np.float32)
        self._there = self._here
        self._began, self._lasts = 0.0, 0.0
        data = self._here.tobytes()
        self.now, self.before = context.buffer(data, dynamic=True), context.buffer(data, dynamic=True)
        self.morph = 1.0

    def move(self, places: NDArray[np.float32], now: float) -> None:
        """Set out from where everything is drawn for other places; they are reached when the next set is due.

        Raises:
            ValueError: there are more or fewer of them.
        """
        if places.shape != self._there.shape:
            raise ValueError(f"places of the shape {places.shape} are not those of before, {self._there.shape}")
        since = now - self._began
        self.advance(now)
        self._here = self._here + np.float32(self.morph) * (self._there - self._here)
        self._there = np.array(places, np.float32, order="C")
        self._lasts = since if 0.0 < since <= _LONGEST else 0.0
        self._began = now
        for buffer, values in ((self.before, self._here), (self.now, self._there)):
            buffer.orphan()
            buffer.write(values)
        self.advance(now)

    def advance(self, now: float) -> None:
        """Set :attr:`morph` to that of a time."""
        self.morph = min(max((now - self._began) / self._lasts, 0.0), 1.0) if self._lasts > 0.0 else 1.0

    def at(self, number: int) -> NDArray[np.float32]:
        """Where one of them is now, (2,)."""
        here, there = self._here[number], self._there[number]
        return np.asarray(here + np.float32(self.morph) * (there - here), np.float32)

    def release(self) -> None:
        """Give the buffers back."""
        self.now.release()
        self.before.release()
