"""What stands on the play page, one patch a kind; each takes the address of its parameter and fits the table's facts.

They are shown in other patches (bpatcher), from the upper left corner of their presentation.
"""

from __future__ import annotations

from py2max.core.box import Box

from ear_engine.clients.maxmsp.sheet import Area, Sheet
from ear_engine.clients.panel import PAD
from ear_engine.parameters import ParameterTree

_WINDOW = (760, 600)  # to patch in; what shows it decides how much is seen
_PAD = (384, 384)
_SMALL = {"fontsize": 10.0}


def fader() -> Sheet:
    """``ear.fader``: upright, name above, value below."""
    return _fader((0, 0, 94, 20), (24, 22, 46, 120), (0, 144, 94, 20), orientation=2)


def lying() -> Sheet:
    """``ear.lying``: a fader that lies, name on its left, value on its right."""
    return _fader((0, 12, 90, 20), (92, 10, 206, 24), (302, 12, 82, 20), orientation=1)


def _fader(name: Area, slider: Area, value: Area, orientation: int) -> Sheet:
    sheet = Sheet(_WINDOW, presentation=True)
    param = _param(sheet)
    touched = sheet.ui(
        "slider", (20, 200, 20, 100), slider, floatoutput=1, size=1.0, orientation=orientation, varname="fader"
    )
    norm = sheet.box("prepend norm", (20, 320))
    moved = sheet.box("prepend set", (160, 440))
    sheet.chain(touched, norm, param)
    sheet.cord(param, moved, 1)
    sheet.cord(moved, touched)
    _words(sheet, param, name, value)
    return sheet


def toggle() -> Sheet:
    """``ear.toggle``: on or off, with its name."""
    sheet = Sheet(_WINDOW, presentation=True)
    param = _param(sheet)
    touched = sheet.ui("toggle", (20, 200, 24, 24), (2, 3, 24, 24), varname="switch")
    moved = sheet.box("prepend set", (160, 440))
    sheet.chain(touched, param)
    sheet.cord(param, moved)
    sheet.cord(moved, touched)
    _words(sheet, param, (30, 5, 64, 20), None)
    return sheet


def menu() -> Sheet:
    """``ear.menu``: one of the words of a choice."""
    sheet = Sheet(_WINDOW, presentation=True)
    param = _param(sheet)
    touched = sheet.ui("umenu", (20, 200, 100, 22), (0, 4, 94, 22), varname="menu", **_SMALL)
    moved = sheet.box("prepend setsymbol", (160, 440))
    items = sheet.box("route menu", (260, 400))
    sheet.cord(touched, param, 1)
    sheet.cord(param, moved)
    sheet.cord(moved, touched)
    sheet.cord(param, items, 2)
    sheet.cord(items, touched)
    return sheet


def button() -> Sheet:
    """``ear.button``: fires a trigger."""
    sheet = Sheet(_WINDOW, presentation=True)
    param = _param(sheet)
    touched = sheet.ui("textbutton", (20, 200, 90, 22), (0, 3, 92, 24), varname="button", **_SMALL)
    fire = sheet.message("1", (20, 320))
    label = sheet.box("route label", (260, 400))
    text = sheet.box("prepend text", (260, 440))
    sheet.chain(touched, fire, param)
    sheet.cord(param, label, 2)
    sheet.chain(label, text, touched)
    return sheet


def text() -> Sheet:
    """``ear.text``: words; Return sends them."""
    sheet = Sheet(_WINDOW, presentation=True)
    param = _param(sheet)
    touched = sheet.ui("textedit", (20, 200, 200, 30), (92, 8, 288, 28), keymode=1, varname="text", **_SMALL)
    moved = sheet.box("prepend set", (160, 440))
    sheet.cord(touched, param)  # it says: text WORDS
    sheet.cord(param, moved)
    sheet.cord(moved, touched)
    _words(sheet, param, (0, 12, 90, 20), None)
    return sheet


def pad() -> Sheet:
    """``ear.pad``: the target's place on the map."""
    sheet = Sheet(_WINDOW, presentation=True)
    touched = sheet.ui(
        "pictslider",
        (20, 60, 200, 200),
        (0, 0, *_PAD),
        leftvalue=0,
        rightvalue=1000,
        bottomvalue=0,
        topvalue=1000,
        varname="pad",
    )
    both = sheet.box("pack 0 0", (20, 480))
    moved = sheet.box("prepend set", (20, 520))
    table = ParameterTree()
    for axis, name in enumerate(PAD):
        left = 20 + 260 * axis
        share = sheet.box("/ 1000.", (left, 290))
        norm = sheet.box("prepend norm", (left, 320))
        param = sheet.box(f"ear.param {table[name].address}", (left, 360))
        back = sheet.box("* 1000.", (left + 100, 400))
        whole = sheet.box("i", (left + 100, 440))
        sheet.cord(touched, share, axis)
        sheet.chain(share, norm, param)
        sheet.cord(param, back, 1)
        sheet.cord(back, whole)
        if axis:
            order = sheet.box("t b i", (left + 160, 440))
            sheet.cord(whole, order)
            sheet.cord(order, both, 1, 1)
            sheet.cord(order, both)
        else:
            sheet.cord(whole, both)
    sheet.cord(both, moved)
    sheet.cord(moved, touched)
    return sheet


def _param(sheet: Sheet) -> Box:
    return sheet.box("ear.param #1", (20, 360))


def _words(sheet: Sheet, param: Box, name: Area, value: Area | None) -> None:
    """The parameter's name, and its value as the table writes it."""
    facts = sheet.box("route label shown hint", (260, 400))
    sheet.cord(param, facts, 2)
    for number, (area, what) in enumerate(((name, "name"), (value, "value"))):
        if area is not None:
            said = sheet.box("prepend set", (260 + 110 * number, 440))
            note = sheet.ui(
                "comment",
                (260 + 110 * number, 480, 100, 20),
                area,
                text="",
                varname=what,
                textjustification=1,
                **_SMALL,
            )
            sheet.cord(facts, said, number)
            sheet.cord(said, note)
