"""The TouchOSC layout of the play page: faders on the 0..1 twins, the pad, lists that the engine fills.

What the engine changes moves the faders: the script of the root subscribes, and each fader's message receives its
address. Needs py2tosc, which only those who build the layout install.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Sequence
from importlib import resources

import py2tosc
from py2tosc import ui
from py2tosc.enums import AlignH, ButtonType, CursorDisplay, Orientation

from ear_engine.clients.panel import PAD, Section, label, sections, shipped_layers, shipped_presets, shown
from ear_engine.parameters import Parameter, ParameterTree
from ear_engine.sources.loops import builtin_names

SIZE = (1366, 1024)  # the canvas; TouchOSC fits it to the screen
PATTERNS = ("/ear/norm/{dream,target,tone,rhythm,playback}/*", "/ear/target/layer", "/ear/source/clip")
_PRESSED = 4  # buttons in a row, wide enough for a finger
PLACES = {"layer": 32, "preset": 8, "clip": 16}  # buttons of each list; the engine fills them, and hides the others
_ADDRESSES = {"layer": "/ear/target/layer", "preset": "/ear/preset/recall", "clip": "/ear/source/clip"}
_COLORS = {
    "Dream": "#5b8def",
    "Map": "#e8b04b",
    "Target": "#e8b04b",
    "Tone": "#58b58a",
    "Rhythm": "#c46fb5",
    "Playback": "#8a93a6",
}
_NAMESPACE = uuid.UUID("5d3a1a55-9d04-4f1e-8a1c-2f6b1d0f6ea7")


def layout() -> py2tosc.Document:
    """The layout, sized and checked.

    Raises:
        py2tosc.ValidationError: TouchOSC would not load it.
    """
    page = {section.title: section for section in sections()}
    left = ui.column(
        _pad(),
        ui.row(*(_strip(row, "Map") for row in page["Map"].rows if row.name not in PAD), name="map"),
        _chooser("layer", shipped_layers(), columns=2),
        sizes=(5, 1, 6),
        gap=8,
        name="left",
    )
    right = ui.column(
        ui.row(_section(page["Target"]), _section(page["Dream"]), sizes=(9, 4), gap=8, name="upper"),
        ui.row(_section(page["Tone"]), _section(page["Rhythm"]), sizes=(9, 4), gap=8, name="lower"),
        ui.row(
            _section(page["Playback"]), _chooser("clip", builtin_names(), columns=4), sizes=(4, 9), gap=8, name="lowest"
        ),
        sizes=(10, 10, 8),
        gap=8,
        name="right",
    )
    root = ui.column(
        ui.row(
            _text("ear-engine", "title", 20),
            _text("", "status", 14),
            _chooser("preset", shipped_presets(), columns=PLACES["preset"]),
            sizes=(2, 4, 10),
            gap=8,
            name="top",
        ),
        ui.row(left, right, sizes=(4, 9), gap=8, name="play"),
        sizes=(1, 18),
        gap=8,
        pad=8,
        name="ear-engine",
        frame=(0, 0, *SIZE),
        script=_script("touchosc_root.lua", PATTERNS=", ".join(f'"{pattern}"' for pattern in PATTERNS)),
    )
    document = py2tosc.Document(root=root)
    document.resolve()
    _name(root, "")
    return document


def build() -> bytes:
    """The ``.tosc`` file, the same bytes for the same zlib.

    Raises:
        py2tosc.ValidationError: TouchOSC would not load it.
    """
    return zlib.compress(layout().dumps(validate=True).encode())


def _name(control: py2tosc.Control, path: str) -> None:
    """Give every control an id that follows from where it is, so that the same table makes the same file."""
    control.id = str(uuid.uuid5(_NAMESPACE, path))
    for number, child in enumerate(control.children):
        _name(child, f"{path}/{number}")


def _section(section: Section) -> py2tosc.Control:
    faders = [row for row in section.rows if row.kind != "bool"]
    toggles = [_toggle(row, section.title) for row in section.rows if row.kind == "bool"]
    words = [_strip(row, section.title, across=True) for row in section.words if row.kind == "choice"]
    buttons = [_button(row, section.title) for row in section.buttons]
    parts = [_text(section.title, "title", 16), ui.row(*(_strip(row, section.title) for row in faders), gap=4)]
    sizes: list[float] = [1, 8]
    if words:
        parts.append(ui.column(*words, gap=4))
        sizes.append(1.5 * len(words))
    pressed = toggles + buttons
    for first in range(0, len(pressed), _PRESSED):
        parts.append(ui.row(*pressed[first : first + _PRESSED], gap=4))
        sizes.append(1.5)
    return ui.column(*parts, sizes=sizes, gap=4, pad=4, name=section.title.lower(), color=_COLORS[section.title])


def _strip(row: Parameter, title: str, across: bool = False) -> py2tosc.Control:
    """Name, fader and value; ``across`` for a choice, or alone in its line."""
    lying = across or title == "Map"
    fader = py2tosc.fader(
        name=row.name.replace("/", "_"),
        color=_COLORS[title],
        orientation=Orientation.EAST if lying else Orientation.NORTH,
        grid_steps=max(2, len(row.choices)) if row.choices else 11,
        bar_display=CursorDisplay.ALWAYS,
        messages=[ui.osc(row.norm_address)],
        script=_script("touchosc_value.lua", FACTS=_facts(row), WORDS=_words(row)),
        values=_values("x", row.normalize(row.default)),
    )
    name, value = _text(label(row), "name", 12), _text(shown(row, row.normalize(row.default)), "value", 12)
    if lying:
        return ui.row(name, fader, value, sizes=(2, 5, 2), gap=2, name=f"{row.name} strip")
    return ui.column(name, fader, value, sizes=(1.4, 8, 1.4), gap=2, name=f"{row.name} strip")


def _toggle(row: Parameter, title: str) -> py2tosc.Control:
    button = py2tosc.button(
        name=row.name.replace("/", "_"),
        color=_COLORS[title],
        button_type=ButtonType.TOGGLE_PRESS,
        messages=[ui.osc(row.norm_address)],
        values=_values("x", row.normalize(row.default)),
    )
    return ui.labelled(button, label(row), size=14, name=f"{row.name} toggle")


def _button(row: Parameter, title: str) -> py2tosc.Control:
    button = py2tosc.button(
        name=row.name.replace("/", "_"),
        color=_COLORS[title],
        messages=[ui.osc(row.address, on="RISE", receive=False)],
    )
    return ui.labelled(button, label(row), size=14, name=f"{row.name} button")


def _pad() -> py2tosc.Control:
    tree = ParameterTree()
    x, y = (tree[name] for name in PAD)
    pad = py2tosc.xy(
        name="target_map",
        color=_COLORS["Map"],
        messages=[
            ui.osc(x.norm_address, args=[ui.value("x")], var="x"),
            ui.osc(y.norm_address, args=[ui.value("y")], var="y"),
        ],
        values=[
            py2tosc.Value("x", default=x.normalize(x.default)),
            py2tosc.Value("y", default=y.normalize(y.default)),
            py2tosc.Value("touch", default=False),
        ],
    )
    return ui.column(_text("Map: low to high, shallow to deep", "title", 14), pad, sizes=(1, 12), gap=4, name="pad")


def _chooser(kind: str, words: Sequence[str], columns: int) -> py2tosc.Control:
    color = {"layer": "#6b5a2e", "preset": "#3c4a6b", "clip": "#3f4450"}[kind]
    cells = []
    for place in range(PLACES[kind]):
        word = words[place] if place < len(words) else ""
        button = py2tosc.button(
            name=kind,
            tag=str(place),
            color=color,
            script=_script("touchosc_choose.lua", ADDRESS=_ADDRESSES[kind]),
        )
        cells.append(
            ui.stack(
                button,
                _text(word, "word", 12),
                name=f"{kind} {place}",
                tag=color.removeprefix("#").upper() + "FF",
                visible=bool(word),
            )
        )
    return ui.tiles(*cells, columns=columns, gap=3, name=f"{kind}s")


def _text(text: str, name: str, size: int) -> py2tosc.Control:
    return py2tosc.label(
        name=name,
        background=False,
        outline=False,
        text_size=size,
        text_align_h=AlignH.CENTER,
        values=_values("text", text),
    )


def _values(key: str, default: float | str) -> list[py2tosc.Value]:
    return [py2tosc.Value(key, default=default), py2tosc.Value("touch", default=False)]


def _facts(row: Parameter) -> str:
    facts = (row.low, row.high, row.curve == "log", row.unit, row.kind == "int")
    return ", ".join(f'"{fact}"' if isinstance(fact, str) else str(fact).lower() for fact in facts)


def _words(row: Parameter) -> str:
    words = [choice.replace("_", " ") for choice in row.choices] or (["off", "on"] if row.kind == "bool" else [])
    return ", ".join(f'"{word}"' for word in words)


def _script(name: str, **inserts: str) -> str:
    text = (resources.files("ear_engine.clients") / "scripts" / name).read_text(encoding="utf-8")
    for key, insert in inserts.items():
        assert f"--[[{key}]]" in text, (name, key)
        text = text.replace(f"--[[{key}]]", insert)
    return text
