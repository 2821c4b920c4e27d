"""What is drawn over the map beside the console: names, outlines of selections, messages, the list of keys."""

from __future__ import annotations

from collections.abc import Sequence

from imgui_bundle import imgui

from ear_engine.viewer.keys import BINDINGS, GROUPS, MOUSE
from ear_engine.viewer.notices import Notices
from ear_engine.viewer.reports import color

Point = tuple[float, float]
_INK = (0.93, 0.95, 0.97, 1.0)
_DIM = (0.62, 0.67, 0.73, 1.0)
_GROUND = (0.02, 0.025, 0.035, 0.86)
_LINE = (1.0, 1.0, 1.0, 0.9)
_UNDER = (0.0, 0.0, 0.0, 0.6)  # beside lines, so that they are seen over what shines, too
_HEAD = (0.56, 0.78, 0.92, 1.0)


def label(lines: Sequence[str], x: float, y: float, size: tuple[int, int], scale: float) -> None:
    """Lines of text beside a place, inside a free area from the top left of the window; the first is the brightest."""
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


def notices(said: Notices, left: float, size: tuple[int, int], free: tuple[int, int], scale: float) -> None:
    """Lines over the map.

    Args:
        said: what they say.
        left: where the part of the window begins that nothing covers.
        size: of the window.
        free: where that part ends, right and below.
        scale: of letters.
    """
    if said.waited:
        banner(said.waited, size, 0.46, scale)
    if said.lacking:
        note(said.lacking, left, free, scale)
    if said.told:
        banner(said.told, size, 0.9, scale)


def note(text: str, left: float, size: tuple[int, int], scale: float) -> None:
    """One line at the bottom left of a free area, as much of it as there is room for.

    Args:
        text: what it says.
        left: where the area begins.
        size: where it ends, right and below.
        scale: of letters.
    """
    room, extent = size[0] - left - 2.0 * (14.0 + 8.0) * scale, imgui.calc_text_size(text).x
    if extent > room:
        text = f"{text[: max(0, int(len(text) * room / extent) - 1)]}…"
    label((text,), left, float(size[1]), size, scale)


def outline(points: Sequence[Point], scale: float) -> None:
    """A box or lasso that is being drawn."""
    if len(points) > 1:
        corners: list[imgui.ImVec2Like] = [imgui.ImVec2(*point) for point in (*points, points[0])]
        draw = imgui.get_background_draw_list()
        for ink, thick in ((_UNDER, 4.5), (_LINE, 1.5)):
            draw.add_polyline(corners, color(*ink), thick * scale, 0)


def brush(x: float, y: float, radius: float, scale: float) -> None:
    """Where the brush would paint."""
    draw = imgui.get_background_draw_list()
    for ink, thick in ((_UNDER, 4.2), (_LINE, 1.5)):
        draw.add_circle(imgui.ImVec2(x, y), radius, color(*ink), 64, thick * scale)


def keys(size: tuple[int, int], scale: float) -> None:
    """What keys and mouse do, in as many columns as it takes, whole groups in each."""
    line, pad, gap = 20.0 * scale, 22.0 * scale, 34.0 * scale
    groups: list[tuple[str, tuple[tuple[str, str], ...]]] = [("mouse", MOUSE)]
    groups += [(name, tuple((one.shown, one.about) for one in BINDINGS if one.group == name)) for name in GROUPS]
    rows = [pair for _, pairs in groups for pair in pairs]
    first = max(imgui.calc_text_size(key).x for key, _ in rows) + 16.0 * scale
    width = first + max(imgui.calc_text_size(about).x for _, about in rows)
    room = max(1, int((size[0] - 2.0 * pad + gap) // (width + gap)))
    columns = _columns([len(pairs) + 2 for _, pairs in groups], min(room, 2))
    tall = max(sum(len(groups[number][1]) + 2 for number in column) for column in columns) - 1
    left = (size[0] - len(columns) * (width + gap) + gap) / 2
    top = max(pad, (size[1] - tall * line) / 2)
    draw = imgui.get_foreground_draw_list()
    corner = imgui.ImVec2(left - pad, top - pad)
    end = imgui.ImVec2(left + len(columns) * (width + gap) - gap + pad, top + tall * line + pad)
    draw.add_rect_filled(corner, end, color(0.02, 0.025, 0.035, 0.97), 4.0 * scale)
    for place, column in enumerate(columns):
        x, y = left + place * (width + gap), top
        for number in column:
            title, pairs = groups[number]
            draw.add_text(imgui.ImVec2(x, y), color(*_HEAD), title)
            for key, about in pairs:
                y += line
                draw.add_text(imgui.ImVec2(x, y), color(*_INK), key)
                draw.add_text(imgui.ImVec2(x + first, y), color(*_DIM), about)
            y += 2.0 * line


def _columns(heights: Sequence[int], count: int) -> list[list[int]]:
    """Numbers of the groups in each of at most two columns, in order, so that the taller one is as low as can be."""
    if count < 2:
        return [list(range(len(heights)))]
    cut = min(range(1, len(heights)), key=lambda at: max(sum(heights[:at]), sum(heights[at:])))
    return [list(range(cut)), list(range(cut, len(heights)))]
