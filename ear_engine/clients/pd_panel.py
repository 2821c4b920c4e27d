"""The panel for Pd: every parameter that is played, as ``patches/puredata/ear-engine/ear-panel.pd`` has it.

``make clients`` writes it anew after a change of the parameter table.
"""

from __future__ import annotations

from collections.abc import Iterable

from ear_engine.clients.pd_patch import Patch
from ear_engine.parameters import Parameter, ParameterTree

FILE = ("patches", "puredata", "ear-engine")
NAME = "ear-panel.pd"
_WIDE, _HIGH, _TITLE, _TOP, _LEFT = 232, 46, 28, 90, 20
_COLUMNS = (("dream", "source", "playback"), ("target",), ("tone", "rhythm"))
_KINDS = {"trigger": "ear-bang", "text": "ear-text"}


def panel(rows: Iterable[Parameter] | None = None) -> str:
    """The patch: a column for some groups, each with its name above its parameters.

    Args:
        rows: of the table; the built-in one if None. Groups that are not among the first columns come in the last.
    """
    groups: dict[str, list[Parameter]] = {}
    for row in ParameterTree() if rows is None else rows:
        if row.page == "play":
            groups.setdefault(row.group, []).append(row)
    placed = {group for column in _COLUMNS for group in column}
    wanted = [[group for group in column if group in groups] for column in _COLUMNS]
    wanted[-1] += [group for group in groups if group not in placed]
    columns = [part for column in wanted if column for part in _broken(column, groups)]
    tall = max(sum(_TITLE + _HIGH * len(here) for _, here in column) for column in columns)
    patch = Patch(2 * _LEFT + _WIDE * len(columns), _TOP + tall + 20)
    engine = patch.object(_LEFT, 20, "ear-engine")
    lamp = patch.raw(f"#X obj {_LEFT} 50 tgl 17 0 empty empty answers 24 8 0 12 #fcfcfc #000000 #000000 0 1")
    refused = patch.object(_LEFT + 110, 50, "print refused")
    patch.connect(engine, 0, lamp)
    patch.connect(engine, 1, refused)
    patch.comment(_LEFT + 240, 20, "All that is played. For an engine elsewhere: ear-engine HOST PORT.", 80)
    for number, column in enumerate(columns):
        y = _TOP
        for title, here in column:
            patch.comment(_LEFT + number * _WIDE, y, title, 20)
            y += _TITLE
            for row in here:
                patch.object(_LEFT + number * _WIDE, y, f"{_KINDS.get(row.kind, 'ear-slider')} {row.name}")
                y += _HIGH
    return patch.text()


def _broken(
    column: list[str], groups: dict[str, list[Parameter]], most: int = 14
) -> list[list[tuple[str, list[Parameter]]]]:
    """A column, or several if it would be taller than a screen."""
    parts: list[list[tuple[str, list[Parameter]]]] = [[]]
    for group in column:
        rows = groups[group]
        for start in range(0, len(rows), most):
            piece = rows[start : start + most]
            if sum(len(here) for _, here in parts[-1]) + len(piece) > most and parts[-1]:
                parts.append([])
            parts[-1].append((group, piece))
    return parts
