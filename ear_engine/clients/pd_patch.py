"""Writes Pd patches: boxes at places, joined by lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

FONT = 12
"""Points of all patches."""
_SPECIAL = re.compile(r"[,;]|\$(?=[0-9])")
_GAP = re.compile(r"\s*([,;])\s*")


@dataclass
class Patch:
    """A patch that is being written; what adds a box returns its number.

    Args:
        width, height: pixels of its window.
        shown: (width, height) of what of it is shown on the patch that uses it, from its left upper corner; None if
            nothing is.
    """

    width: int
    height: int
    shown: tuple[int, int] | None = None
    _boxes: list[str] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)

    def object(self, x: int, y: int, text: str) -> int:
        """An object, such as ``osc~ 440``."""
        return self._add(f"#X obj {x} {y} {_escaped(text)};")

    def message(self, x: int, y: int, text: str) -> int:
        """A message box; ``,`` and ``;`` mean in it what they mean in Pd."""
        return self._add(f"#X msg {x} {y} {_spaced(_escaped(text, keep=',;'))};")

    def number(self, x: int, y: int, characters: int = 6) -> int:
        """A number box."""
        return self._add(f"#X floatatom {x} {y} {characters} 0 0 0 - - - 0;")

    def word(self, x: int, y: int, characters: int = 12) -> int:
        """A box for a word."""
        return self._add(f"#X symbolatom {x} {y} {characters} 0 0 0 - - - 0;")

    def comment(self, x: int, y: int, text: str, characters: int = 60) -> int:
        """A comment, broken into lines of at most so many characters."""
        return self._add(f"#X text {x} {y} {_spaced(text)}, f {characters};")

    def part(self, x: int, y: int, name: str, patch: Patch) -> int:
        """A patch inside this one."""
        inner = patch.text().replace(f" {FONT};\n", f" {name} 0;\n", 1)
        return self._add(f"{inner}#X restore {x} {y} pd {name};")

    def raw(self, line: str) -> int:
        """A box as the file has it, without the semicolon at its end."""
        return self._add(f"{line};")

    def connect(self, source: int, outlet: int, target: int, inlet: int = 0) -> None:
        """Draw a line from an outlet to an inlet."""
        self._lines.append(f"#X connect {source} {outlet} {target} {inlet};")

    def chain(self, *boxes: int) -> None:
        """Draw lines from each box to the next, first outlet to first inlet."""
        for source, target in pairwise(boxes):
            self.connect(source, 0, target)

    def text(self) -> str:
        """The file."""
        head = f"#N canvas 60 60 {self.width} {self.height} {FONT};"
        tail = [] if self.shown is None else [f"#X coords 0 -1 1 1 {self.shown[0]} {self.shown[1]} 2 0 0;"]
        return "\n".join([head, *self._boxes, *self._lines, *tail]) + "\n"

    def _add(self, line: str) -> int:
        self._boxes.append(line)
        return len(self._boxes) - 1


def _escaped(text: str, keep: str = "") -> str:
    return _SPECIAL.sub(lambda found: found[0] if found[0] in keep else "\\" + found[0], text)


def _spaced(text: str) -> str:
    """Commas and semicolons stand for themselves in a file only between spaces and behind a backslash."""
    return _GAP.sub(r" \\\1 ", text).strip()
