"""Light gathered in half floats, a glow around what is bright, and its exposure to the colors of a screen.

Passes over all pixels are what a processor that plays graphics card is slow at. So only boxes that can have light are
exposed, what is smooth by itself (links, glow) is drawn on smaller surfaces, and what does not change is kept.
"""

from __future__ import annotations

from enum import Enum, auto

import moderngl
import numpy as np

from ear_engine.viewer import shaders
from ear_engine.viewer.lit import WHOLE, Boxes
from ear_engine.viewer.palettes import Palette
from ear_engine.viewer.uniforms import set_uniform

GLOW_REACH = 22.0
"""Pixels that glow reaches beyond what glows. Further out, up to 48, it is one level of 255 at most, also where all
neurons of the largest ear fire as much as they can."""
_SMALLER = 2  # of the surface for links, of the screen
_SMALLEST = 8  # of those for the glow
_CORNERS = np.array([[0, 1], [2, 1], [2, 3], [0, 1], [2, 3], [0, 3]])  # of two triangles, of a box


class Due(Enum):
    """What light is to be drawn anew in a frame."""

    ALL = auto()
    BEGIN = auto()
    """All of it, and what is dim is to be kept."""
    DIM = auto()
    """Of points; links and glow are those of the frame before."""
    SOFT = auto()
    """Links and glow, and bright points; dim ones are those of the frame before."""


_Owned = (
    moderngl.VertexArray
    | moderngl.Framebuffer
    | moderngl.Texture
    | moderngl.Program
    | moderngl.Buffer
    | moderngl.Sampler
)


class Exposure:
    """The surfaces of one size.

    Args:
        context: of GL.
        size: of the framebuffer, pixels, at least (1, 1).
    """

    def __init__(self, context: moderngl.Context, size: tuple[int, int]) -> None:
        self._context, self.size = context, size
        small = (-(-size[0] // _SMALLER), -(-size[1] // _SMALLER))
        tiny = (-(-size[0] // _SMALLEST), -(-size[1] // _SMALLEST))
        sizes = (size, size, small, tiny, tiny)
        kinds = (
            "f2",
            "f2",
            "f4",
            "f2",
            "f2",
        )  # what is read between its pixels, for all of the screen's, is whole floats
        self._textures = [context.texture(one, 4, dtype=kind) for one, kind in zip(sizes, kinds, strict=True)]
        for texture in self._textures:
            texture.filter = moderngl.LINEAR, moderngl.LINEAR
            texture.repeat_x = texture.repeat_y = False
        self._nearest = context.sampler(filter=(moderngl.NEAREST, moderngl.NEAREST))
        self._surfaces = [context.framebuffer([texture]) for texture in self._textures]
        self.points, self.kept, self.links = self._surfaces[:3]
        self._dim: moderngl.Framebuffer | None = None
        self._turns: object = None
        self._next = Due.SOFT
        self._changed = False  # whether turns began, or would have, in the frame before
        self.keeps: object = None
        """What :attr:`kept` is the light of, as whoever draws there says; None if it has nothing."""
        self.saw: bytes | None = None
        """By which matrix the frame before was drawn."""
        self.phase = 0.0
        """Of the loop in that frame."""
        soft = shaders.with_defines(shaders.EXPOSE, "SOFT")
        sources = (shaders.SHRINK, shaders.BLUR, shaders.COPY, shaders.EXPOSE, soft)
        self._programs = [context.program(shaders.SCREEN, one) for one in sources]
        self._whole, self._lit = context.buffer(_triangles(WHOLE)), context.buffer(reserve=4, dynamic=True)
        self._screens = [
            context.vertex_array(one, [(self._whole if one is self._programs[1] else self._lit, "2f", "at_corner")])
            for one in self._programs
        ]
        self._boxes: Boxes | None = None
        self._corners = 0
        set_uniform(self._programs[0], "texel", (2.0 / size[0], 2.0 / size[1]))
        for program in self._programs[3:]:
            set_uniform(program, "points", 0)
        set_uniform(self._programs[4], "glow", 1)

    def begin(self, boxes: Boxes) -> None:
        """Start a frame that has light in these boxes only; the same array costs nothing again."""
        if boxes is not self._boxes:
            self._boxes, triangles = boxes, _triangles(boxes)
            self._corners = len(triangles)
            self._lit.orphan(max(triangles.nbytes, 4))
            self._lit.write(triangles)
            self.links.use()
            self.links.clear()
            self._turns = None

    def due(self, of: object) -> Due:
        """What is due, where dim and soft light take turns; ``of`` is all that they depend on but the phase, None if
        everything is to be drawn. Turns begin at the first change; while changes follow each other, as when the target
        is dragged, nothing is kept that the next frame could not use."""
        if of is None:
            self._turns, self._changed = None, False
            return Due.ALL
        again, self._changed = self._changed, of != self._turns
        if self._changed:
            self._turns, self._next = of, Due.BEGIN if again else Due.SOFT
            return Due.ALL if again else Due.BEGIN
        due, self._next = self._next, Due.DIM if self._next is Due.SOFT else Due.SOFT
        return due

    @property
    def dim(self) -> moderngl.Framebuffer:
        """The surface that keeps dim light, over what never changes, for a frame."""
        if self._dim is None:
            texture = self._context.texture(self.size, 4, dtype="f2")
            self._dim = self._context.framebuffer([texture])
            self._textures.append(texture)
            self._surfaces.append(self._dim)
        return self._dim

    def gather(self, on: moderngl.Framebuffer | None, to: moderngl.Framebuffer | None = None) -> None:
        """Gather light of points from here on: on a copy of what was kept, or on nothing; ``to`` is :attr:`points` if
        None."""
        goal = self.points if to is None else to
        if on is not None:
            self._context.copy_framebuffer(goal, on)  # less work than to clear it
        goal.use()
        if on is None:
            goal.clear()

    def glow(self, gain: float) -> None:
        """Begin the links' surface with what shines around points; a gain of 0 is nothing."""
        if gain <= 0.0:
            self.links.use()
            self.links.clear()
            return
        points, one, other = self._textures[0], *self._textures[3:5]
        tiny, second = self._surfaces[3:5]
        self._context.disable(moderngl.BLEND)
        tiny.use()
        tiny.clear()
        points.use(0)
        self._draw(0)
        program = self._programs[1]
        for source, goal, texel in ((one, second, (1.0 / one.width, 0.0)), (other, tiny, (0.0, 1.0 / one.height))):
            goal.use()
            source.use(0)
            set_uniform(program, "texel", texel)
            self._screens[1].render(moderngl.TRIANGLES, len(_CORNERS))
        self.links.use()
        one.use(0)
        set_uniform(self._programs[2], "gain", gain)
        self._draw(2)
        self._context.enable(moderngl.BLEND)

    def expose(self, target: moderngl.Framebuffer, palette: Palette, level: float, soft: bool) -> None:
        """Draw what was gathered; ``level`` 0 is the bare ground. Without ``soft`` links and glow are left out."""
        self._context.disable(moderngl.BLEND)
        target.use()
        target.clear(*palette.ground, 1.0)
        self._textures[0].use(0)
        self._textures[2].use(1)
        self._nearest.use(0)
        number = 4 if soft else 3
        program = self._programs[number]
        set_uniform(program, "ground", palette.ground)
        set_uniform(program, "core", palette.core)
        set_uniform(program, "level", level)
        self._draw(number)
        self._nearest.clear(0)

    def _draw(self, number: int) -> None:
        if self._corners:
            self._screens[number].render(moderngl.TRIANGLES, self._corners)

    def release(self) -> None:
        """Give everything back."""
        owned: list[_Owned] = [*self._screens, self._whole, self._lit, self._nearest]
        owned += [*self._surfaces, *self._textures, *self._programs]
        for thing in owned:
            thing.release()


def _triangles(boxes: Boxes) -> Boxes:
    """Corners of two triangles a box, (6 n, 2)."""
    return np.ascontiguousarray(boxes[:, _CORNERS].reshape(-1, 2), np.float32)
