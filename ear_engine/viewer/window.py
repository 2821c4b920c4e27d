"""A window with an OpenGL 3.3 context, by GLFW: its events in order and its sizes. Nothing is drawn here."""

from __future__ import annotations

import warnings
from typing import Any

import moderngl

from ear_engine.errors import UserError
from ear_engine.viewer.events import KEY_NAMES, Button, Event, Focus, Key, Moved, Text, Wheel
from ear_engine.viewer.offscreen import is_software
from ear_engine.viewer.placing import Placing
from ear_engine.viewer.screens import Screens

_OFFSCREEN = "draw without a window: ear-engine render --seconds 20 -o film.mp4"


class Window:
    """One window.

    Args:
        title: of the window.
        size: of the window, in its units.
        fullscreen: fill a screen.
        monitor: number of the screen, from 0; the main one if None.
        visible: show it.

    Raises:
        UserError: there is no display, no such screen, or no OpenGL 3.3.
    """

    def __init__(
        self,
        title: str,
        size: tuple[int, int] = (1280, 720),
        *,
        fullscreen: bool = False,
        monitor: int | None = None,
        visible: bool = True,
    ) -> None:
        self.glfw = glfw = load_glfw()
        self._said = ""
        glfw.set_error_callback(self._error)
        if not glfw.init():
            raise UserError(
                "a window", f"cannot be opened: no display ({self._said or 'none found'})", _OFFSCREEN, "no_display"
            )
        try:
            screens = Screens(glfw).all()
            if monitor is not None and not 0 <= monitor < len(screens):
                numbers = ", ".join(map(str, range(len(screens)))) or "none"
                raise UserError(
                    f"--monitor {monitor}", f"is not there, only {numbers}", "use one of those", "bad_value"
                )
            self._handle = self._create(title, size, visible)
        except UserError:
            glfw.terminate()
            raise
        self._placing = Placing(glfw, self._handle)
        self._events: list[Event] = []
        self._pointer = (0.0, 0.0)
        self._listen()
        glfw.make_context_current(self._handle)
        glfw.swap_interval(1)
        try:
            self.context = moderngl.create_context(require=330)
        except Exception as error:
            self.close()
            raise _no_gl(str(error)) from None
        if monitor is not None:
            self._placing.center(screens[monitor])
        if fullscreen:
            self._placing.fill(screens[monitor] if monitor is not None else None)

    @property
    def renderer(self) -> str:
        """What draws, as the driver calls it."""
        return str(self.context.info["GL_RENDERER"])

    @property
    def software(self) -> bool:
        """Whether the processor draws."""
        return is_software(self.context)

    @property
    def size(self) -> tuple[int, int]:
        """In the window's units; 0 while it is minimized."""
        width, height = self.glfw.get_window_size(self._handle)
        return width, height

    @property
    def pixels(self) -> tuple[int, int]:
        """In pixels; 0 while it is minimized."""
        width, height = self.glfw.get_framebuffer_size(self._handle)
        return width, height

    @property
    def ratio(self) -> float:
        """Pixels a unit."""
        (width, _), (pixels, _) = self.size, self.pixels
        return pixels / width if width and pixels else 1.0

    @property
    def scale(self) -> float:
        """How much larger letters shall be on this screen, beyond :attr:`ratio`."""
        scale, _ = self.glfw.get_window_content_scale(self._handle)
        return max(1.0, float(scale) / self.ratio) if scale else 1.0

    @property
    def hidden(self) -> bool:
        """Whether nothing of it is to be seen."""
        return 0 in self.pixels or bool(self.glfw.get_window_attrib(self._handle, self.glfw.ICONIFIED))

    @property
    def pointer(self) -> tuple[float, float]:
        """Where the pointer is."""
        return self._pointer

    @property
    def closing(self) -> bool:
        """Whether someone wants it closed."""
        return bool(self.glfw.window_should_close(self._handle))

    @property
    def fullscreen(self) -> bool:
        """Whether it fills a screen."""
        return self._placing.fullscreen

    def events(self, wait: float = 0.0) -> list[Event]:
        """What has happened since the last call, in order; waits so many seconds for something to happen."""
        if wait > 0.0:
            self.glfw.wait_events_timeout(wait)
        else:
            self.glfw.poll_events()
        if self._handle is not None:
            self._placing.settle()
        events, self._events = self._events, []
        return events

    def wake(self) -> None:
        """Let :meth:`events` wait no longer; from any thread."""
        if self._handle is not None:
            self.glfw.post_empty_event()

    def swap(self) -> None:
        """Show what has been drawn."""
        self.glfw.swap_buffers(self._handle)

    def set_fullscreen(self, wanted: bool) -> None:
        """Fill the screen it is on, or return to where it was; without a screen it stays a window."""
        if wanted:
            self._placing.fill()
        else:
            self._placing.leave()

    def next_monitor(self) -> str:
        """Go to the next screen; return what to tell about it."""
        return self._placing.next()

    def show_pointer(self, shown: bool) -> None:
        """Show the pointer over the window, or not."""
        glfw = self.glfw
        glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_NORMAL if shown else glfw.CURSOR_HIDDEN)

    def set_clipboard(self, text: str) -> None:
        """Copy."""
        self.glfw.set_clipboard_string(self._handle, text)

    def clipboard(self) -> str:
        """What can be pasted."""
        found = self.glfw.get_clipboard_string(self._handle)
        return found.decode(errors="replace") if isinstance(found, bytes) else ""

    def resize(self, width: int, height: int) -> None:
        """Another size, in the window's units."""
        self.glfw.set_window_size(self._handle, width, height)

    def close(self) -> None:
        """Free all of it; again does nothing."""
        if self._handle is not None:
            self.glfw.destroy_window(self._handle)
            self._handle = None
            self.glfw.terminate()

    def _create(self, title: str, size: tuple[int, int], visible: bool) -> Any:
        glfw = self.glfw
        glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, 3)
        glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, 3)
        glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
        glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, True)
        glfw.window_hint(glfw.VISIBLE, visible)
        glfw.window_hint(glfw.AUTO_ICONIFY, False)  # it stays on the projector while someone works elsewhere
        glfw.window_hint(glfw.SCALE_TO_MONITOR, True)
        glfw.window_hint_string(glfw.X11_CLASS_NAME, "ear-engine")
        handle = glfw.create_window(*size, title, None, None)
        if not handle:
            raise _no_gl(self._said)
        return handle

    def _listen(self) -> None:
        glfw, handle, add = self.glfw, self._handle, self._events_add
        glfw.set_cursor_pos_callback(handle, lambda _, x, y: self._move(x, y))
        glfw.set_mouse_button_callback(
            handle, lambda _, button, action, mods: add(Button(button, action == glfw.PRESS, mods & 7, *self._pointer))
        )
        glfw.set_scroll_callback(handle, lambda _, right, up: add(Wheel(right, up, *self._pointer)))
        glfw.set_key_callback(handle, lambda _, key, code, action, mods: add(self._key(key, code, action, mods)))
        glfw.set_char_callback(handle, lambda _, code: add(Text(code)))
        glfw.set_window_focus_callback(handle, lambda _, has: add(Focus(bool(has))))
        glfw.set_monitor_callback(self._placing.screens_changed)

    def _events_add(self, event: Event) -> None:
        self._events.append(event)

    def _move(self, x: float, y: float) -> None:
        self._pointer = (x, y)
        if self._events and isinstance(self._events[-1], Moved):
            self._events[-1] = Moved(x, y)
        else:
            self._events.append(Moved(x, y))

    def _key(self, key: int, code: int, action: int, mods: int) -> Key:
        glfw = self.glfw
        name = KEY_NAMES.get(key) or (glfw.get_key_name(key, code) or "")
        return Key(key, name, action != glfw.RELEASE, action == glfw.REPEAT, mods & 7)

    def _error(self, code: int, text: bytes | str) -> None:
        self._said = text.decode(errors="replace") if isinstance(text, bytes) else str(text)


def load_glfw() -> Any:
    """GLFW's binding.

    Raises:
        UserError: it, or its library, is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import glfw
    except ImportError as error:
        raise UserError("GLFW", f"is not there ({error})", "pip install glfw", "no_glfw") from None
    glfw.ERROR_REPORTING = "ignore"
    return glfw


def _no_gl(said: str) -> UserError:
    reason = f"has no OpenGL 3.3 ({said.strip() or 'the driver says no more'})"
    return UserError("this display", reason, f"update the graphics driver, or {_OFFSCREEN}", "no_gl")
