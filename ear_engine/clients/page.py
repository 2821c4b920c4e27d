"""Where everything stands on the play page of a screen (Max, Open Stage Control): a rectangle for each thing.

TouchOSC's layout is made for fingers, by its own rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ear_engine.clients.panel import PAD, Section, sections
from ear_engine.parameters import Parameter

WIDTH, HEIGHT = 1366, 756  # units; pixels where nothing else is said
Rect = tuple[int, int, int, int]  # left, top, width, height
Kind = Literal[
    "title", "fader", "lying", "toggle", "menu", "text", "button", "pad", "layers", "presets", "clips", "meters",
    "playhead", "engine",
]  # fmt: skip
_GAP, _STRIP, _TALL, _LINE = 6, 100, 164, 30
_TOP, _LEFT, _RIGHT, _ROW = 50, 384, 396, 232


@dataclass(frozen=True)
class Cell:
    """One thing on the page.

    Args:
        kind: what it is.
        rect: where it is.
        section: title of the group it belongs to, for its color; none if empty.
        row: the parameter it shows, if it shows one.
    """

    kind: Kind
    rect: Rect
    section: str = ""
    row: Parameter | None = None


def page() -> tuple[Cell, ...]:
    """Everything on the page, nothing over another."""
    named = {section.title: section for section in sections()}
    lower, lowest = _TOP + _ROW, _TOP + 2 * _ROW
    tone = len(named["Tone"].rows) * _STRIP + _GAP
    return (
        Cell("engine", (0, 0, _LEFT, _TOP - _GAP)),
        Cell("presets", (_RIGHT, 0, 420, _TOP - _GAP)),
        Cell("playhead", (_RIGHT + 430, 0, WIDTH - _RIGHT - 430, _TOP - _GAP)),
        *_map(named["Map"], named["Target"], named["Dream"]),
        *_section(named["Target"], _RIGHT, _TOP),
        *_section(named["Dream"], _RIGHT + len(named["Target"].rows) * _STRIP + _GAP, _TOP),
        *_section(named["Tone"], _RIGHT, lower),
        *_section(named["Rhythm"], _RIGHT + tone, lower),
        *_section(named["Playback"], _RIGHT, lowest),
        Cell("meters", (_RIGHT + 320, lowest, WIDTH - _RIGHT - 320, _ROW)),
    )


def _map(section: Section, target: Section, dream: Section) -> list[Cell]:
    """The left column: pad, radius, and what is chosen by name."""
    cells = [Cell("title", (0, _TOP, _LEFT, 20), "Map"), Cell("pad", (0, _TOP + 22, _LEFT, _LEFT), "Map")]
    top = _TOP + 22 + _LEFT + _GAP
    for row in section.rows:
        if row.name not in PAD:
            cells.append(Cell("lying", (0, top, _LEFT, 44), "Map", row))
            top += 44 + _GAP
    cells.append(Cell("layers", (0, top, _LEFT, 44), "Target"))
    top += 44 + _GAP
    for row in (*target.words, *dream.words):
        kind: Kind = "clips" if row.name == "source/clip" else "text"
        cells.append(Cell(kind, (0, top, _LEFT, 44), "Target" if kind == "text" else "Dream", row))
        top += 44 + _GAP
    return cells


def _section(section: Section, left: int, top: int) -> list[Cell]:
    """A title, faders in a row, switches below or beside them."""
    faders = [row for row in section.rows if row.kind != "bool"]
    cells = [Cell("title", (left, top, len(faders) * _STRIP, 20), section.title)]
    for number, row in enumerate(faders):
        rect = (left + number * _STRIP, top + 22, _STRIP - _GAP, _TALL)
        cells.append(Cell("fader", rect, section.title, row))
    small: list[tuple[Kind, Parameter]] = [
        *(("toggle", row) for row in section.rows if row.kind == "bool"),
        *(("menu", row) for row in section.words if row.kind == "choice"),
        *(("button", row) for row in section.buttons),
    ]
    below = top + 22 + _TALL + _GAP
    room = max(len(faders), 1)
    for number, (what, row) in enumerate(small):
        if number < room:
            rect = (left + number * _STRIP, below, _STRIP - _GAP, _LINE)
        else:
            rect = (left + room * _STRIP, top + 22 + (number - room) * (_LINE + _GAP), _STRIP - _GAP, _LINE)
        cells.append(Cell(what, rect, section.title, row))
    return cells
