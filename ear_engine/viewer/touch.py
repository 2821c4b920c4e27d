"""Neurons that are touched: what a click, a box, a lasso and a brush take in, and when it is sent."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ear_engine.viewer.gestures import Action, Area, Pick, Stroke, StrokeEnd

_EVERY = 0.03  # seconds between two sendings while the brush is down
_REACH = 14.0  # units of the window that a click may miss a neuron by
_REMEMBERED = 200

Places = NDArray[np.intp]


class Finder(Protocol):
    """Finds neurons on the screen, whose places are in units of the window."""

    def nearest(self, x: float, y: float, reach: float) -> int:
        """The neuron there, at most ``reach`` away; -1 if there is none."""

    def inside(self, corners: NDArray[np.float64]) -> Places:
        """Numbers of the neurons in a polygon, (corners, 2)."""

    def along(self, start: tuple[float, float], end: tuple[float, float], radius: float) -> Places:
        """Numbers of the neurons that a brush of this radius touches on its way."""


class Touch:
    """The neurons that are selected.

    Args:
        send: sends them to the engine; returns how many.
        clock: seconds.
    """

    def __init__(self, send: Callable[[Iterable[int]], int], clock: Callable[[], float] = time.perf_counter) -> None:
        self._send = send
        self._clock = clock
        self._chosen: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._since: float | None = None  # when a hand did what has not been sent yet
        self.sent = -1e9
        """When neurons were sent last."""
        self._weights: NDArray[np.float32] | None = None
        self._lifted = True
        self.delays: deque[float] = deque(maxlen=_REMEMBERED)
        """Milliseconds from hand to sent, of the last messages."""

    @property
    def count(self) -> int:
        """How many are selected."""
        return int(self._chosen.sum())

    @property
    def weights(self) -> NDArray[np.float32] | None:
        """(neurons,), 1 for those that are selected, the same object until they are others; None if none is."""
        return self._weights

    def clear(self, neurons: int | None = None) -> None:
        """Select nothing; of so many neurons from now on."""
        self._chosen = np.zeros(len(self._chosen) if neurons is None else neurons, np.bool_)
        self._weights, self._since = None, None

    def take(self, action: Action, finder: Finder, at: float) -> None:
        """Select what ``action`` means; others than selections mean nothing.

        Args:
            action: of a hand.
            finder: of the neurons as they are on the screen now.
            at: seconds at which the hand did it.
        """
        if isinstance(action, Pick):
            found = finder.nearest(action.x, action.y, _REACH)
            if found >= 0:
                self._choose(np.array([found], np.intp), action.add, at)
        elif isinstance(action, Area):
            found_inside = finder.inside(np.asarray(action.points, np.float64))
            if len(found_inside):
                self._choose(found_inside, action.add, at)
        elif isinstance(action, Stroke):
            self._lifted = False
            self._choose(finder.along(action.start, action.end, action.radius), not action.begins, at)
        elif isinstance(action, StrokeEnd):
            self._lifted = True

    def turn(self) -> None:
        """Send what is due: at once, but while the brush is down not more often than a network likes."""
        at = self._clock()
        if self._since is None or (not self._lifted and at - self.sent < _EVERY):
            return
        if self._chosen.any():
            self._send(np.flatnonzero(self._chosen).tolist())
            self.delays.append(1000.0 * (self._clock() - self._since))
            self.sent = at
        self._since = None

    def _choose(self, found: Places, add: bool, at: float) -> None:
        before = self._chosen
        chosen = before.copy() if add else np.zeros_like(before)
        chosen[found[found < len(chosen)]] = True
        if not (chosen != before).any():
            return
        self._chosen = chosen
        self._weights = chosen.astype(np.float32) if chosen.any() else None
        self._since = at if self._since is None else self._since
