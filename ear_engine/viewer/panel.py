"""Dear ImGui in a moderngl context: input in, frames out. What is in the panels is not known here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

import imgui_bundle
import moderngl
import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from ear_engine.viewer.dress import dress
from ear_engine.viewer.events import ALT, CONTROL, SHIFT, Button, Event, Focus, Key, Moved, Text, Wheel
from ear_engine.viewer.triangles import Triangles

_NAMED = 1 << 20  # numbers of named images begin here, beyond those of letters
_LETTERS = 15.0  # units of the window


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
        self._triangles = None if context is None else Triangles(context)
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
        if self._triangles is not None:
            size, ratio = self.io.display_size, self.io.display_framebuffer_scale.x
            self._triangles.draw(imgui.get_draw_data(), (size.x, size.y), ratio)

    def image(self, name: str, pixels: NDArray[np.uint8] | None = None) -> imgui.ImTextureRef:
        """The image of a name, for :func:`imgui.image`.

        Args:
            name: by which it is kept.
            pixels: (height, width, 4), if it is a new one.
        """
        number = self._names.setdefault(name, _NAMED + len(self._names))
        if pixels is not None and self._triangles is not None:
            self._triangles.put(number, pixels)
        return imgui.ImTextureRef(number)

    def keep(self, images: Mapping[str, NDArray[np.uint8] | None]) -> tuple[str, ...]:
        """Keep images (see :meth:`image`) by their names; return the names of those that there are."""
        there = {name: pixels for name, pixels in images.items() if pixels is not None}
        for name, pixels in there.items():
            self.image(name, pixels)
        return tuple(there)

    def close(self) -> None:
        """Free all of it."""
        if self._triangles is not None:
            self._triangles.release()
        imgui.destroy_context(self._imgui)

    def _mods(self, mods: int) -> None:
        for bit, key in ((SHIFT, imgui.Key.mod_shift), (CONTROL, imgui.Key.mod_ctrl), (ALT, imgui.Key.mod_alt)):
            self.io.add_key_event(key, bool(mods & bit))

    def _update(self, texture: imgui.ImTextureData) -> None:
        """Letters: their image grows as they are used."""
        status = imgui.ImTextureStatus
        if texture.status == status.want_destroy:
            if self._triangles is not None:
                self._triangles.drop(texture.tex_id)
            texture.set_tex_id(0)
            texture.status = status.destroyed
            return
        if texture.status == status.want_create:
            texture.set_tex_id(self._numbers)
            self._numbers += 1
        if self._triangles is not None:
            self._triangles.put(texture.tex_id, np.asarray(texture.get_pixels_array()), (texture.width, texture.height))
        texture.status = status.ok


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
