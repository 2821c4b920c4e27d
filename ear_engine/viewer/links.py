"""Links between groups as faint curves that brighten with what they carry."""

from __future__ import annotations

import moderngl
import numpy as np
from numpy.typing import NDArray

from ear_engine.viewer import shaders
from ear_engine.viewer.curves import drawn_links, link_curves, needed_points
from ear_engine.viewer.model import MapPicture
from ear_engine.viewer.moving import MovingPlaces
from ear_engine.viewer.palettes import Palette
from ear_engine.viewer.uniforms import set_uniform

_POINTS = 9  # of a curve, a power of two and one
_OFF = 0.005  # of the map, that lines may be off the curve
_RESTART = 0xFFFFFFFF  # ends a strip
_LIGHT = 0.08


class LinkCurves:
    """The links of one map.

    Args:
        context: of GL.
        picture: the map.
        palette: their color.
    """

    def __init__(self, context: moderngl.Context, picture: MapPicture, palette: Palette) -> None:
        self._index = picture.index
        self.links = drawn_links(picture)
        groups = sum(layer.bins for layer in picture.index.layers)
        self.activity = np.zeros(groups, np.float32)
        self._texture = context.texture((groups, 1), 1, dtype="f4")
        self._texture.filter = moderngl.NEAREST, moderngl.NEAREST
        self._program = context.program(shaders.LINKS, shaders.LINK)
        count = len(self.links)
        ends = np.empty((count, _POINTS, 3), np.uint16)
        ends[:, :, :2] = self.links[:, None]
        ends[:, :, 2] = np.round(np.linspace(0.0, 255.0, _POINTS))
        self.curves = curves = link_curves(self._index, picture.positions, self.links, _POINTS)
        """Points of what is drawn, (links, points, 2)."""
        strips, self._lengths = _strips(curves)
        self._ends, self._strips = (context.buffer(one.tobytes() or bytes(8)) for one in (ends, strips))
        self.places = MovingPlaces(context, curves.reshape(-1, 2) if count else np.zeros((1, 2), np.float32))
        content = [(self.places.now, "2f", "place"), (self.places.before, "2f", "before"), (self._ends, "3u2", "ends")]
        self._array = context.vertex_array(self._program, content, index_buffer=self._strips)
        self.paint(palette)

    def paint(self, palette: Palette) -> None:
        """Another color."""
        set_uniform(self._program, "link", (*palette.link, _LIGHT * palette.gain))

    def move(self, positions: NDArray[np.float32], now: float) -> None:
        """Set out for curves between other places, as :class:`MovingPlaces` does."""
        if len(self.links):
            self.curves = link_curves(self._index, positions, self.links, _POINTS)
            self.places.move(self.curves.reshape(-1, 2), now)

    def draw(self, world: bytes, share: float) -> None:
        """Add the light of some share of the links, 0..1, to the framebuffer in use, by :attr:`activity`."""
        count = round(share * len(self.links))
        if not count:
            return
        self._texture.write(self.activity)
        self._texture.use(0)
        set_uniform(self._program, "world", world)
        set_uniform(self._program, "morph", self.places.morph)
        self._array.render(moderngl.LINE_STRIP, int(self._lengths[count - 1]))

    def release(self) -> None:
        """Give everything back."""
        self._array.release()
        self._program.release()
        for part in (self.places, self._ends, self._strips):
            part.release()
        self._texture.release()


def _strips(curves: NDArray[np.float32]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Numbers of the points that each curve is drawn through, the end of a strip after each, and where strips end.

    Lines are what links cost, so curves have as few as will do.
    """
    count = len(curves)
    numbers = np.arange(count * _POINTS, dtype=np.uint32).reshape(count, _POINTS)
    kept = needed_points(curves, _OFF)
    rows = np.concatenate([numbers, np.full((count, 1), _RESTART, np.uint32)], axis=1)
    kept = np.concatenate([kept, np.ones((count, 1), bool)], axis=1)
    return rows[kept], np.cumsum(kept.sum(axis=1))
