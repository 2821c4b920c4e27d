"""From what a hand does to what it means: drags, wheels and clicks become camera moves and selections. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from ear_engine.viewer.events import ALT, CONTROL, LEFT, MIDDLE, RIGHT, SHIFT, Button, Moved, Wheel

Tool = Literal["move", "box", "lasso", "brush"]
TOOLS: tuple[Tool, ...] = ("move", "box", "lasso", "brush")
Point = tuple[float, float]

_CLICK = 4.0  # units of the window that a click may move
_TWICE = 0.35  # seconds between the clicks of a double click
_ZOOM = 1.15  # a notch of the wheel
_TURN = math.pi / 400.0  # radians a unit of a right drag
_MOST_POINTS = 2000
_CLOSE = 2.0  # units between points of a lasso


@dataclass(frozen=True)
class Pan:
    """Drag the map."""

    right: float
    down: float


@dataclass(frozen=True)
class Zoom:
    """Zoom; what is under (x, y) stays there."""

    x: float
    y: float
    factor: float


@dataclass(frozen=True)
class Turn:
    """Turn the picture about its middle, radians counterclockwise."""

    angle: float


@dataclass(frozen=True)
class Fit:
    """Show the whole map."""


@dataclass(frozen=True)
class Hover:
    """The pointer rests here."""

    x: float
    y: float


@dataclass(frozen=True)
class Pick:
    """A click on one neuron; ``add`` to what is selected."""

    x: float
    y: float
    add: bool


@dataclass(frozen=True)
class Area:
    """A box or lasso has been drawn: corners in units of the window."""

    points: tuple[Point, ...]
    add: bool


@dataclass(frozen=True)
class Stroke:
    """The brush goes from one place to the next; ``begins`` a new selection unless it adds."""

    start: Point
    end: Point
    radius: float
    begins: bool


@dataclass(frozen=True)
class StrokeEnd:
    """The brush is lifted."""


Action = Pan | Zoom | Turn | Fit | Hover | Pick | Area | Stroke | StrokeEnd


@dataclass
class Gestures:
    """Follows the hand.

    Args:
        tool: what a left drag does; with shift it is a lasso, with control a brush, with alt a box.
        radius: of the brush, in units of the window.
    """

    tool: Tool = "move"
    radius: float = 28.0
    _drag: str = ""  # "", or what is being dragged: a tool, pan, turn
    _start: Point = (0.0, 0.0)
    _last: Point = (0.0, 0.0)
    _moved: bool = False
    _add: bool = False
    _path: list[Point] = field(default_factory=list)
    _clicked: tuple[float, Point] = (-math.inf, (0.0, 0.0))

    @property
    def outline(self) -> tuple[Point, ...]:
        """What is being drawn, for the picture: corners of a box or lasso."""
        if self._drag == "box" and self._moved:
            return _box(self._start, self._last)
        return tuple(self._path) if self._drag == "lasso" else ()

    @property
    def brushing(self) -> bool:
        """Whether the brush is down."""
        return self._drag == "brush"

    @property
    def busy(self) -> bool:
        """Whether a button is held."""
        return bool(self._drag)

    def take(self, event: Moved | Button | Wheel, at: float) -> list[Action]:
        """What ``event`` means.

        Args:
            event: of the pointer, over the map.
            at: seconds at which it came.
        """
        if isinstance(event, Wheel):
            return self._wheel(event)
        if isinstance(event, Button):
            return self._press(event) if event.down else self._release(event, at)
        return self._move((event.x, event.y))

    def cancel(self) -> list[Action]:
        """Forget what was begun; return what that means: a brush that was down is lifted."""
        drag, self._drag, self._path = self._drag, "", []
        return [StrokeEnd()] if drag == "brush" else []

    def _wheel(self, event: Wheel) -> list[Action]:
        return [Zoom(event.x, event.y, _ZOOM ** max(-8.0, min(8.0, event.up)))] if event.up else []

    def _press(self, event: Button) -> list[Action]:
        here = (event.x, event.y)
        if self._drag:
            return []
        self._start = self._last = here
        self._moved, self._path = False, [here]
        if event.button == RIGHT:
            self._drag = "turn"
        elif event.button == MIDDLE:
            self._drag = "pan"
        elif event.button == LEFT:
            by_mods: dict[int, str] = {SHIFT: "lasso", CONTROL: "brush", ALT: "box"}
            wanted = by_mods.get(event.mods & ~SHIFT or event.mods, "")
            self._add = bool(event.mods & SHIFT) and (self.tool != "move" or bool(event.mods & ~SHIFT))
            self._drag = wanted if wanted and not (self.tool != "move" and event.mods == SHIFT) else self.tool
            self._drag = "pan" if self._drag == "move" else self._drag
            if self._drag == "brush":
                return [Stroke(here, here, self.radius, not self._add)]
        return []

    def _move(self, here: Point) -> list[Action]:
        if not self._drag:
            return [Hover(*here)]
        before, self._last = self._last, here
        if not self._moved and math.dist(here, self._start) < _CLICK and self._drag != "brush":
            self._last = before
            return []
        self._moved = True
        right, down = here[0] - before[0], here[1] - before[1]
        if self._drag == "pan":
            return [Pan(right, down)]
        if self._drag == "turn":
            return [Turn(-right * _TURN)]
        if self._drag == "brush":
            return [Stroke(before, here, self.radius, False)]
        if self._drag == "lasso" and math.dist(here, self._path[-1]) >= _CLOSE and len(self._path) < _MOST_POINTS:
            self._path.append(here)
        return []

    def _release(self, event: Button, at: float) -> list[Action]:
        drag, here = self._drag, (event.x, event.y)
        held = {"turn": RIGHT}.get(drag, LEFT)
        if not drag or (event.button != held and not (drag == "pan" and event.button == MIDDLE)):
            return []
        self._last = here
        path, self._path, self._drag = [*self._path, here], [], ""
        if drag == "brush":
            return [StrokeEnd()]
        if not self._moved:
            return self._click(here, bool(event.mods & SHIFT), at) if event.button == LEFT else []
        if drag == "box":
            return [Area(_box(self._start, here), self._add)]
        if drag == "lasso" and len(path) > 2:
            return [Area(tuple(path), self._add)]
        return []

    def _click(self, here: Point, add: bool, at: float) -> list[Action]:
        since, where = self._clicked
        if at - since < _TWICE and math.dist(here, where) < 2.0 * _CLICK:
            self._clicked = (-math.inf, here)
            return [Fit()]
        self._clicked = (at, here)
        return [Pick(*here, add)]


def _box(start: Point, end: Point) -> tuple[Point, ...]:
    return start, (end[0], start[1]), end, (start[0], end[1])
