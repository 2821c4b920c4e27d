"""Parts of the console that only show: images with the playhead, meters, lists of what has happened, the foot line."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from imgui_bundle import imgui

from ear_engine.optimization.spectral_curve import band_gain, tilt_gain
from ear_engine.parameters import Value
from ear_engine.viewer.panel import Panel
from ear_engine.viewer.snapshot import Snapshot

_PLAYHEAD = (1.0, 1.0, 1.0, 0.9)
_GRID = (1.0, 1.0, 1.0, 0.16)
_BAR = (0.36, 0.62, 0.78, 0.55)
_WARNING = (1.0, 0.74, 0.4, 1.0)
_HERTZ = np.geomspace(40.0, 16000.0, 120)
_LOUD = ("error", "warning", "refused")


def image(panel: Panel, name: str, size: tuple[float, float], phase: float, beats: float) -> None:
    """An image over the whole loop, beats as lines, and where the sound is.

    Args:
        panel: that has the image.
        name: of it; empty: a dark place.
        size: to draw it at.
        phase: 0..1; below 0 nothing is heard.
        beats: of the loop.
    """
    corner = imgui.get_cursor_screen_pos()
    draw = imgui.get_window_draw_list()
    end = imgui.ImVec2(corner.x + size[0], corner.y + size[1])
    if name:
        draw.add_image(panel.image(name), corner, end)
    else:
        draw.add_rect_filled(corner, end, color(1.0, 1.0, 1.0, 0.03))
    for beat in range(1, min(int(beats + 0.5), 64)):
        x = corner.x + size[0] * beat / beats
        draw.add_line(imgui.ImVec2(x, corner.y), imgui.ImVec2(x, end.y), color(*_GRID))
    if phase >= 0.0:
        x = corner.x + size[0] * phase
        draw.add_line(imgui.ImVec2(x, corner.y), imgui.ImVec2(x, end.y), color(*_PLAYHEAD), 1.5 * panel.scale)
    imgui.dummy(imgui.ImVec2(*size))


def tone_curve(values: Mapping[str, Value], width: float, height: float) -> None:
    """How much of the change goes where in the spectrum, 40 Hz to 16 kHz, as ``tone/…`` says (without the scale)."""
    tilt, low, mid, high = (float(values[f"tone/{name}"]) for name in ("tilt", "low", "mid", "high"))
    gain = tilt_gain(_HERTZ, tilt) * band_gain(_HERTZ, low, mid, high)
    decibels = np.asarray(20.0 * np.log10(np.maximum(gain, 1e-9)), np.float32)
    imgui.plot_lines("##tone", decibels, scale_min=-48.0, scale_max=48.0, graph_size=imgui.ImVec2(width, height))


def meter(mean: float) -> None:
    """A bar behind the item drawn last: how much a layer fires on average."""
    low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
    share = max(0.0, min(1.0, mean / (1.0 + abs(mean)))) if mean > 0.0 else 0.0
    middle = low.x + 0.66 * (high.x - low.x)
    draw = imgui.get_window_draw_list()
    top, bottom = low.y + 0.35 * (high.y - low.y), low.y + 0.65 * (high.y - low.y)
    draw.add_rect_filled(imgui.ImVec2(middle, top), imgui.ImVec2(high.x, bottom), color(1.0, 1.0, 1.0, 0.05))
    end = middle + share * (high.x - middle)
    draw.add_rect_filled(imgui.ImVec2(middle, top), imgui.ImVec2(end, bottom), color(*_BAR))


def beside(text: str) -> None:
    """Small print at the right of the item drawn last."""
    low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
    width = imgui.calc_text_size(text).x
    place = imgui.ImVec2(max(low.x, high.x - width - imgui.get_style().window_padding.x), low.y)
    imgui.get_window_draw_list().add_text(place, imgui.get_color_u32(imgui.Col_.text_disabled), text)


def aim(snapshot: Snapshot) -> str:
    """What the target is, in a few words."""
    values = snapshot.values
    by = str(values.get("target/by", ""))
    said = {
        "layer": lambda: str(values["target/layer"]),
        "depth": lambda: f"depth {float(values['target/depth']):.2f}",
        "map": lambda: f"map {float(values['target/x']):.2f}, {float(values['target/y']):.2f}",
        "neurons": lambda: f"neurons {values['target/neurons']}",
        "name": lambda: str(values["target/name"]),
        "imprint": lambda: f"imprint {values['target/imprint']}",
        "objective": lambda: str(values["target/objective"]),
        "morph": lambda: f"a to b {float(values['target/morph']):.2f}",
    }
    text = said[by]() if by in said else by
    return text if len(text) <= 28 else f"{text[:27]}…"


def loops(snapshot: Snapshot) -> None:
    """The loops that were announced last, the newest first."""
    for loop in snapshot.loops:
        name = f"loop {loop.number}" if loop.number else "source"
        imgui.text(name)
        beside(f"{loop.seconds:.2f} s   {loop.beats} beats   {loop.objective:.3f}")
    if not snapshot.loops:
        imgui.text_disabled("none yet")


def events(snapshot: Snapshot) -> None:
    """What the engine has told, the newest first."""
    at = time.perf_counter()
    for event in snapshot.events:
        style = imgui.ImVec4(*_WARNING) if event.level in _LOUD else imgui.get_style_color_vec4(imgui.Col_.text)
        imgui.push_style_color(imgui.Col_.text, style)
        imgui.text_wrapped(f"{at - event.at:.0f} s ago: {event.message}")
        imgui.pop_style_color()
    if not snapshot.events:
        imgui.text_disabled("nothing has happened")


def foot(snapshot: Snapshot, frame_ms: float, frames: float, selected: int) -> None:
    """One line: how the engine does, and how the viewer does."""
    if not snapshot.connected:
        imgui.text_colored(imgui.ImVec4(*_WARNING), snapshot.waiting)
        imgui.same_line()
    else:
        status = snapshot.status
        number = {key: status.get(key, 0) for key in ("steps_per_second", "dropouts", "clients", "loop")}
        _pair("ear", str(status.get("ear", "")))
        _pair("on", str(status.get("device", "")))
        _pair("steps/s", f"{float(number['steps_per_second']):.1f}")
        _pair("loop", f"{number['loop']}")
        _pair("dropouts", f"{number['dropouts']}", bad=bool(number["dropouts"]))
        _pair("clients", f"{number['clients']}")
    if selected:
        _pair("selected", str(selected))
    _pair("frames/s", f"{frames:.0f}")
    _pair("ms a frame", f"{frame_ms:.1f}")
    imgui.text_disabled("? keys")


def _pair(name: str, value: str, bad: bool = False) -> None:
    imgui.text_disabled(name)
    imgui.same_line(0.0, 5.0)
    if bad:
        imgui.text_colored(imgui.ImVec4(*_WARNING), value)
    else:
        imgui.text(value)
    imgui.same_line(0.0, 16.0)


def color(red: float, green: float, blue: float, alpha: float) -> int:
    """A color for a draw list."""
    return int(imgui.get_color_u32(imgui.ImVec4(red, green, blue, alpha)))
