"""A camera over the map: what is seen, where it is on the screen, and smooth flights from one view to another.

World coordinates are those of the map, y upward. Screen coordinates are a window's, in its own units from the top left,
y downward; on HiDPI screens a unit is several pixels, and only :meth:`Camera.matrix` and the viewport know of pixels.
Flights take the optimal path of van Wijk and Nuij (Smooth and efficient zooming and panning, 2003): out, over, in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MARGIN = 0.06  # of the shorter side, on both sides of what is fitted
_ZOOMS = 0.05, 2000.0  # least and most
_SMALLEST = 1e-3  # of the map that is fitted to
_RHO = 1.3  # how far flights zoom out on their way; the square root of 2 is what people chose
_FLIGHT = 0.8  # seconds


@dataclass(frozen=True)
class View:
    """What is seen.

    Args:
        center: in the map, in the middle of the screen.
        zoom: at 1 the shorter side of the screen is 1 long in the map.
        rotation: of the picture, radians, counterclockwise.
    """

    center: tuple[float, float] = (0.5, 0.5)
    zoom: float = 1.0
    rotation: float = 0.0


class Camera:
    """A view on a screen, and the way to the next one.

    Args:
        width, height: of the screen, in its units; 0 counts as 1.
        pixel_ratio: pixels a unit.
    """

    def __init__(self, width: float, height: float, pixel_ratio: float = 1.0) -> None:
        self._view = View(zoom=1.0 / (1.0 + 2.0 * _MARGIN))
        self._flight: tuple[Callable[[float], View], float, float] | None = None
        self.resize(width, height, pixel_ratio)

    def resize(self, width: float, height: float, pixel_ratio: float = 1.0) -> None:
        """Another size of the screen; the view stays."""
        self.width, self.height = max(float(width), 1.0), max(float(height), 1.0)
        self.pixel_ratio = pixel_ratio

    @property
    def view(self) -> View:
        """What is seen now; setting it ends a flight."""
        return self._view

    @view.setter
    def view(self, view: View) -> None:
        self._flight = None
        self._view = replace(view, zoom=min(max(view.zoom, _ZOOMS[0]), _ZOOMS[1]))

    @property
    def scale(self) -> float:
        """Units of the screen a unit of the map."""
        return self._view.zoom * min(self.width, self.height)

    @property
    def flying(self) -> bool:
        """Whether it is on its way."""
        return self._flight is not None

    def to_screen(self, points: ArrayLike) -> NDArray[np.float64]:
        """Places on the screen, (..., 2), of places in the map, (..., 2)."""
        away = np.asarray(points, np.float64)[..., :2] - self._view.center
        cosine, sine = math.cos(self._view.rotation) * self.scale, math.sin(self._view.rotation) * self.scale
        x = cosine * away[..., 0] - sine * away[..., 1] + self.width / 2
        y = self.height / 2 - (sine * away[..., 0] + cosine * away[..., 1])
        return np.stack([x, y], axis=-1)

    def to_world(self, points: ArrayLike) -> NDArray[np.float64]:
        """Places in the map, (..., 2), of places on the screen, (..., 2)."""
        places = np.asarray(points, np.float64)
        right, up = (places[..., 0] - self.width / 2) / self.scale, (self.height / 2 - places[..., 1]) / self.scale
        cosine, sine = math.cos(self._view.rotation), math.sin(self._view.rotation)
        center = self._view.center
        return np.stack([cosine * right + sine * up + center[0], cosine * up - sine * right + center[1]], axis=-1)

    def box(self, start: ArrayLike, end: ArrayLike) -> NDArray[np.float64]:
        """Corners in the map, (4, 2), of a box drawn on the screen between two places."""
        (x0, y0), (x1, y1) = np.asarray(start, np.float64), np.asarray(end, np.float64)
        return self.to_world([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

    def matrix(self) -> NDArray[np.float32]:
        """Map to clip coordinates: (2, 3), of which the last column is added."""
        cosine, sine = math.cos(self._view.rotation) * self.scale, math.sin(self._view.rotation) * self.scale
        turn = np.array([[cosine, -sine], [sine, cosine]]) * 2.0 / np.array([[self.width], [self.height]])
        return np.concatenate([turn, -turn @ np.asarray(self._view.center)[:, None]], axis=1).astype(np.float32)

    def pan(self, right: float, down: float) -> None:
        """Drag the map by so much of the screen."""
        start, end = self.to_world([(0.0, 0.0), (right, down)])
        x, y = np.asarray(self._view.center) + start - end
        self.view = replace(self._view, center=(float(x), float(y)))

    def zoom_at(self, point: ArrayLike, factor: float) -> None:
        """Zoom by a factor; what lies under the point on the screen stays there."""
        self._about(point, lambda view: replace(view, zoom=view.zoom * factor))

    def rotate(self, angle: float, point: ArrayLike | None = None) -> None:
        """Turn the picture by radians, counterclockwise, about a point on the screen (its middle by default)."""
        middle = (self.width / 2, self.height / 2)
        self._about(middle if point is None else point, lambda view: replace(view, rotation=view.rotation + angle))

    def fitted(self, points: ArrayLike) -> View:
        """The view that has all of some places of the map, (n, 2 or more), as large as they can be; the rotation stays.

        Without any, the whole map.
        """
        places = np.asarray(points, np.float64).reshape(-1, np.shape(points)[-1] if np.size(points) else 2)[:, :2]
        if not len(places):
            places = np.array([(0.0, 0.0), (1.0, 1.0)])
        cosine, sine = math.cos(self._view.rotation), math.sin(self._view.rotation)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        turned = places @ turn.T
        low, high = turned.min(axis=0), turned.max(axis=0)
        extent = np.maximum(high - low, _SMALLEST)
        shorter = min(self.width, self.height)
        room = np.array([self.width, self.height]) - 2.0 * _MARGIN * shorter
        x, y = (low + high) / 2 @ turn
        zoom = float((room / extent).min()) / shorter
        return View((float(x), float(y)), min(max(zoom, _ZOOMS[0]), _ZOOMS[1]), self._view.rotation)

    def fly_to(self, view: View, now: float, seconds: float = _FLIGHT) -> None:
        """Set out for a view; whatever moves the camera meanwhile ends the flight.

        Args:
            view: to arrive at.
            now: seconds, of the clock that :meth:`advance` goes by.
            seconds: it takes; 0 is at once.
        """
        if seconds <= 0.0:
            self.view = view
            return
        self._flight = _path(self._view, view), now, seconds

    def advance(self, now: float) -> None:
        """Go on with a flight; nothing without one."""
        if self._flight is None:
            return
        path, start, seconds = self._flight
        share = min(max((now - start) / seconds, 0.0), 1.0)
        self._view = path(share * share * (3.0 - 2.0 * share))
        if share == 1.0:
            self._flight = None

    def _about(self, point: ArrayLike, change: Callable[[View], View]) -> None:
        before = self.to_world(point)
        self.view = change(self._view)
        x, y = np.asarray(self._view.center) + before - self.to_world(point)
        self.view = replace(self._view, center=(float(x), float(y)))


def _path(start: View, end: View) -> Callable[[float], View]:
    """Views from 0 to 1 along the optimal path; widths are those of what is seen."""
    first, last = 1.0 / start.zoom, 1.0 / end.zoom
    away = np.asarray(end.center) - start.center
    distance = float(np.hypot(*away))
    turn = math.remainder(end.rotation - start.rotation, 2.0 * math.pi)
    if distance < 1e-6 * min(first, last):
        length, at = math.log(last / first), None
    else:
        difference = last * last - first * first
        far = _RHO**4 * distance * distance
        b0 = (difference + far) / (2.0 * first * _RHO**2 * distance)
        b1 = (difference - far) / (2.0 * last * _RHO**2 * distance)
        r0, r1 = -math.asinh(b0), -math.asinh(b1)
        length, at = (r1 - r0) / _RHO, r0

    def view(share: float) -> View:
        if share >= 1.0:
            return end
        rotation = start.rotation + share * turn
        if at is None:
            x, y = np.asarray(start.center) + share * away
            return View((float(x), float(y)), start.zoom * math.exp(-share * length), rotation)
        here = _RHO * share * length + at
        gone = first / (_RHO**2 * distance) * (math.cosh(at) * math.tanh(here) - math.sinh(at))
        x, y = np.asarray(start.center) + gone * away
        return View((float(x), float(y)), math.cosh(here) / (first * math.cosh(at)), rotation)

    return view
