"""The control patch: the play page, a meter for each layer, the playhead, lists of layers, presets and clips."""

from __future__ import annotations

from py2max.core.box import Box

from ear_engine.clients.maxmsp.sheet import Area, Sheet
from ear_engine.clients.page import HEIGHT, WIDTH, Cell, page

_PARTS = {
    "fader": "ear.fader",
    "lying": "ear.lying",
    "toggle": "ear.toggle",
    "menu": "ear.menu",
    "button": "ear.button",
    "text": "ear.text",
    "pad": "ear.pad",
}
_MARGIN = 10
_BELOW = 60  # where patching begins


def control() -> Sheet:
    """The patch of the menu Extras."""
    sheet = Sheet((WIDTH + 2 * _MARGIN, HEIGHT + 2 * _MARGIN), presentation=True)
    sheet.comment(
        "The play page. What is seen is in presentation mode; each parameter is a patch of its own (ear.fader and so "
        "on), which you can use as well.",
        (20, 10),
        900,
    )
    for number, cell in enumerate(page()):
        _cell(sheet, cell, number)
    return sheet


def _cell(sheet: Sheet, cell: Cell, number: int) -> None:
    left, top, width, height = cell.rect
    shown = (left + _MARGIN, top + _MARGIN, width, height)
    column, line = number % 10, number // 10
    area = (20 + 130 * column, _BELOW + 50 * line, 120, 40)
    if cell.kind in _PARTS:
        address = cell.row.address if cell.row is not None else ""
        sheet.part(f"{_PARTS[cell.kind]}.maxpat", address, area, shown, cell.row.name if cell.row else "map")
    elif cell.kind == "title":
        note = sheet.comment(cell.section, (area[0], area[1]), 100, fontsize=13.0)
        sheet.show(note, shown)
    else:
        _KINDS[cell.kind](sheet, shown)


def _engine(sheet: Sheet, shown: Area) -> None:
    left, top, _, height = shown
    engine = sheet.box("ear.engine 127.0.0.1 9000 7400", (20, 460))
    start = _button(sheet, "start", (20, 400), (left, top, 60, 24))
    stop = _button(sheet, "stop", (90, 400), (left + 66, top, 60, 24))
    for touched, word, x in ((start, "start", 20), (stop, "stop", 90)):
        sent = sheet.message(word, (x, 430))
        sheet.chain(touched, sent, engine)
    told = sheet.box("route state engine fail program", (20, 500))
    sheet.cord(engine, told)
    light = sheet.ui("led", (20, 540, 24, 24), (left + 132, top, 24, 24), varname="state")
    sheet.cord(told, light)
    note = sheet.ui("comment", (70, 600, 300, 20), (left + 162, top + 2, 220, height), text="", varname="said")
    for outlet in (1, 2, 3):
        said = sheet.box("prepend set", (70 + 100 * outlet, 560))
        sheet.cord(told, said, outlet)
        sheet.cord(said, note)


def _button(sheet: Sheet, word: str, at: tuple[float, float], shown: Area) -> Box:
    return sheet.ui("textbutton", (*at, 60, 22), shown, text=word, varname=word)


def _list(sheet: Sheet, address: str, at: tuple[float, float], shown: Area, name: str, *, sends: str) -> None:
    """A menu of what the engine has; ``sends`` is a parameter, which it also shows, or else a command."""
    x, y = at
    names = sheet.box(f"ear.list {address}", (x, y))
    menu = sheet.ui("umenu", (x, y + 40, 140, 22), shown, varname=name)
    sheet.cord(names, menu)
    if sends.startswith("/ear/preset"):
        sent = sheet.box(f"prepend {sends}", (x, y + 80))
        to = sheet.box("s ear.to", (x, y + 120))
        sheet.cord(menu, sent, 1)
        sheet.cord(sent, to)
        return
    param = sheet.box(f"ear.param {sends}", (x, y + 80))
    moved = sheet.box("prepend setsymbol", (x, y + 120))
    sheet.cord(menu, param, 1)
    sheet.cord(names, param, 1)
    sheet.cord(param, moved)
    sheet.cord(moved, menu)


def _layers(sheet: Sheet, shown: Area) -> None:
    left, top, width, _ = shown
    _list(sheet, "/ear/layers/list", (420, 400), (left, top + 8, width, 26), "layers", sends="/ear/target/layer")


def _clips(sheet: Sheet, shown: Area) -> None:
    left, top, width, _ = shown
    _list(sheet, "/ear/clips/list", (620, 400), (left, top + 8, width, 26), "clips", sends="/ear/source/clip")


def _presets(sheet: Sheet, shown: Area) -> None:
    left, top, width, _ = shown
    _list(sheet, "/ear/preset/list", (820, 400), (left, top, width, 26), "presets", sends="/ear/preset/recall")


def _meters(sheet: Sheet, shown: Area) -> None:
    stream = sheet.box("ear.stream /ear/summary/mean 30.", (1020, 400))
    scaled = sheet.box("js ear.meter.js", (1020, 440), (1, 1))
    bars = sheet.ui(
        "multislider", (1020, 480, 260, 100), shown, size=26, setminmax=[0.0, 1.0], setstyle=1, varname="meters"
    )
    sheet.chain(stream, scaled, bars)


def _playhead(sheet: Sheet, shown: Area) -> None:
    left, top, width, _ = shown
    stream = sheet.box("ear.stream /ear/playhead 30.", (1020, 620))
    parts = sheet.box("unpack 0 0. 0 0. 0", (1020, 660))
    phase = sheet.ui(
        "slider",
        (1020, 700, 260, 20),
        (left, top, width, 20),
        floatoutput=1,
        size=1.0,
        orientation=1,
        ignoreclick=1,
        varname="phase",
    )
    beat = sheet.ui("flonum", (1020, 740, 60, 22), (left, top + 22, 60, 22), ignoreclick=1, varname="beat")
    sheet.cord(stream, parts)
    sheet.cord(parts, phase, 1)
    sheet.cord(parts, beat, 3)


_KINDS = {
    "engine": _engine,
    "layers": _layers,
    "clips": _clips,
    "presets": _presets,
    "meters": _meters,
    "playhead": _playhead,
}
