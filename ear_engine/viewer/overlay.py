"""What is drawn over the map beside the console: names, outlines of selections, messages, the list of keys."""

from __future__ import annotations

from collections.abc import Sequence

from imgui_bundle import imgui

from ear_engine.viewer.keys import BINDINGS, MOUSE
from ear_engine.viewer.reports import color

Point = tuple[float, float]
_INK = (0.93, 0.95, 0.97, 1.0)
_DIM = (0.62, 0.67, 0.73, 1.0)
_GROUND = (0.02, 0.025, 0.035, 0.86)
_LINE = (1.0, 1.0, 1.0, 0.8)


def label(lines: Sequence[str], x: float, y: float, size: tuple[int, int], scale: float) -> None:
    """Lines of text beside a place, inside the window; the first is the brightest."""
    if not lines:
        return
    pad, gap = 8.0 * scale, 14.0 * scale
    extents = [imgui.calc_text_size(line) for line in lines]
    height = sum(one.y for one in extents) + 2.0 * pad
    width = max(one.x for one in extents) + 2.0 * pad
    left = x + gap if x + gap + width < size[0] else max(0.0, x - gap - width)
    top = min(max(0.0, y + gap), max(0.0, size[1] - height))
    draw = imgui.get_foreground_draw_list()
    corner, end = imgui.ImVec2(left, top), imgui.ImVec2(left + width, top + height)
    draw.add_rect_filled(corner, end, color(*_GROUND), 3.0 * scale)
    at = top + pad
    for number, (line, extent) in enumerate(zip(lines, extents, strict=True)):
        draw.add_text(imgui.ImVec2(left + pad, at), color(*(_DIM if number else _INK)), line)
        at += extent.y


def banner(text: str, size: tuple[int, int], high: float, scale: float) -> None:
    """One line in the middle of the window, at a share of its height."""
    extent = imgui.calc_text_size(text)
    pad = 10.0 * scale
    x, y = (size[0] - extent.x) / 2, size[1] * high
    draw = imgui.get_foreground_draw_list()
    corner, end = imgui.ImVec2(x - pad, y - 0.6 * pad), imgui.ImVec2(x + extent.x + pad, y + extent.y + 0.6 * pad)
    draw.add_rect_filled(corner, end, color(*_GROUND), 3.0 * scale)
    draw.add_text(imgui.ImVec2(x, y), color(*_INK), text)


def outline(points: Sequence[Point], scale: float) -> None:
    """A box or lasso that is being drawn."""
    if len(points) > 1:
        corners: list[imgui.ImVec2Like] = [imgui.ImVec2(*point) for point in (*points, points[0])]
        imgui.get_background_draw_list().add_polyline(corners, color(*_LINE), 1.5 * scale, 0)


def brush(x: float, y: float, radius: float, scale: float) -> None:
    """Where the brush would paint."""
    imgui.get_background_draw_list().add_circle(imgui.ImVec2(x, y), radius, color(*_LINE), 48, 1.2 * scale)


def keys(size: tuple[int, int], scale: float) -> None:
    """What keys and mouse do."""
    rows = [(binding.shown, binding.about) for binding in BINDINGS] + [("", ""), *MOUSE]
    line = 20.0 * scale
    first = max(imgui.calc_text_size(key).x for key, _ in rows) + 22.0 * scale
    width = first + max(imgui.calc_text_size(about).x for _, about in rows)
    columns = 1 if len(rows) * line < size[1] - 60.0 * scale else 2
    tall = -(-len(rows) // columns)
    pad = 22.0 * scale
    left = (size[0] - columns * (width + pad)) / 2
    top = max(0.0, (size[1] - tall * line) / 2)
    draw = imgui.get_foreground_draw_list()
    corner = imgui.ImVec2(left - pad, top - pad)
    end = imgui.ImVec2(left + columns * (width + pad), top + tall * line + pad)
    draw.add_rect_filled(corner, end, color(0.02, 0.025, 0.035, 0.95), 4.0 * scale)
    for number, (key, about) in enumerate(rows):
        x = left + (number // tall) * (width + pad)
        y = top + (number % tall) * line
        draw.add_text(imgui.ImVec2(x, y), color(*_INK), key)
        draw.add_text(imgui.ImVec2(x + first, y), color(*_DIM), about)
