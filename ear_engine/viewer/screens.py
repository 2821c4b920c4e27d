"""The screens that there are, and where a window is among them; they come and go while it is open."""

from __future__ import annotations

from typing import Any, NamedTuple


class Box(NamedTuple):
    """Where something is on the desktop, in GLFW's units."""

    x: int
    y: int
    width: int
    height: int

    def has(self, x: float, y: float) -> bool:
        """Whether a place lies in it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


class Screens:
    """Asks GLFW; nothing is remembered.

    Args:
        glfw: its binding, initialized.
    """

    def __init__(self, glfw: Any) -> None:
        self._glfw = glfw

    def all(self) -> list[Any]:
        """All of them, the main one first; none if all are off."""
        return list(self._glfw.get_monitors())

    def name(self, screen: Any) -> str:
        """How it calls itself."""
        found = self._glfw.get_monitor_name(screen)
        return found.decode(errors="replace") if isinstance(found, bytes) else str(found or "")

    def named(self, name: str) -> Any | None:
        """The screen of that name, if it is there."""
        return next((screen for screen in self.all() if self.name(screen) == name), None)

    def box(self, screen: Any) -> Box:
        """All of a screen."""
        x, y = self._glfw.get_monitor_pos(screen)
        size = self._glfw.get_video_mode(screen).size
        return Box(x, y, size.width, size.height)

    def number(self, window: Box) -> int:
        """Of the screen that has the middle of a window; 0, the main one, if none has."""
        x, y = window.x + window.width / 2, window.y + window.height / 2
        return next((number for number, screen in enumerate(self.all()) if self.box(screen).has(x, y)), 0)

    def under(self, window: Box) -> Any | None:
        """That screen; None if there are none."""
        screens = self.all()
        return screens[self.number(window)] if screens else None

    def sees(self, window: Box) -> bool:
        """Whether some screen shows the middle of a window's upper edge, by which it can be taken hold of."""
        return any(self.box(screen).has(window.x + window.width / 2, window.y) for screen in self.all())

    def middle(self, screen: Any, width: int, height: int) -> tuple[int, int]:
        """Where a window of this size lies in the middle of a screen's free area."""
        x, y, wide, high = self._glfw.get_monitor_workarea(screen)
        return x + max(0, (wide - width) // 2), y + max(0, (high - height) // 2)
