"""What is generated for Max, TouchOSC and Open Stage Control: current, whole, and of things that there are."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as xml
import zlib
from itertools import combinations
from pathlib import Path
from typing import Any

import py2tosc
import pytest
from py2max import Patcher
from py2max.lint import ERROR, lint

from ear_engine.clients import generate, open_stage_control, touchosc
from ear_engine.clients.page import HEIGHT, WIDTH, page
from ear_engine.clients.panel import PAD, rows, sections
from ear_engine.commands.parameters import all_commands
from ear_engine.osc.command_table import PONG, SYNCED, builtin_commands
from ear_engine.osc.commands import DONE, FAIL
from ear_engine.osc.dispatcher import leaves
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.stream_table import find_row, stream_rows
from ear_engine.parameters import ParameterTree

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "maxmsp" / "ear-engine"
PATCHES = sorted([*PACKAGE.rglob("*.maxpat"), *PACKAGE.rglob("*.maxhelp")])
SESSION = ROOT / "patches" / "openstagecontrol" / "ear-engine.json"
LAYOUT = ROOT / "patches" / "touchosc" / "ear-engine.tosc"
ADDRESS = re.compile(r"/ear/[a-z0-9_{},*/]*[a-z0-9_}*]")


def test_what_is_checked_in_is_what_the_table_says() -> None:
    assert generate.outdated(ROOT) == [], "run `make clients`"


def test_what_is_not_current_is_named_and_written(tmp_path: Path) -> None:
    everything = set(generate.files())
    assert set(generate.outdated(tmp_path)) == everything
    assert set(generate.write(tmp_path)) == everything
    assert generate.outdated(tmp_path) == []
    table = tmp_path / "maxmsp/ear-engine/javascript/ear.table.js"
    table.write_text(table.read_text().replace('"dream/rate"', '"dream/speed"'))
    packed = tmp_path / "patches/touchosc/ear-engine.tosc"
    packed.write_bytes(zlib.compress(zlib.decompress(packed.read_bytes()), 1))  # the same text, packed otherwise
    assert generate.outdated(tmp_path) == ["maxmsp/ear-engine/javascript/ear.table.js"]


def test_the_page_turns_26_parameters_and_nothing_covers_anything() -> None:
    assert len(rows()) == 26
    assert len({row.name for row in rows()}) == 26
    assert {cell.row.name for cell in page() if cell.row} == (
        {row.name for section in sections() for row in (*section.rows, *section.words, *section.buttons)} - set(PAD)
    )
    for one in page():
        left, top, width, height = one.rect
        assert left >= 0 and top >= 0 and left + width <= WIDTH and top + height <= HEIGHT, one
    for one, other in combinations(page(), 2):
        (a, b, c, d), (e, f, g, h) = one.rect, other.rect
        assert a + c <= e or e + g <= a or b + d <= f or f + h <= b, (one, other)


def exists(address: str) -> bool:
    tree = ParameterTree()
    known = {*leaves(tree), *(command.address for command in all_commands(tree)), PONG, SYNCED, DONE, FAIL}
    if address in known or find_row(address, stream_rows()) is not None:
        return True
    streams = {row.address for row in stream_rows()}
    begins = any(row.startswith(address + "/") for row in known | streams)
    return begins or any(map(Pattern(address).matches, known | streams))


def texts() -> list[Path]:
    scripts = ROOT / "ear_engine" / "clients" / "scripts"
    return [*PATCHES, *PACKAGE.rglob("*.js"), *PACKAGE.rglob("*.md"), *scripts.iterdir(), SESSION]


def test_every_address_in_the_files_is_one_of_the_engines() -> None:
    found = {(path.name, address) for path in texts() for address in ADDRESS.findall(path.read_text())}
    xml_text = zlib.decompress(LAYOUT.read_bytes()).decode()
    found |= {(LAYOUT.name, address) for address in ADDRESS.findall(xml_text)}
    assert len({address for _, address in found}) > 80
    assert [pair for pair in sorted(found) if not exists(pair[1])] == []
    assert not exists("/ear/dream/speed") and not exists("/ear/streams")


@pytest.mark.parametrize("path", PATCHES, ids=lambda path: path.name)
def test_a_max_patch_joins_what_there_is(path: Path) -> None:
    patch = json.loads(path.read_text())["patcher"]
    assert patch["fileversion"] == 1 and patch["appversion"]["major"] == 8
    boxes = {box["box"]["id"]: box["box"] for box in patch["boxes"]}
    assert len(boxes) == len(patch["boxes"])
    for line in patch["lines"]:
        (source, outlet), (target, inlet) = line["patchline"]["source"], line["patchline"]["destination"]
        assert outlet < boxes[source]["numoutlets"], (boxes[source], outlet)
        assert inlet < boxes[target]["numinlets"], (boxes[target], inlet)
    ours = {path.stem for path in (PACKAGE / "patchers").iterdir()}
    for finding in lint(Patcher.from_file(path)):
        unknown = re.match(r"object '(.+)' is not in the Max reference", finding.message)
        assert finding.severity != ERROR, finding
        assert unknown or finding.code == "W-OFFCANVAS", finding
        assert unknown is None or unknown[1] in ours | {"node.script"}, finding


def test_max_subscribes_all_parameters_and_nothing_else() -> None:
    text = (PACKAGE / "javascript" / "ear.table.js").read_text()
    patterns = [Pattern(word) for word in json.loads(text.partition("exports.patterns = ")[2].partition(";")[0])]
    tree = ParameterTree()
    known = {
        *leaves(tree),
        *(command.address for command in builtin_commands()),
        *(row.address for row in stream_rows()),
    }
    meant = {address for address in known if any(pattern.matches(address) for pattern in patterns)}
    assert meant == {row.address for row in tree if row.kind != "trigger"}


def test_shown_things_of_max_cover_nothing() -> None:
    shown = [
        box["box"]["presentation_rect"]
        for box in json.loads((PACKAGE / "extras" / "ear-engine.maxpat").read_text())["patcher"]["boxes"]
        if box["box"].get("presentation")
    ]
    assert len(shown) > 45
    for (a, b, c, d), (e, f, g, h) in combinations(shown, 2):
        assert a + c <= e or e + g <= a or b + d <= f or f + h <= b, ((a, b, c, d), (e, f, g, h))


def test_the_max_package_is_whole() -> None:
    about = json.loads((PACKAGE / "package-info.json").read_text())
    assert about["name"] == PACKAGE.name and about["max_version_min"] == "8.0"
    assert (PACKAGE / "extras" / about["homepatcher"]).is_file()
    for path in (PACKAGE / "docs").iterdir():
        page_ = xml.parse(path).getroot()
        assert page_.get("name") == path.name.removesuffix(".maxref.xml")
        assert (PACKAGE / "help" / f"{page_.get('name')}.maxhelp").is_file()


def test_the_touchosc_layout_is_valid_and_comes_back_as_it_was() -> None:
    layout = py2tosc.load(LAYOUT)
    assert layout.validate() == []
    assert layout.dumps() == zlib.decompress(LAYOUT.read_bytes()).decode()
    sent = {
        "".join(part.value for part in message.path)
        for control in layout.walk()
        for message in control.messages
        if isinstance(message, py2tosc.OscMessage) and not message.feedback
    }
    assert {row.norm_address for row in rows()} <= sent
    assert {row.address for section in sections() for row in section.buttons} <= sent
    ids = [control.id for control in layout.walk()]
    assert len(ids) == len(set(ids))


def test_touchosc_controls_do_not_cover_each_other() -> None:
    for control in touchosc.layout().root.walk():
        labels = [child for child in control.children if child.control_type is not py2tosc.ControlType.LABEL]
        for one, other in combinations(labels, 2):
            (a, b, c, d), (e, f, g, h) = one.frame, other.frame
            assert a + c <= e or e + g <= a or b + d <= f or f + h <= b, (one.get("name"), other.get("name"))
        for child in control.children:
            left, top, width, height = child.frame
            assert width >= 20 and height >= 14, (child.get("name"), child.frame)
            assert left + width <= control.frame[2] + 1 and top + height <= control.frame[3] + 1, child.get("name")


# Properties of the widgets that are used, from the manual of Open Stage Control (widgets/properties-reference).
COMMON = {"type", "id", "comments", "address", "bypass", "onCreate", "onValue"}
PLACE = {"left", "top", "width", "height", "colorWidget", "interaction", "default", "typeTags", "decimals"}
PROPERTIES = {
    "root": {"widgets", "tabs"},
    "variable": set(),
    "text": PLACE | {"align"},
    "fader": PLACE | {"horizontal", "design", "doubleTap", "range"},
    "xy": PLACE | {"snap"},
    "button": PLACE | {"label", "mode", "on", "off"},
    "dropdown": PLACE | {"values", "label"},
    "input": PLACE,
    "plot": (PLACE - {"decimals", "typeTags"}) | {"bars", "pips", "rangeY", "origin"},
}
CHOICES = {"mode": {"toggle", "tap"}, "design": {"compact"}, "align": {"left"}}


def test_the_open_stage_control_session_is_as_its_manual_says() -> None:
    session: dict[str, Any] = json.loads(SESSION.read_text())
    assert set(session) == {"createdWith", "version", "type", "content"}
    assert (session["createdWith"], session["type"]) == ("Open Stage Control", "session")
    root = session["content"]
    widgets = [root, *root["widgets"]]
    names = [widget["id"] for widget in widgets]
    assert len(names) == len(set(names))
    for widget in widgets:
        assert set(widget) <= COMMON | PROPERTIES[widget["type"]], widget["id"]
        for key, choices in CHOICES.items():
            assert widget.get(key, next(iter(choices))) in choices, widget["id"]
        assert widget.get("address", "/").startswith("/")
        assert len(widget.get("typeTags", "")) <= 1
        code = " ".join(widget.get(key, "") for key in ("onCreate", "onValue"))
        called = set(re.findall(r"""set(?:Var)?\(['"](\w+)['"]""", code)) | set(re.findall(r"get\('(\w+)'", code))
        assert called <= set(names), widget["id"]
        assert not re.search(r"/\*[A-Z]+\*/", code), widget["id"]
    faders = {widget["address"] for widget in widgets if widget["type"] == "fader" and "address" in widget}
    toggles = {widget["address"] for widget in widgets if widget["type"] == "button"}
    for row in rows():
        assert row.name in PAD or row.norm_address in faders or row.address in toggles, row.name
    assert open_stage_control.build() == SESSION.read_bytes()
