"""Dear ImGui in a moderngl context: input in, triangles out. What is in the panels is not known here."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable
from pathlib import Path

import imgui_bundle
import moderngl
import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from ear_engine.viewer.events import ALT, CONTROL, SHIFT, Button, Event, Focus, Key, Moved, Text, Wheel

_NAMED = 1 << 20  # numbers of named images begin here, beyond those of letters
_LETTERS = 15.0  # units of the window
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


class Panel:
    """Everything that is drawn over the map.

    Args:
        context: to draw in; None draws nothing (tests of what is in the panels).
        scale: how much larger than usual letters are.
        clipboard: what can be pasted.
        copy: called with what is copied.
    """

    def __init__(
        self,
        context: moderngl.Context | None,
        scale: float = 1.0,
        clipboard: Callable[[], str] = str,
        copy: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._imgui = imgui.create_context()
        self.io = imgui.get_io()
        self.io.set_ini_filename("")
        self.io.backend_flags |= imgui.BackendFlags_.renderer_has_textures
        platform = imgui.get_platform_io()
        platform.platform_get_clipboard_text_fn = lambda _: clipboard()
        platform.platform_set_clipboard_text_fn = lambda _, text: copy(text)
        self._context = context
        self._textures: dict[int, moderngl.Texture] = {}
        self._names: dict[str, int] = {}
        self._numbers = 1
        self._scale = 0.0
        self._waiting: deque[Event] = deque()
        self._pointer = (-1.0, -1.0)
        self.holds_pointer = False
        """Whether the pointer is at work here, wherever it is: a slider is dragged, a list is open."""
        font = Path(imgui_bundle.__file__).parent / "assets" / "fonts" / "Roboto" / "Roboto-Regular.ttf"
        if font.is_file():
            self.io.fonts.add_font_from_file_ttf(str(font), _LETTERS)
        else:
            self.io.fonts.add_font_default()
        self.rescale(scale)
        if context is not None:
            self._program = context.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
            self._room = [0, 0]

    def rescale(self, scale: float) -> None:
        """Another size of letters, and of all that goes with them."""
        if abs(scale - self._scale) < 0.01:
            return
        self._scale = scale
        style = imgui.get_style()
        style.font_size_base = _LETTERS
        style.font_scale_main = scale
        dress(style, scale)

    @property
    def scale(self) -> float:
        """How much larger than usual letters are."""
        return self._scale

    @property
    def wants_keys(self) -> bool:
        """Whether something is being typed here."""
        return bool(self.io.want_text_input)

    def take(self, event: Event) -> None:
        """What has happened, for the next frame."""
        self._waiting.append(event)

    def _feed(self) -> None:
        """Pass on what waits, until a button goes down where the pointer was not before: tabs let nothing be pressed
        that they have not seen the pointer over in a frame of its own, and fingers come and press at once."""
        seen = self._pointer
        while self._waiting:
            event = self._waiting[0]
            if isinstance(event, Moved | Button):
                self._pointer = (event.x, event.y)
            if isinstance(event, Button) and event.down and self._pointer != seen:
                self.io.add_mouse_pos_event(event.x, event.y)
                return
            self._pass(self._waiting.popleft())

    def _pass(self, event: Event) -> None:
        io = self.io
        if isinstance(event, Moved):
            io.add_mouse_pos_event(event.x, event.y)
        elif isinstance(event, Button):
            io.add_mouse_pos_event(event.x, event.y)
            self._mods(event.mods)
            if event.button < 5:
                io.add_mouse_button_event(event.button, event.down)
        elif isinstance(event, Wheel):
            io.add_mouse_wheel_event(event.right, event.up)
        elif isinstance(event, Text):
            io.add_input_character(event.code)
        elif isinstance(event, Focus):
            io.add_focus_event(event.has)
        elif isinstance(event, Key):
            self._mods(event.mods)
            key = _KEYS.get(event.name)
            if key is not None and not event.repeat:
                io.add_key_event(key, event.down)

    def begin(self, size: tuple[int, int], ratio: float, seconds: float) -> None:
        """Begin a frame.

        Args:
            size: of the window, in its units, not 0.
            ratio: pixels a unit.
            seconds: since the frame before.
        """
        imgui.set_current_context(self._imgui)
        self._feed()
        self.io.display_size = imgui.ImVec2(*size)
        self.io.display_framebuffer_scale = imgui.ImVec2(ratio, ratio)
        self.io.delta_time = max(seconds, 1e-4)
        imgui.new_frame()

    def end(self) -> None:
        """End the frame and draw it, onto what is bound."""
        popup = imgui.is_popup_open("", imgui.PopupFlags_.any_popup.value)
        self.holds_pointer = popup or imgui.is_any_item_active()
        imgui.render()
        for texture in imgui.get_platform_io().textures:
            if texture.status != imgui.ImTextureStatus.ok:
                self._update(texture)
        if self._context is not None:
            self._draw(self._context, imgui.get_draw_data())

    def image(self, name: str, pixels: NDArray[np.uint8] | None = None) -> imgui.ImTextureRef:
        """The image of a name, for :func:`imgui.image`.

        Args:
            name: by which it is kept.
            pixels: (height, width, 4), if it is a new one.
        """
        number = self._names.setdefault(name, _NAMED + len(self._names))
        if pixels is not None:
            height, width = pixels.shape[:2]
            kept = self._textures.get(number)
            if self._context is None:
                return imgui.ImTextureRef(number)
            if kept is None or tuple(kept.size) != (width, height):
                if kept is not None:
                    kept.release()
                kept = self._textures[number] = self._context.texture((width, height), 4)
                kept.filter = (moderngl.LINEAR, moderngl.LINEAR)
                kept.repeat_x = kept.repeat_y = False
            kept.write(np.ascontiguousarray(pixels))
        return imgui.ImTextureRef(number)

    def close(self) -> None:
        """Free all of it."""
        for texture in self._textures.values():
            texture.release()
        self._textures = {}
        imgui.destroy_context(self._imgui)

    def _mods(self, mods: int) -> None:
        for bit, key in ((SHIFT, imgui.Key.mod_shift), (CONTROL, imgui.Key.mod_ctrl), (ALT, imgui.Key.mod_alt)):
            self.io.add_key_event(key, bool(mods & bit))

    def _update(self, texture: imgui.ImTextureData) -> None:
        """Letters: their image grows as they are used."""
        status = imgui.ImTextureStatus
        if texture.status == status.want_destroy:
            kept = self._textures.pop(texture.tex_id, None)
            if kept is not None:
                kept.release()
            texture.set_tex_id(0)
            texture.status = status.destroyed
            return
        if texture.status == status.want_create:
            texture.set_tex_id(self._numbers)
            self._numbers += 1
        if self._context is not None:
            size = (texture.width, texture.height)
            kept = self._textures.get(texture.tex_id)
            if kept is None or tuple(kept.size) != size:
                kept = self._textures[texture.tex_id] = self._context.texture(size, 4)
            kept.write(np.asarray(texture.get_pixels_array()))
        texture.status = status.ok

    def _draw(self, context: moderngl.Context, data: imgui.ImDrawData) -> None:
        ratio = self.io.display_framebuffer_scale.x
        width, height = self.io.display_size.x, self.io.display_size.y
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
                context,
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

    def _upload(self, context: moderngl.Context, vertices: bytes, indices: bytes) -> None:
        if len(vertices) > self._room[0] or len(indices) > self._room[1]:
            self._room = [max(1 << 18, 2 * len(vertices)), max(1 << 17, 2 * len(indices))]
            self._vertices = context.buffer(reserve=self._room[0], dynamic=True)
            self._indices = context.buffer(reserve=self._room[1], dynamic=True)
            content = [(self._vertices, "2f 2f 4f1", "place", "corner", "color")]
            self._array = context.vertex_array(
                self._program, content, index_buffer=self._indices, index_element_size=imgui.INDEX_SIZE
            )
        self._vertices.orphan()
        self._indices.orphan()
        self._vertices.write(vertices)
        self._indices.write(indices)


def dress(style: imgui.Style, scale: float) -> None:
    """Dark, quiet, and to be read from a step away."""
    color, c = style.set_color_, imgui.Col_
    for place, rgba in {
        c.window_bg: (0.035, 0.04, 0.05, 0.88),
        c.child_bg: (0.0, 0.0, 0.0, 0.0),
        c.popup_bg: (0.05, 0.055, 0.07, 0.97),
        c.border: (1.0, 1.0, 1.0, 0.07),
        c.text: (0.86, 0.88, 0.91, 1.0),
        c.text_disabled: (0.55, 0.59, 0.65, 1.0),
        c.frame_bg: (1.0, 1.0, 1.0, 0.07),
        c.frame_bg_hovered: (1.0, 1.0, 1.0, 0.12),
        c.frame_bg_active: (1.0, 1.0, 1.0, 0.16),
        c.slider_grab: (0.19, 0.35, 0.46, 1.0),
        c.slider_grab_active: (0.36, 0.62, 0.78, 1.0),
        c.check_mark: (0.56, 0.82, 0.96, 1.0),
        c.button: (1.0, 1.0, 1.0, 0.08),
        c.button_hovered: (0.36, 0.62, 0.78, 0.45),
        c.button_active: (0.36, 0.62, 0.78, 0.8),
        c.header: (0.36, 0.62, 0.78, 0.32),
        c.header_hovered: (0.36, 0.62, 0.78, 0.22),
        c.header_active: (0.36, 0.62, 0.78, 0.5),
        c.tab: (0.0, 0.0, 0.0, 0.0),
        c.tab_hovered: (0.36, 0.62, 0.78, 0.35),
        c.tab_selected: (1.0, 1.0, 1.0, 0.1),
        c.tab_selected_overline: (0.56, 0.82, 0.96, 1.0),
        c.separator: (1.0, 1.0, 1.0, 0.07),
        c.scrollbar_bg: (0.0, 0.0, 0.0, 0.0),
        c.scrollbar_grab: (1.0, 1.0, 1.0, 0.12),
        c.plot_lines: (0.56, 0.82, 0.96, 1.0),
        c.resize_grip: (0.0, 0.0, 0.0, 0.0),
    }.items():
        color(place, imgui.ImVec4(*rgba))
    style.window_rounding = style.child_rounding = 0.0
    style.frame_rounding = style.grab_rounding = style.tab_rounding = 2.0 * scale
    style.window_border_size = style.frame_border_size = style.child_border_size = 0.0
    style.window_padding = imgui.ImVec2(10.0 * scale, 8.0 * scale)
    style.frame_padding = imgui.ImVec2(6.0 * scale, 2.0 * scale)
    style.item_spacing = imgui.ImVec2(6.0 * scale, 4.0 * scale)
    style.item_inner_spacing = imgui.ImVec2(5.0 * scale, 3.0 * scale)
    style.scrollbar_size = 8.0 * scale
    style.grab_min_size = 6.0 * scale


def _four(rect: imgui.ImVec4) -> tuple[float, float, float, float]:
    return rect.x, rect.y, rect.z, rect.w


_KEYS = {
    "tab": imgui.Key.tab,
    "backspace": imgui.Key.backspace,
    "enter": imgui.Key.enter,
    "escape": imgui.Key.escape,
    "insert": imgui.Key.insert,
    "delete": imgui.Key.delete,
    "left": imgui.Key.left_arrow,
    "right": imgui.Key.right_arrow,
    "up": imgui.Key.up_arrow,
    "down": imgui.Key.down_arrow,
    "home": imgui.Key.home,
    "end": imgui.Key.end,
    "a": imgui.Key.a,
    "c": imgui.Key.c,
    "v": imgui.Key.v,
    "x": imgui.Key.x,
    "y": imgui.Key.y,
    "z": imgui.Key.z,
}
