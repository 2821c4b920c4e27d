"""The Open Stage Control session of the play page, as JSON: standard library only.

Properties that have their default are left out, which the program allows. Feedback: the script of the root widget
subscribes as soon as a browser shows the session, and again whenever the engine has been started anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

from ear_engine.clients.page import HEIGHT, WIDTH, Cell, Rect, page
from ear_engine.clients.panel import PAD, label, shipped_layers, shipped_presets, shown
from ear_engine.parameters import Parameter, ParameterTree
from ear_engine.sources.loops import builtin_names

Widget = dict[str, Any]
VERSION = "1.27.0"  # of the program whose manual this follows
PATTERNS = (
    "/ear/norm/{dream,target,tone,rhythm,playback}/*",
    "/ear/dream/{run,autopilot}",
    "/ear/playback/{mute,quantize}",
    "/ear/tone/{scale,root}",
    "/ear/rhythm/grid",
    "/ear/target/{layer,name}",
    "/ear/source/clip",
    "/ear/playhead",
    "/ear/summary/mean",
)
_COLORS = {
    "Dream": "#5b8def",
    "Map": "#e8b04b",
    "Target": "#e8b04b",
    "Tone": "#58b58a",
    "Rhythm": "#c46fb5",
    "Playback": "#8a93a6",
    "": "#8a93a6",
}


def build() -> bytes:
    """The session file."""
    root: Widget = {
        "type": "root",
        "id": "root",
        "onCreate": _script(
            "root",
            LAYERS=json.dumps(shipped_layers()),
            CLIPS=json.dumps(builtin_names()),
            PATTERNS=json.dumps(PATTERNS),
        ),
        "widgets": [widget for cell in page() for widget in _widgets(cell)] + list(_listeners()),
        "tabs": [],
    }
    session = {"createdWith": "Open Stage Control", "version": VERSION, "type": "session", "content": root}
    return (json.dumps(session, indent=2, ensure_ascii=False) + "\n").encode()


def _widgets(cell: Cell) -> Iterator[Widget]:
    row = cell.row
    if row is not None:
        yield from _parameter(cell, row)
    elif cell.kind == "title":
        yield _widget("text", f"title_{cell.section.lower()}", cell, cell.rect, default=cell.section, align="left")
    elif cell.kind == "engine":
        yield _widget("text", "engine", cell, cell.rect, default="ear-engine", align="left")
    elif cell.kind == "pad":
        tree = ParameterTree()
        x, y = (tree[name] for name in PAD)
        yield _widget(
            "xy", "pad", cell, cell.rect, snap=True, decimals=5, bypass=True,
            default=[x.normalize(x.default), y.normalize(y.default)],
            onValue=_script("pad", X=x.norm_address, Y=y.norm_address),
        )  # fmt: skip
    elif cell.kind == "layers":
        yield _widget(
            "dropdown", "layers", cell, cell.rect, values="VAR{choices}", address="/ear/target/layer", typeTags="s",
            label="layer: %value",
        )  # fmt: skip
    elif cell.kind == "presets":
        yield from _presets(cell)
    elif cell.kind == "meters":
        yield _widget(
            "plot", "meters", cell, cell.rect, bars=True, pips=False, rangeY={"min": 0, "max": 6}, origin=0,
            address="/ear/summary/mean",
        )  # fmt: skip
    elif cell.kind == "playhead":
        yield _widget(
            "fader", "phase", cell, cell.rect, horizontal=True, design="compact", interaction=False, bypass=True
        )


def _parameter(cell: Cell, row: Parameter) -> Iterator[Widget]:
    name = row.name.replace("/", "_")
    left, top, width, height = cell.rect
    if cell.kind in ("fader", "lying"):
        upright = cell.kind == "fader"
        above = (left, top, width, 20) if upright else (left, top, 90, height)
        below = (left, top + height - 20, width, 20) if upright else (left + width - 80, top, 80, height)
        between = (left, top + 20, width, height - 40) if upright else (left + 90, top, width - 170, height)
        start = row.normalize(row.default)
        facts = (row.low, row.high, row.curve == "log", row.unit, row.kind == "int", list(row.choices))
        yield _widget("text", f"{name}_name", cell, above, default=label(row))
        yield _widget(
            "fader", name, cell, between, horizontal=not upright, design="compact", doubleTap=True, default=start,
            address=row.norm_address, typeTags="f", decimals=5, comments=row.description,
            onValue=_script("value", WIDGET=name, FACTS=json.dumps(facts)[1:-1]),
        )  # fmt: skip
        yield _widget("text", f"{name}_value", cell, below, default=shown(row, start))
    elif cell.kind in ("toggle", "button"):
        mode = "toggle" if cell.kind == "toggle" else "tap"
        yield _widget(
            "button", name, cell, cell.rect, label=label(row), mode=mode, address=row.address, typeTags="i",
            comments=row.description,
        )  # fmt: skip
    elif cell.kind == "menu":
        yield _widget(
            "dropdown", name, cell, cell.rect, values=list(row.choices), label=f"{label(row)}: %value",
            default=row.default, address=row.address, typeTags="s", comments=row.description,
        )  # fmt: skip
    elif cell.kind == "clips":
        yield _widget(
            "dropdown", "clips", cell, cell.rect, values="VAR{choices}", label="clip: %value", address=row.address,
            typeTags="s", comments=row.description,
        )  # fmt: skip
    else:
        yield _widget("text", f"{name}_name", cell, (left, top, 90, height), default=label(row))
        yield _widget(
            "input", name, cell, (left + 90, top, width - 90, height), address=row.address, typeTags="s",
            comments=row.description,
        )  # fmt: skip


def _presets(cell: Cell) -> Iterator[Widget]:
    left, top, width, height = cell.rect
    names = shipped_presets()
    step = width // len(names)
    for number, name in enumerate(names):
        rect = (left + number * step, top, step, height)
        yield _widget(
            "button", f"preset_{name}", cell, rect, label=name, mode="tap", on=name, off="",
            address="/ear/preset/recall", typeTags="s",
        )  # fmt: skip


def _listeners() -> Iterator[Widget]:
    """What is heard and not seen."""

    def hear(name: str, address: str, script: str) -> Widget:
        return {"type": "variable", "id": name, "address": address, "bypass": True, "onValue": script}

    yield hear("pong", "/ear/system/pong", _script("pong"))
    yield hear("done", "/ear/done", _script("done"))
    yield hear("failed", "/ear/fail", _script("failed"))
    yield hear("layers_names", "/ear/layers/list", _script("list", WIDGET="layers"))
    yield hear("clips_names", "/ear/clips/list", _script("list", WIDGET="clips"))
    yield hear("layers_now", "/ear/target/layer", _script("now", WIDGET="layers"))
    yield hear("clips_now", "/ear/source/clip", _script("now", WIDGET="clips"))
    yield hear("playhead", "/ear/playhead", _script("playhead"))
    tree = ParameterTree()
    for axis, name in enumerate(PAD):
        yield hear(f"pad_{'xy'[axis]}", tree[name].norm_address, _script("axis", AXIS=str(axis)))


def _widget(kind: str, name: str, cell: Cell, rect: Rect, **properties: Any) -> Widget:
    left, top, width, height = rect
    place = {
        "left": f"{100 * left / WIDTH:.2f}%",
        "top": f"{100 * top / HEIGHT:.2f}%",
        "width": f"{100 * width / WIDTH:.2f}%",
        "height": f"{100 * height / HEIGHT:.2f}%",
    }
    return {"type": kind, "id": name, **place, "colorWidget": _COLORS[cell.section], **properties}


def _script(name: str, **inserts: str) -> str:
    path = resources.files("ear_engine.clients") / "scripts" / f"open_stage_control_{name}.js"
    text = path.read_text(encoding="utf-8")
    for key, insert in inserts.items():
        assert f"/*{key}*/" in text, (name, key)
        text = text.replace(f"/*{key}*/", insert)
    return text
