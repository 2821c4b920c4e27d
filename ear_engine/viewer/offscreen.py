"""Drawing without a window or a display: a GL context by EGL, frames into arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.viewer.camera import Camera
from ear_engine.viewer.palettes import PALETTES, Palette
from ear_engine.viewer.scene import Scene

GL_VERSION = 330
"""The oldest that will do: 3.3."""
_EGL: dict[str, Any] = {"backend": "egl"}
_MEND = (
    "install a driver (on Debian, software will do: `apt-get install libegl1 libgl1 libgl1-mesa-dri`) and "
    "see whether `eglinfo` lists a device"
)


def create_context() -> moderngl.Context:
    """A GL context of its own, by EGL.

    Raises:
        UserError: there is no EGL, or its GL is too old.
    """
    try:
        context = moderngl.create_context(standalone=True, **_EGL)
    except Exception as error:  # glcontext raises what it likes, bare Exceptions among it
        raise UserError("drawing without a display", f"needs EGL ({error})", _MEND, "no_gl") from None
    check_version(context)
    return context


def release_context(context: moderngl.Context) -> None:
    """Give a context of :func:`create_context` back, and let the thread go of it.

    moderngl alone leaves it current, and a window opened by the same thread then ends the process with ``BadAccess``.
    """
    context.release()
    with suppress(OSError, AttributeError):  # no such library: nothing is current by it
        ctypes.CDLL("libEGL.so.1").eglReleaseThread()


def is_software(context: moderngl.Context) -> bool:
    """Whether the processor draws."""
    renderer = str(context.info["GL_RENDERER"]).lower()
    return any(word in renderer for word in ("llvmpipe", "softpipe", "swiftshader", "software"))


def check_version(context: moderngl.Context) -> None:
    """Make sure that a context can draw the scene.

    Raises:
        UserError: its GL is too old; the context is gone.
    """
    if context.version_code >= GL_VERSION:
        return
    has = f"is {context.version_code / 100:.1f} ({context.info['GL_RENDERER']}), and 3.3 is needed"
    context.release()
    raise UserError("OpenGL", has, f"update the driver of the graphics card, or {_MEND}", "old_gl")


class Offscreen:
    """A scene, a camera and a framebuffer to draw it into.

    Args:
        width, height: pixels of a frame; 0 makes empty frames.
        palette: of the scene.
        context: of GL; one of its own if None.

    Raises:
        UserError: there is no GL.
    """

    def __init__(
        self, width: int, height: int, palette: Palette = PALETTES[0], context: moderngl.Context | None = None
    ) -> None:
        self._own = context is None
        self.context = create_context() if context is None else context
        self.size = (width, height)
        self.camera = Camera(width, height)
        self.scene = Scene(self.context, self.size, palette)
        room = (max(width, 1), max(height, 1))
        self._color = self.context.texture(room, 4)
        self.target = self.context.framebuffer([self._color])
        self._read = np.zeros((height, width, 3), np.uint8)
        self._frame = np.zeros((height, width, 3), np.uint8)

    def render(self, phase: float, now: float = 0.0) -> NDArray[np.uint8]:
        """A frame, (height, width, 3), the top row first; it is written over by the next one.

        Args:
            phase: 0..1 in the loop that the scene plays.
            now: seconds, by which flights, fades and moving maps go.
        """
        if self._frame.size:
            self.camera.advance(now)
            self.scene.draw(self.target, self.camera, phase, now)
            self.target.read_into(self._read, components=3, alignment=1)
            np.copyto(self._frame, self._read[::-1])
        return self._frame

    def release(self) -> None:
        """Give everything back to GL."""
        self.scene.release()
        self.target.release()
        self._color.release()
        if self._own:
            release_context(self.context)


@contextmanager
def offscreen(width: int, height: int, palette: Palette = PALETTES[0]) -> Iterator[Offscreen]:
    """An :class:`Offscreen` with a context of its own, given back at the end."""
    drawing = Offscreen(width, height, palette)
    try:
        yield drawing
    finally:
        drawing.release()
