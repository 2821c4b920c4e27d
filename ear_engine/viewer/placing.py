"""Where a window is among the screens: on one of them, or filling it.

A screen may go away. A window that filled it becomes a window on another screen, and fills it again when it comes back.
"""

from __future__ import annotations

from typing import Any

from ear_engine.viewer.screens import Box, Screens


class Placing:
    """Moves one window.

    Args:
        glfw: its binding, initialized.
        handle: of the window, by GLFW.
    """

    def __init__(self, glfw: Any, handle: Any) -> None:
        self._glfw, self._handle, self._screens = glfw, handle, Screens(glfw)
        self._windowed = self._box  # where it is while it fills no screen
        self._filled = ""  # name of the screen that it fills, or filled until that went away
        self._changed = False

    @property
    def fullscreen(self) -> bool:
        """Whether it fills a screen."""
        return bool(self._glfw.get_window_monitor(self._handle))

    def fill(self, screen: Any | None = None) -> None:
        """Fill a screen, the one it is on if None; without a screen it stays a window."""
        screen = self._screens.under(self._box) if screen is None else screen
        if screen is None:
            return
        if not self.fullscreen:
            self._windowed = self._box
        mode = self._glfw.get_video_mode(screen)
        self._glfw.set_window_monitor(self._handle, screen, 0, 0, mode.size.width, mode.size.height, mode.refresh_rate)
        self._filled = self._screens.name(screen)
        self._glfw.swap_interval(1)

    def leave(self) -> None:
        """Return to where it was before it filled a screen."""
        self._filled = ""
        self._return(self._windowed)

    def center(self, screen: Any) -> None:
        """Be in the middle of a screen."""
        box = self._box
        self._glfw.set_window_pos(self._handle, *self._screens.middle(screen, box.width, box.height))

    def next(self) -> str:
        """Go to the next screen, as it is on this one; return what to tell about it."""
        screens = self._screens.all()
        if len(screens) < 2:
            return "there is only one screen"
        number = (self._screens.number(self._box) + 1) % len(screens)
        if self.fullscreen:
            self.fill(screens[number])
        else:
            self.center(screens[number])
        return f"screen {number}: {self._screens.name(screens[number])}"

    def screens_changed(self, screen: Any, event: int) -> None:
        """GLFW tells that one has come or gone; nothing moves until :meth:`settle`."""
        self._changed = True

    def settle(self) -> None:
        """Be where it is seen, if screens have come or gone since the last call.

        GLFW has made a window of what filled one that is gone, as large as that was.
        """
        if not self._changed:
            return
        self._changed = False
        back = self._screens.named(self._filled) if self._filled else None
        if self._filled and back is None and not self.fullscreen:
            self._return(self._shown(self._windowed))
        elif back is not None and not self.fullscreen:
            self.fill(back)
        elif not self.fullscreen and not self._screens.sees(self._box):
            self._return(self._shown(self._box))

    @property
    def _box(self) -> Box:
        """Where the window is."""
        return Box(*self._glfw.get_window_pos(self._handle), *self._glfw.get_window_size(self._handle))

    def _return(self, box: Box) -> None:
        """Be a window there."""
        x, y, width, height = box
        self._glfw.set_window_monitor(self._handle, None, x, y, max(width, 64), max(height, 64), 0)
        self._glfw.swap_interval(1)

    def _shown(self, box: Box) -> Box:
        """The same, or as large on the main screen where no screen shows it."""
        screens = self._screens.all()
        if not screens or self._screens.sees(box):
            return box
        return Box(*self._screens.middle(screens[0], box.width, box.height), box.width, box.height)
