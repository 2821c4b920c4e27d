"""Pictures of an album: one of each loop, and the family tree with all of them. Needs Pillow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ear_engine.memory.family import Member
from ear_engine.memory.picture import picture
from ear_engine.memory.remembered import Remembered, words_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 1200, 400
SMALL = (240, 80)
_MARGIN, _CAPTION, _GAP, _LINE = 24, 58, 90, 34
_DARK, _PAPER, _QUIET, _BRANCH = (8, 9, 14), (236, 232, 226), (138, 134, 150), (214, 76, 82)
_MOST = 16000  # pixels a side

Pixels = NDArray[np.uint8]


def draw_loop(loop: Remembered, audio: NDArray[np.float32]) -> tuple[Image, Pixels]:
    """The picture of a loop with its name and its beats, and a small one without."""
    from PIL import Image, ImageDraw

    large = picture(audio, loop.sample_rate, WIDTH, HEIGHT)
    page = Image.new("RGB", (WIDTH + 2 * _MARGIN, HEIGHT + 2 * _MARGIN + _CAPTION), _DARK)
    page.paste(Image.fromarray(large), (_MARGIN, _MARGIN))
    draw = ImageDraw.Draw(page)
    for beat in range(loop.beats):
        x = _MARGIN + round(beat * WIDTH / loop.beats)
        long = 10 if beat % 4 == 0 else 5
        draw.line((x, _MARGIN + HEIGHT + 2, x, _MARGIN + HEIGHT + 2 + long), fill=_QUIET)
    facts = f"{words_of(loop.target)} · from {loop.clip} · {loop.tempo:.4g} BPM, {loop.beats} beats · "
    facts += f"{loop.loudness:.1f} LUFS · objective {loop.objective:.4g}"
    draw.text((_MARGIN, _MARGIN + HEIGHT + 16), loop.name, fill=_PAPER, font=_font(22))
    draw.text((_MARGIN, _MARGIN + HEIGHT + 44), facts, fill=_QUIET, font=_font(15))
    small = np.asarray(Image.fromarray(large).resize(SMALL, Image.Resampling.LANCZOS))
    return page, small


def draw_family(members: Sequence[Member], small: Mapping[int, Pixels]) -> Image:
    """The family tree from left to right; those with a ``small`` picture have it, of others there is a dot."""
    from PIL import Image, ImageDraw

    places = _places(members)
    step = SMALL[0] + _GAP, SMALL[1] + _LINE + 26
    columns, rows = (max(place[k] for place in places.values()) + 1 for k in (0, 1))
    width = min(_MOST, 2 * _MARGIN + columns * step[0] - _GAP + 60)
    page = Image.new("RGB", (width, min(_MOST, 2 * _MARGIN + rows * step[1])), _DARK)
    draw = ImageDraw.Draw(page)
    corner = {number: (_MARGIN + x * step[0], _MARGIN + y * step[1]) for number, (x, y) in places.items()}
    for member in members:
        if member.parent in corner:
            _branch(draw, corner[member.parent], corner[member.loop.number], member.later)
    for member in members:
        x, y = corner[member.loop.number]
        pixels = small.get(member.loop.number)
        if pixels is None:
            middle = y + SMALL[1] // 2
            draw.rectangle((x, y, x + SMALL[0], y + SMALL[1]), fill=(20, 20, 30))
            draw.ellipse((x + 10, middle - 5, x + 20, middle + 5), fill=_BRANCH)
            draw.text((x + 30, middle - 9), member.loop.clip[:26], fill=_QUIET, font=_font(15))
        else:
            page.paste(Image.fromarray(pixels), (x, y))
        draw.text((x, y + SMALL[1] + 6), _short(member.loop.name), fill=_PAPER, font=_font(15))
    return page


def _places(members: Sequence[Member]) -> dict[int, tuple[int, int]]:
    """Column and row: a first child stands beside its parent, others below."""
    places: dict[int, tuple[int, int]] = {}
    row = -1
    before: Member | None = None
    for member in members:
        if before is None or member.parent != before.loop.number:
            row += 1
        places[member.loop.number] = member.depth, row
        before = member
    return places


def _branch(draw: object, start: tuple[int, int], end: tuple[int, int], later: int) -> None:
    middle = SMALL[1] // 2
    left, right = (start[0] + SMALL[0], start[1] + middle), (end[0], end[1] + middle)
    turn = right[0] - _GAP // 2
    points = [left, (turn, left[1]), (turn, right[1]), right]
    draw.line(points, fill=_BRANCH, width=2)  # type: ignore[attr-defined]  # of Pillow, which is loaded when it draws
    if later > 1:
        draw.text((turn + 6, right[1] - 20), f"+{later}", fill=_QUIET, font=_font(13))  # type: ignore[attr-defined]


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:29]}…"


def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)  # type: ignore[return-value]  # Pillow's own, as it has FreeType
