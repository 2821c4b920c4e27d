"""What Dear ImGui wants to be drawn, drawn by moderngl: triangles, each with an image that is known by a number."""

from __future__ import annotations

import ctypes

import moderngl
import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

_VERTEX = """
#version 330
uniform vec2 size;
in vec2 place; in vec2 corner; in vec4 color;
out vec2 uv; out vec4 tint;
void main() {
    uv = corner; tint = color;
    gl_Position = vec4(place.x / size.x * 2.0 - 1.0, 1.0 - place.y / size.y * 2.0, 0.0, 1.0);
}
"""
_FRAGMENT = """
#version 330
uniform sampler2D image;
in vec2 uv; in vec4 tint;
out vec4 color;
void main() { color = tint * texture(image, uv); }
"""


class Triangles:
    """Draws frames.

    Args:
        context: of GL.
    """

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._textures: dict[int, moderngl.Texture] = {}
        self._program = context.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._room = [0, 0]

    def put(self, number: int, pixels: NDArray[np.uint8], size: tuple[int, int] | None = None) -> None:
        """Let the image of a number be this one.

        Args:
            number: by which triangles name it.
            pixels: (height, width, 4), or any shape of as many if there is a
            size: width and height.
        """
        width, height = size or (pixels.shape[1], pixels.shape[0])
        kept = self._textures.get(number)
        if kept is None or tuple(kept.size) != (width, height):
            self.drop(number)
            kept = self._textures[number] = self._context.texture((width, height), 4)
            kept.filter = (moderngl.LINEAR, moderngl.LINEAR)
            kept.repeat_x = kept.repeat_y = False
        kept.write(np.ascontiguousarray(pixels))

    def drop(self, number: int) -> None:
        """The image of a number is not needed any more."""
        kept = self._textures.pop(number, None)
        if kept is not None:
            kept.release()

    def release(self) -> None:
        """Free all images."""
        for number in list(self._textures):
            self.drop(number)

    def draw(self, data: imgui.ImDrawData, size: tuple[float, float], ratio: float) -> None:
        """Draw a frame onto what is bound.

        Args:
            data: of the frame.
            size: of the window, in its units.
            ratio: pixels a unit.
        """
        context, (width, height) = self._context, size
        pixels = (int(width * ratio), int(height * ratio))
        lists = [one for one in data.cmd_lists if one.cmd_buffer.size()]
        if not lists or 0 in pixels:
            return
        context.viewport = (0, 0, *pixels)
        context.enable_only(moderngl.BLEND)
        context.blend_func = (  # type: ignore[assignment]  # annotated as a pair, it may be four
            moderngl.SRC_ALPHA,
            moderngl.ONE_MINUS_SRC_ALPHA,
            moderngl.ONE,
            moderngl.ONE_MINUS_SRC_ALPHA,
        )
        self._program["size"] = (width, height)
        for one in lists:
            self._upload(
                ctypes.string_at(one.vtx_buffer.data_address(), one.vtx_buffer.size() * imgui.VERTEX_SIZE),
                ctypes.string_at(one.idx_buffer.data_address(), one.idx_buffer.size() * imgui.INDEX_SIZE),
            )
            for command in one.cmd_buffer:
                left, top, right, bottom = (value * ratio for value in _four(command.clip_rect))
                box = (int(left), int(pixels[1] - bottom), int(right) - int(left), int(bottom) - int(top))
                texture = self._textures.get(command.tex_ref.get_tex_id())
                if box[2] <= 0 or box[3] <= 0 or texture is None:
                    continue
                context.scissor = box
                texture.use(0)
                self._array.render(moderngl.TRIANGLES, vertices=command.elem_count, first=command.idx_offset)
        context.scissor = None
        context.disable(moderngl.BLEND)

    def _upload(self, vertices: bytes, indices: bytes) -> None:
        if len(vertices) > self._room[0] or len(indices) > self._room[1]:
            self._room = [max(1 << 18, 2 * len(vertices)), max(1 << 17, 2 * len(indices))]
            self._vertices = self._context.buffer(reserve=self._room[0], dynamic=True)
            self._indices = self._context.buffer(reserve=self._room[1], dynamic=True)
            content = [(self._vertices, "2f 2f 4f1", "place", "corner", "color")]
            self._array = self._context.vertex_array(
                self._program, content, index_buffer=self._indices, index_element_size=imgui.INDEX_SIZE
            )
        self._vertices.orphan()
        self._indices.orphan()
        self._vertices.write(vertices)
        self._indices.write(indices)


def _four(rect: imgui.ImVec4) -> tuple[float, float, float, float]:
    return rect.x, rect.y, rect.z, rect.w
