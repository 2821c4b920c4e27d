"""Reads Pd patches: what boxes there are, where they lie, and what is joined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CHARACTER, LINE = 7, 15  # pixels, at 12 points
_STATEMENT = re.compile(r"(?<!\\);\n?")
_WIDTH = re.compile(r", f (\d+)$")
_SHOWN = re.compile(r"#X coords \S+ \S+ \S+ \S+ (\d+) (\d+) [12]")
_BOXES = {"obj", "msg", "text", "floatatom", "symbolatom"}
_DRAWN = {"hsl": (2, 3), "tgl": (2, 2), "bng": (2, 2)}  # of which words width and height are


@dataclass(frozen=True)
class Box:
    kind: str
    x: int
    y: int
    width: int
    height: int
    text: str

    def covers(self, other: Box) -> bool:
        apart = (
            self.x >= other.x + other.width
            or other.x >= self.x + self.width
            or self.y >= other.y + other.height
            or other.y >= self.y + self.height
        )
        return not apart


@dataclass
class Canvas:
    boxes: list[Box] = field(default_factory=list)
    lines: list[tuple[int, int, int, int]] = field(default_factory=list)
    arrays: bool = False


def read(path: Path) -> list[Canvas]:
    """All canvases of a file, the outermost last."""
    open_ones: list[Canvas] = []
    done: list[Canvas] = []
    for statement in _STATEMENT.split(path.read_text(encoding="utf-8")):
        words = statement.split()
        if not words:
            continue
        if words[:2] == ["#N", "canvas"]:
            open_ones.append(Canvas())
        elif words[:2] == ["#X", "restore"]:
            done.append(open_ones.pop())
            text = " ".join(words[4:])
            open_ones[-1].boxes.append(_box(path.parent, "obj", int(words[2]), int(words[3]), text))
        elif words[:2] == ["#X", "connect"]:
            a, b, c, d = map(int, words[2:])
            open_ones[-1].lines.append((a, b, c, d))
        elif words[:2] == ["#X", "array"]:
            open_ones[-1].arrays = True
        elif words[0] == "#X" and words[1] in _BOXES:
            open_ones[-1].boxes.append(
                _box(path.parent, words[1], int(words[2]), int(words[3]), " ".join(words[4:])),
            )
    assert len(open_ones) == 1
    return [*done, open_ones[0]]


def words(path: Path, kind: str = "obj") -> Iterator[list[str]]:
    """The words of each box of a kind, backslashes gone."""
    for canvas in read(path):
        for box in canvas.boxes:
            if box.kind == kind:
                yield box.text.replace("\\", "").split()


def _box(folder: Path, kind: str, x: int, y: int, text: str) -> Box:
    width, height = _size(folder, kind, text)
    return Box(kind, x, y, width, height, text)


def _size(folder: Path, kind: str, text: str) -> tuple[int, int]:
    parts = text.split()
    if kind in ("floatatom", "symbolatom"):
        return int(parts[0]) * CHARACTER + 6, 22
    if kind == "obj" and parts[0] == "cnv":
        return 0, 0  # a background
    if kind == "obj" and parts[0] in _DRAWN:
        wide, high = _DRAWN[parts[0]]
        return int(parts[wide - 1]), int(parts[high - 1])
    used = folder / f"{parts[0]}.pd"
    shown = _SHOWN.search(used.read_text(encoding="utf-8")) if kind == "obj" and used.is_file() else None
    if shown:
        return int(shown[1]), int(shown[2])
    given = _WIDTH.search(text)
    plain = re.sub(r"\\(.)", r"\1", re.sub(r" \\([,;])", r"\1", _WIDTH.sub("", text)))
    if kind == "text":
        return _paragraph(plain, int(given[1]) if given else 60)
    if kind == "msg":
        lines = re.split(r" ?\\; ?", text)
        return max(len(line.replace("\\", "")) for line in lines) * CHARACTER + 12, len(lines) * LINE + 7
    return max(len(plain), 2) * CHARACTER + 6, 22


def _paragraph(text: str, width: int) -> tuple[int, int]:
    lines, here = 1, 0
    for word in text.split():
        if here and here + 1 + len(word) > width:
            lines, here = lines + 1, len(word)
        else:
            here += len(word) + bool(here)
    return (width if lines > 1 else here) * CHARACTER + 4, lines * LINE + 5
