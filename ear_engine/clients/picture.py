"""Drawings of the panels, from their generated files: where each thing is, what it is, what it says at the start.

They are no screenshots: the programs draw their widgets in their own way. ``python -m ear_engine.clients.picture``
writes one beside each panel.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import py2tosc
from PIL import Image, ImageDraw, ImageFont

from ear_engine.clients.page import HEIGHT, WIDTH
from ear_engine.resources import resource_root

Area = tuple[float, float, float, float]
_GROUND, _INK, _PLAIN = "#16181d", "#e6e8ee", "#8a93a6"


@dataclass(frozen=True)
class Shape:
    """One thing of a panel.

    Args:
        kind: fader, pad, button, bars, menu or words.
        area: left, top, width, height.
        text: written in it.
        color: of its frame.
        share: 0..1, how far a fader is up; where a pad's point is.
        lying: whether it is a fader that lies.
    """

    kind: str
    area: Area
    text: str = ""
    color: str = _PLAIN
    share: tuple[float, float] = (0.0, 0.0)
    lying: bool = False


def draw(shapes: Iterator[Shape], size: tuple[int, int], path: Path) -> None:
    """Write the picture of ``shapes``, ``size`` in pixels."""
    image = Image.new("RGB", size, _GROUND)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(12)
    for shape in shapes:
        left, top, width, height = shape.area
        right, bottom = left + width, top + height
        if shape.kind != "words":
            pen.rectangle((left, top, right - 1, bottom - 1), outline=shape.color)
        if shape.kind == "fader":
            x, _ = shape.share
            full = (left, top, left + x * width, bottom) if shape.lying else (left, bottom - x * height, right, bottom)
            if min(full[2] - full[0], full[3] - full[1]) >= 1:
                pen.rectangle((full[0], full[1], full[2] - 1, full[3] - 1), fill=shape.color)
        if shape.kind == "pad":
            x, y = left + shape.share[0] * width, bottom - shape.share[1] * height
            pen.ellipse((x - 10, y - 10, x + 10, y + 10), outline=shape.color, width=3)
        if shape.text:
            box = pen.textbbox((0, 0), shape.text, font=font)
            x, y = left + (width - box[2]) / 2, top + (height - box[3]) / 2
            pen.text((max(left + 2, x), y), shape.text, fill=_INK, font=font)
    image.save(path, optimize=True)


def of_touchosc(layout: py2tosc.Document) -> Iterator[Shape]:
    """Shapes of a TouchOSC layout."""
    kinds = {"FADER": "fader", "XY": "pad", "BUTTON": "button", "LABEL": "words"}

    def walk(control: py2tosc.Control, left: float, top: float) -> Iterator[Shape]:
        x, y, width, height = control.frame
        here = (left + x, top + y, float(width), float(height))
        kind = kinds.get(str(control.control_type))
        if not control.get("visible"):
            return
        if kind:
            values = {value.key: value.default for value in control.values}
            red, green, blue, _ = control.color
            color = f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
            share = (float(values.get("x") or 0.0), float(values.get("y") or 0.0))
            lying = int(control.get("orientation", 0)) == 1
            yield Shape(kind, here, str(values.get("text") or ""), color, share, lying)
        for child in control.children:
            yield from walk(child, here[0], here[1])

    yield from walk(layout.root, 0.0, 0.0)


def of_session(session: dict[str, Any]) -> Iterator[Shape]:
    """Shapes of an Open Stage Control session."""
    kinds = {"fader": "fader", "xy": "pad", "button": "button", "text": "words", "plot": "bars"}
    for widget in session["content"]["widgets"]:
        if "left" not in widget:
            continue
        left, top, width, height = (float(widget[key][:-1]) / 100 for key in ("left", "top", "width", "height"))
        here = (left * WIDTH, top * HEIGHT, width * WIDTH, height * HEIGHT)
        kind = kinds.get(widget["type"], "menu")
        start = widget.get("default", "")
        share = tuple(start) if kind == "pad" else (start, 0.0) if kind == "fader" and start != "" else (0.0, 0.0)
        text = widget.get("label") or (start if isinstance(start, str) else "")
        text = str(text).replace("%value", str(start))
        yield Shape(kind, here, text, widget["colorWidget"], share, bool(widget.get("horizontal")))


def of_max(folder: Path, patch: Path) -> Iterator[Shape]:
    """Shapes of a Max patch in presentation mode, with those of the patches that it shows."""
    kinds = {"slider": "fader", "pictslider": "pad", "multislider": "bars", "comment": "words"}
    for boxed in json.loads(patch.read_text(encoding="utf-8"))["patcher"]["boxes"]:
        box = boxed["box"]
        if not box.get("presentation"):
            continue
        left, top, width, height = box["presentation_rect"]
        if box["maxclass"] != "bpatcher":
            kind = kinds.get(box["maxclass"], "button")
            text = box.get("text") or (box.get("varname", "") if kind == "button" or kind == "words" else "")
            yield Shape(kind, (left, top, width, height), text, lying=box.get("orientation") == 1)
            continue
        name = (box["args"] or ["map"])[0].rpartition("/")[2].replace("_", " ")
        for part in of_max(folder, folder / box["name"]):
            x, y, wide, high = part.area
            text = {"name": name, "value": "", "button": name, "menu": name}.get(part.text, part.text)
            text = "" if part.text in ("switch", "text") else text
            yield Shape(part.kind, (left + x, top + y, wide, high), text, lying=part.lying)


def main() -> None:
    """Write all pictures."""
    root = resource_root()
    layout = py2tosc.load(root / "patches" / "touchosc" / "ear-engine.tosc")
    size = (round(layout.root.frame[2]), round(layout.root.frame[3]))
    draw(of_touchosc(layout), size, root / "patches" / "touchosc" / "layout.png")
    folder = root / "patches" / "openstagecontrol"
    session = json.loads((folder / "ear-engine.json").read_text(encoding="utf-8"))
    draw(of_session(session), (WIDTH, HEIGHT), folder / "layout.png")
    package = root / "maxmsp" / "ear-engine"
    shapes = of_max(package / "patchers", package / "extras" / "ear-engine.maxpat")
    draw(shapes, (WIDTH + 20, HEIGHT + 20), package / "layout.png")


if __name__ == "__main__":
    main()
