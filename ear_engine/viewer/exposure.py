"""Light gathered in half floats, a glow around what is bright, and its exposure to the colors of a screen.

Passes over all pixels are what a processor that plays graphics card is slow at. So only the box that has light in it is
cleared, shrunk and exposed, and what is smooth by itself (links, glow) is drawn on smaller surfaces.
"""

from __future__ import annotations

import moderngl

from ear_engine.viewer import shaders
from ear_engine.viewer.palettes import Palette
from ear_engine.viewer.uniforms import set_uniform

_SMALLER = 2  # of the surface for links, of the screen
_SMALLEST = 8  # of those for the glow
_AROUND = 72  # pixels of glow around the box that has points

_Owned = moderngl.VertexArray | moderngl.Framebuffer | moderngl.Texture | moderngl.Program
Box = tuple[int, int, int, int]
"""Left, bottom, width and height, pixels."""


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
        sizes = (size, small, tiny, tiny)
        self._textures = [context.texture(one, 4, dtype="f2") for one in sizes]
        for texture in self._textures:
            texture.filter = moderngl.LINEAR, moderngl.LINEAR
            texture.repeat_x = texture.repeat_y = False
        self._surfaces = [context.framebuffer([texture]) for texture in self._textures]
        self.points, self.links = self._surfaces[:2]
        soft = shaders.with_defines(shaders.EXPOSE, "SOFT")
        sources = (shaders.SHRINK, shaders.BLUR, shaders.COPY, shaders.EXPOSE, soft)
        self._programs = [context.program(shaders.SCREEN, one) for one in sources]
        self._screens = [context.vertex_array(one, []) for one in self._programs]
        set_uniform(self._programs[0], "texel", (2.0 / size[0], 2.0 / size[1]))
        for program in self._programs[3:]:
            set_uniform(program, "points", 0)
        set_uniform(self._programs[4], "glow", 1)
        self._box: Box = (0, 0, *size)

    def begin(self, low: tuple[float, float], high: tuple[float, float]) -> bool:
        """Start a frame with points between two corners, pixels from the bottom left; false if none is to be seen."""
        left, bottom = (min(max(int(value) - _AROUND, 0), most) for value, most in zip(low, self.size, strict=True))
        right, top = (min(max(int(value) + _AROUND, 0), most) for value, most in zip(high, self.size, strict=True))
        self._box = (left, bottom, right - left, top - bottom)
        self.links.use()
        self.links.clear()
        self.points.scissor = self._box
        self.points.use()
        self.points.clear()
        return right > left and top > bottom

    def glow(self, gain: float) -> None:
        """Add to the links' surface what shines around points."""
        shrink, blur, copy = self._screens[:3]
        points, _, one, other = self._textures
        tiny = self._surfaces[2]
        self._context.disable(moderngl.BLEND)
        tiny.use()
        tiny.clear()
        left, bottom, width, height = (value // _SMALLEST for value in self._box)
        tiny.scissor = (left, bottom, width, height)
        tiny.use()
        points.use(0)
        shrink.render(moderngl.TRIANGLES, 3)
        tiny.scissor = None  # type: ignore[assignment]
        program = self._programs[1]
        for source, goal, texel in ((one, 3, (1.0 / one.width, 0.0)), (other, 2, (0.0, 1.0 / one.height))):
            self._surfaces[goal].use()
            source.use(0)
            set_uniform(program, "texel", texel)
            blur.render(moderngl.TRIANGLES, 3)
        self._context.enable(moderngl.BLEND)
        self.links.scissor = self._smaller_box()
        self.links.use()
        one.use(0)
        set_uniform(self._programs[2], "gain", gain)
        copy.render(moderngl.TRIANGLES, 3)
        self.links.scissor = None  # type: ignore[assignment]

    def expose(self, target: moderngl.Framebuffer, palette: Palette, level: float, soft: bool) -> None:
        """Draw what was gathered; ``level`` 0 is the bare ground. Without ``soft`` links and glow are left out."""
        self._context.disable(moderngl.BLEND)
        target.use()
        target.clear(*palette.ground, 1.0)
        target.scissor = self._box
        target.use()
        self._textures[0].use(0)
        self._textures[1].use(1)
        number = 4 if soft else 3
        program = self._programs[number]
        set_uniform(program, "ground", palette.ground)
        set_uniform(program, "core", palette.core)
        set_uniform(program, "level", level)
        self._screens[number].render(moderngl.TRIANGLES, 3)
        target.scissor = None  # type: ignore[assignment]
        target.use()

    def _smaller_box(self) -> Box:
        left, bottom, width, height = self._box
        end = (-(-(left + width) // _SMALLER), -(-(bottom + height) // _SMALLER))
        left, bottom = left // _SMALLER, bottom // _SMALLER
        return left, bottom, end[0] - left, end[1] - bottom

    def release(self) -> None:
        """Give everything back."""
        owned: list[_Owned] = [*self._screens, *self._surfaces, *self._textures, *self._programs]
        for thing in owned:
            thing.release()
