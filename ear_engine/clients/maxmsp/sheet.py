"""A patch that is being made: boxes at given places, cords between them, ports as they are in Max.

Needs py2max, which only those who build the patches install.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from py2max import Patcher
from py2max.core.box import Box
from py2max.core.common import Rect

Place = tuple[float, float]
Area = tuple[float, float, float, float]
BUILT_FOR = {"major": 8, "minor": 0, "revision": 0, "architecture": "x64", "modernui": 1}
_PORTS: dict[str, tuple[int, int]] = {  # of what py2max cannot know: name → inlets, outlets
    "ear.engine": (1, 1),
    "ear.param": (1, 3),
    "ear.stream": (1, 2),
    "ear.loop": (1, 2),
    "ear.list": (1, 2),
    "node.script": (1, 2),
}


class Sheet:
    """One patch.

    Args:
        size: width and height of its window.
        presentation: whether it opens in presentation mode.
    """

    def __init__(self, size: Place, presentation: bool = False) -> None:
        self.patcher = Patcher(openinpresentation=int(presentation), on_invalid="raise", validate_attrs=True)
        self.patcher.rect = Rect(100.0, 100.0, float(size[0]), float(size[1]))
        self._extra: dict[str, dict[str, str]] = {}

    def box(self, text: str, at: Place, ports: tuple[int, int] | None = None, **attributes: Any) -> Box:
        """An object that is written: ``route /ear/loop``.

        Args:
            text: its name and arguments.
            at: left, top.
            ports: inlets and outlets, where py2max does not know them.
            attributes: of the box.
        """
        name = text.split()[0]
        inlets, outlets = ports or _PORTS.get(name) or (None, None)
        made = self.patcher.add_textbox(text, numinlets=inlets, numoutlets=outlets, **attributes)
        return self._place(made, at)

    def message(self, text: str, at: Place) -> Box:
        """A message box."""
        return self._place(self.patcher.add_message(text), at)

    def comment(self, text: str, at: Place, width: float = 300.0, **attributes: Any) -> Box:
        """A note for people; a line for about every six units of width a letter."""
        lines = sum(-(-max(1, len(part)) * 6 // int(width)) for part in text.split("\n"))
        made = self.patcher.add_comment(text, **attributes)
        made.patching_rect = Rect(at[0], at[1], width, 20.0 * lines)
        return made

    def port(self, kind: str, at: Place, tip: str) -> Box:
        """An inlet or outlet; those further right have higher numbers."""
        made = self.patcher.add_textbox(kind)
        made.patching_rect = Rect(float(at[0]), float(at[1]), 30.0, 30.0)
        self._extra[str(made.id)] = {"comment": tip}
        return made

    def ui(self, kind: str, area: Area, shown: Area | None = None, **attributes: Any) -> Box:
        """A thing to see or touch: ``slider``, ``umenu``.

        Args:
            kind: its class.
            area: left, top, width, height in the patch.
            shown: the same in presentation mode; not shown there if None.
            attributes: of the box.
        """
        text = attributes.pop("text", "")
        add = self.patcher.add_textbox
        made = self.patcher.add_comment(text, **attributes) if kind == "comment" else add(kind, **attributes)
        if text and kind != "comment":
            self._extra[str(made.id)] = {"text": text}
        made.patching_rect = Rect(*(float(number) for number in area))
        if shown is not None:
            self.show(made, shown)
        return made

    def part(self, file: str, argument: str, area: Area, shown: Area, name: str) -> Box:
        """A patch that is shown in this one."""
        made = self.patcher.add_bpatcher(
            file,
            numinlets=0,
            numoutlets=0,
            outlettype=[],
            args=[argument] if argument else [],
            patching_rect=Rect(*(float(number) for number in area)),
            varname=name,
        )
        self.show(made, shown)
        return made

    def show(self, box: Box, area: Area) -> None:
        """Let ``box`` be seen in presentation mode, at ``area``."""
        box.add_to_presentation([float(number) for number in area])

    def cord(self, source: Box, target: Box, outlet: int = 0, inlet: int = 0) -> None:
        """Join an outlet with an inlet.

        Raises:
            py2max.exceptions.InvalidConnectionError: there is no such outlet or inlet.
        """
        self.patcher.add_line(source, target, outlet=outlet, inlet=inlet)

    def chain(self, *boxes: Box) -> None:
        """Join the first outlet of each with the first inlet of the next."""
        for source, target in pairwise(boxes):
            self.cord(source, target)

    def data(self) -> bytes:
        """The file, the same bytes for the same patch."""
        made = self.patcher.to_dict()
        made["patcher"]["appversion"] = BUILT_FOR
        for box in made["patcher"]["boxes"]:
            box["box"].update(self._extra.get(box["box"]["id"], {}))
        return (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode()

    @staticmethod
    def _place(made: Box, at: Place) -> Box:
        rect = made.patching_rect
        assert rect is not None
        made.patching_rect = Rect(float(at[0]), float(at[1]), float(rect[2]), 22.0)
        return made
