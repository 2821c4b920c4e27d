"""A window with an OpenGL 3.3 context, by GLFW: its events in order, its sizes, its screens. Nothing is drawn here."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import moderngl

from ear_engine.errors import UserError

SHIFT, CONTROL, ALT = 1, 2, 4
LEFT, RIGHT, MIDDLE = 0, 1, 2
_OFFSCREEN = "draw without a window: ear-engine layout -o map.png"


@dataclass(frozen=True)
class Moved:
    """The pointer is at (x, y), in units of the window from the top left."""

    x: float
    y: float


@dataclass(frozen=True)
class Button:
    """A button of the pointer goes down or up."""

    button: int
    down: bool
    mods: int
    x: float
    y: float


@dataclass(frozen=True)
class Wheel:
    """The wheel, or two fingers: right and up."""

    right: float
    up: float
    x: float
    y: float


@dataclass(frozen=True)
class Key:
    """A key, by its number and name, goes down or up."""

    key: int
    name: str
    down: bool
    repeat: bool
    mods: int


@dataclass(frozen=True)
class Text:
    """A character was typed."""

    code: int


@dataclass(frozen=True)
class Focus:
    """The window gets or loses the keys."""

    has: bool


Event = Moved | Button | Wheel | Key | Text | Focus


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
            screens = glfw.get_monitors()
            if monitor is not None and not 0 <= monitor < len(screens):
                numbers = ", ".join(map(str, range(len(screens)))) or "none"
                raise UserError(
                    f"--monitor {monitor}", f"is not there, only {numbers}", "use one of those", "bad_value"
                )
            self._handle = self._create(title, size, visible)
        except UserError:
            glfw.terminate()
            raise
        self._windowed = (*glfw.get_window_pos(self._handle), *size)
        self._screen = monitor
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
        if fullscreen:
            self.set_fullscreen(True)
        elif monitor is not None:
            self._place(screens[monitor])

    @property
    def renderer(self) -> str:
        """What draws, as the driver calls it."""
        return str(self.context.info["GL_RENDERER"])

    @property
    def software(self) -> bool:
        """Whether the processor draws."""
        return any(word in self.renderer.lower() for word in ("llvmpipe", "softpipe", "swiftshader", "software"))

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
        return bool(self.glfw.get_window_monitor(self._handle))

    def events(self, wait: float = 0.0) -> list[Event]:
        """What has happened since the last call, in order; waits so many seconds for something to happen."""
        if wait > 0.0:
            self.glfw.wait_events_timeout(wait)
        else:
            self.glfw.poll_events()
        events, self._events = self._events, []
        return events

    def swap(self) -> None:
        """Show what has been drawn."""
        self.glfw.swap_buffers(self._handle)

    def set_fullscreen(self, wanted: bool) -> None:
        """Fill the screen it is on, or return to where it was; without a screen it stays a window."""
        glfw = self.glfw
        screens = glfw.get_monitors()
        if wanted and screens:
            if not self.fullscreen:
                self._windowed = (*glfw.get_window_pos(self._handle), *glfw.get_window_size(self._handle))
            screen = (
                screens[self._screen] if self._screen is not None and self._screen < len(screens) else self._under()
            )
            mode = glfw.get_video_mode(screen)
            glfw.set_window_monitor(self._handle, screen, 0, 0, mode.size.width, mode.size.height, mode.refresh_rate)
        else:
            x, y, width, height = self._windowed
            glfw.set_window_monitor(self._handle, None, x, y, max(width, 64), max(height, 64), 0)
        glfw.swap_interval(1)

    def next_monitor(self) -> str:
        """Go to the next screen; return what to tell about it."""
        screens = self.glfw.get_monitors()
        if len(screens) < 2:
            return "there is only one screen"
        current = self._screen if self._screen is not None and self._screen < len(screens) else 0
        self._screen = (current + 1) % len(screens)
        if self.fullscreen:
            self.set_fullscreen(True)
        else:
            self._place(screens[self._screen])
        return f"screen {self._screen}: {_name(self.glfw, screens[self._screen])}"

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
        glfw.set_monitor_callback(self._screens_changed)

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
        name = _NAMES.get(key) or (glfw.get_key_name(key, code) or "")
        return Key(key, name, action != glfw.RELEASE, action == glfw.REPEAT, mods & 7)

    def _screens_changed(self, screen: Any, event: int) -> None:
        """A screen that goes away leaves its full-screen window a window on another one."""
        if event == self.glfw.DISCONNECTED:
            self._screen = None
            if self._handle is not None and self.fullscreen:
                x, y, width, height = self._windowed
                self._windowed = (max(0, min(x, 100)), max(0, min(y, 100)), width, height)
                self.set_fullscreen(False)

    def _under(self) -> Any:
        """The screen that the middle of the window is on."""
        glfw = self.glfw
        x, y = glfw.get_window_pos(self._handle)
        width, height = glfw.get_window_size(self._handle)
        for screen in glfw.get_monitors():
            left, top = glfw.get_monitor_pos(screen)
            mode = glfw.get_video_mode(screen)
            inside = left <= x + width / 2 < left + mode.size.width and top <= y + height / 2 < top + mode.size.height
            if inside:
                return screen
        return glfw.get_primary_monitor()

    def _place(self, screen: Any) -> None:
        x, y, width, height = self.glfw.get_monitor_workarea(screen)
        mine = self.glfw.get_window_size(self._handle)
        self.glfw.set_window_pos(self._handle, x + max(0, (width - mine[0]) // 2), y + max(0, (height - mine[1]) // 2))

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


def _name(glfw: Any, screen: Any) -> str:
    found = glfw.get_monitor_name(screen)
    return found.decode(errors="replace") if isinstance(found, bytes) else str(found)


_NAMES = {
    32: "space", 256: "escape", 257: "enter", 258: "tab", 259: "backspace", 260: "insert", 261: "delete",
    262: "right", 263: "left", 264: "down", 265: "up", 266: "page up", 267: "page down", 268: "home", 269: "end",
    335: "enter", **{289 + n: f"f{n}" for n in range(1, 13)},
}  # fmt: skip
