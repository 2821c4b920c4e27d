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
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 1200, 400
SMALL = (240, 80)
_MARGIN, _CAPTION, _GAP = 24, 58, 90
_STEP = SMALL[0] + _GAP, SMALL[1] + 60
_DARK, _SHADE, _PAPER, _QUIET, _BRANCH = (8, 9, 14), (20, 20, 30), (236, 232, 226), (138, 134, 150), (214, 76, 82)
_MOST = 8000  # pixels a side

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
    """The family tree from left to right; those with a ``small`` picture have it, of others there is a dot.

    A large family is drawn smaller, so that no side is longer than 8,000 pixels.
    """
    from PIL import Image, ImageDraw

    places = _places(members)
    columns, rows = (max(place[k] for place in places.values()) + 1 for k in (0, 1))
    width, height = 2 * _MARGIN + columns * _STEP[0], 2 * _MARGIN + rows * _STEP[1]
    scale = min(1.0, _MOST / width, _MOST / height)
    page = Image.new("RGB", (round(width * scale), round(height * scale)), _DARK)
    tree = _Tree(ImageDraw.Draw(page), scale, places)
    for member in members:
        tree.branch(member)
    for member in members:
        pixels = small.get(member.loop.number)
        if pixels is None:
            tree.stranger(member)
        else:
            picture = Image.fromarray(pixels)
            page.paste(picture if scale == 1.0 else picture.resize(tree.size), tree.corner(member.loop.number))
        tree.caption(member)
    return page


class _Tree:
    """Draws on a page, everything ``scale`` times as large."""

    def __init__(self, draw: ImageDraw, scale: float, places: Mapping[int, tuple[int, int]]) -> None:
        self._draw, self._scale, self._places = draw, scale, places
        self.size = self._at(SMALL[0]), self._at(SMALL[1])

    def corner(self, number: int) -> tuple[int, int]:
        column, row = self._places[number]
        return self._at(_MARGIN + column * _STEP[0]), self._at(_MARGIN + row * _STEP[1])

    def branch(self, member: Member) -> None:
        if member.parent not in self._places:
            return
        (left, top), (right, bottom) = self.corner(member.parent), self.corner(member.loop.number)
        middle, turn = self.size[1] // 2, right - self._at(_GAP // 2)
        points = [(left + self.size[0], top + middle), (turn, top + middle), (turn, bottom + middle)]
        self._draw.line([*points, (right, bottom + middle)], fill=_BRANCH, width=max(1, self._at(2)))
        if member.later > 1:
            place = (turn + self._at(6), bottom + middle - self._at(20))
            self._draw.text(place, f"+{member.later}", fill=_QUIET, font=self._font(13))

    def stranger(self, member: Member) -> None:
        x, y = self.corner(member.loop.number)
        middle = y + self.size[1] // 2
        self._draw.rectangle((x, y, x + self.size[0], y + self.size[1]), fill=_SHADE)
        dot = (x + self._at(10), middle - self._at(5), x + self._at(20), middle + self._at(5))
        self._draw.ellipse(dot, fill=_BRANCH)
        self._draw.text(
            (x + self._at(30), middle - self._at(9)), member.loop.clip[:26], fill=_QUIET, font=self._font(15)
        )

    def caption(self, member: Member) -> None:
        x, y = self.corner(member.loop.number)
        self._draw.text((x, y + self.size[1] + self._at(6)), _short(member.loop.name), fill=_PAPER, font=self._font(15))

    def _at(self, length: int) -> int:
        return round(length * self._scale)

    def _font(self, size: int) -> FreeTypeFont:
        return _font(max(4, self._at(size)))


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


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:29]}…"


def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)  # type: ignore[return-value]  # Pillow's own, as it has FreeType
