"""A surface of its own size that is drawn on for sinks, and read back without waiting for the GPU."""

from __future__ import annotations

import moderngl
import numpy as np

from ear_engine.viewer.exposure import Exposure
from ear_engine.viewer.sinks.base import Pixels

_CHANNELS = 4


class Canvas:
    """A texture to draw on.

    Args:
        context: of GL.
        size: width and height, pixels, above 0.
    """

    def __init__(self, context: moderngl.Context, size: tuple[int, int]) -> None:
        self.size = size
        self.texture = context.texture(size, _CHANNELS)
        self.framebuffer = context.framebuffer([self.texture])
        self.surfaces = Exposure(context, size)
        self._buffer = context.buffer(reserve=size[0] * size[1] * _CHANNELS, dynamic=True)
        self._array = np.zeros((size[1], size[0], _CHANNELS), np.uint8)

    def begin_reading(self) -> None:
        """Let the GPU copy the picture as it is now, when it gets to it."""
        self.framebuffer.read_into(self._buffer, components=_CHANNELS, alignment=1)

    def end_reading(self) -> Pixels:
        """What was copied last; waits only if the GPU has not done it yet. The next call writes over it."""
        self._buffer.read_into(self._array)
        return self._array[::-1]

    def read(self) -> Pixels:
        """The picture, at once, whatever the GPU has still to do."""
        self.begin_reading()
        return self.end_reading()

    def release(self) -> None:
        """Give everything back to GL."""
        self.surfaces.release()
        self._buffer.release()
        self.framebuffer.release()
        self.texture.release()
