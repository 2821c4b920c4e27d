"""The console: every parameter of the table can be played in it. No window is needed to find that out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from ear_engine.clients import panel
from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.osc.reports import ClipInfo, LayerInfo
from ear_engine.parameters import Parameter, ParameterTree, Value
from ear_engine.viewer.console import Console, Shown
from ear_engine.viewer.events import LEFT, RIGHT, Button, Key, Moved, Text
from ear_engine.viewer.heatmaps import changed_picture, heard_picture
from ear_engine.viewer.model import LoopLights
from ear_engine.viewer.panel import Panel
from ear_engine.viewer.snapshot import EventNews, LoopNews, Preset, Snapshot
from ear_engine.viewer.widgets import number_format

SIZE = (1280, 4000)  # high enough for a whole page
TABLE = list(ParameterTree())


class Rig:
    """A console without a window, and hands for it."""

    def __init__(self) -> None:
        self.panel = Panel(None)
        self.tree = ParameterTree()
        self.changes: list[tuple[str, Value]] = []
        self.recalled: list[str] = []
        self.console = Console(self.panel, self.tree, self.change, self.recalled.append)
        self.snapshot = Snapshot(
            True,
            "",
            "engine",
            dict(self.tree.values),
            {"ear": "small", "device": "cpu", "steps_per_second": 12.5, "loop": 3, "dropouts": 2, "clients": 1},
            (LayerInfo("scalogram", 2, 216), LayerInfo("encoder_0_conv1", 64, 108)),
            (ClipInfo("beat", 4.0, 8), ClipInfo("dub", 3.4, 8)),
            (Preset("drone", "Drone", "long"),),
            ("small",),
            0.5,
            ((0.0, 0.1), (0.1, 0.2), (0.2, 0.15)),
            (LoopNews(3, "/x.wav", 4.0, 8, 120.0, 0.4),),
            (EventNews("error", "x", "something", 0.0),),
            (0.2, 0.3),
        )

    def change(self, name: str, value: Value) -> None:
        self.changes.append((name, value))
        self.snapshot = replace(self.snapshot, values={**self.snapshot.values, name: value})

    def frames(self, count: int = 3) -> None:
        for _ in range(count):
            self.panel.begin(SIZE, 1.0, 1 / 60)
            self.console.draw(SIZE, self.snapshot, Shown(0.5, 8.0, (), 4.0, 60.0, 0))
            self.panel.end()

    def press(self, x: float, y: float, button: int = LEFT) -> None:
        self.panel.take(Moved(x, y))
        self.frames()
        self.panel.take(Button(button, True, 0, x, y))
        self.frames()
        self.panel.take(Button(button, False, 0, x, y))
        self.frames()

    def tap(self, x: float, y: float) -> None:
        """Come, press and go between two frames, as a finger does."""
        for event in (Moved(x, y), Button(LEFT, True, 0, x, y), Button(LEFT, False, 0, x, y)):
            self.panel.take(event)
        self.frames(4)

    def open(self, page: str) -> None:
        if self.console.page != page:
            self.press(75.0 if page == "expert" else 25.0, 17.0)
        assert self.console.page == page

    def place(self, name: str, across: float = 0.5) -> tuple[float, float]:
        left, top, right, bottom = self.console.places[name]
        return left + across * (right - left), (top + bottom) / 2


@pytest.fixture(scope="module")
def shared() -> Iterator[Rig]:
    rig = Rig()
    rig.frames()
    yield rig
    rig.panel.close()


@pytest.fixture
def rig(shared: Rig) -> Rig:
    shared.changes.clear()
    shared.recalled.clear()
    return shared


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_parameter_has_a_widget_and_a_change_is_one_message(rig: Rig, row: Parameter) -> None:
    rig.open(row.page)
    before = rig.snapshot.values.get(row.name)
    if row.kind in ("float", "int"):
        rig.press(*rig.place(row.name, 0.9 if row.normalize(row.default) < 0.7 else 0.2))
    elif row.kind in ("bool", "trigger"):
        rig.press(*rig.place(row.name))
    elif row.kind == "choice":
        rig.press(*rig.place(row.name))
        x, y = rig.place(row.name)
        other = 0 if row.choices.index(str(before)) else 1
        rig.press(x, y + 27.0 + 19.0 * other)
    else:
        rig.press(*rig.place(row.name))
        for letter in "word":
            rig.panel.take(Text(ord(letter)))
            rig.frames(1)
        assert rig.changes == []  # it counts when it is complete
        for down in (True, False):
            rig.panel.take(Key(257, "enter", down, False, 0))
            rig.frames()
    assert [name for name, _ in rig.changes] == [row.name]
    value = rig.changes[0][1]
    assert value == row.check(value) and (row.kind == "trigger" or value != before)
    if row.kind == "text":
        assert "word" in str(value)


def test_a_right_click_gives_the_default_back(rig: Rig) -> None:
    rig.open("play")
    rig.change("dream/rate", -50.0)
    rig.changes.clear()
    rig.press(*rig.place("dream/rate"), button=RIGHT)
    assert rig.changes == [("dream/rate", -18.0)]


def test_a_slider_that_is_dragged_sends_what_it_passes(rig: Rig) -> None:
    rig.open("play")
    x, y = rig.place("playback/gain", 0.1)
    rig.panel.take(Moved(x, y))
    rig.frames()
    rig.panel.take(Button(LEFT, True, 0, x, y))
    for step in range(5):
        rig.panel.take(Moved(x + 10 * step, y))
        rig.frames(2)
    rig.panel.take(Button(LEFT, False, 0, x, y))
    rig.frames()
    values = [float(value) for name, value in rig.changes if name == "playback/gain"]
    assert len(values) == 5 == len(rig.changes) and values == sorted(values)


def test_layers_and_clips_are_chosen_by_a_click(rig: Rig) -> None:
    rig.frames()
    rig.press(*rig.place("layer:encoder_0_conv1", 0.2))
    assert rig.changes == [("target/layer", "encoder_0_conv1")]
    left = 1280 - 300
    rig.press(left + 78, 347)
    rig.press(*rig.place("clip:dub"))
    assert rig.changes[-1] == ("source/clip", "dub")
    rig.press(left + 132, 347)
    rig.press(*rig.place("preset:drone"))
    assert rig.recalled == ["drone"]
    for tab in (188, 240, 30):  # loops, events, layers again
        rig.press(left + tab, 347)
    assert "layer:scalogram" in rig.console.places


def test_numbers_have_their_unit_and_as_many_digits_as_help() -> None:
    rows = {row.name: row for row in TABLE}
    assert number_format(rows["dream/rate"], -18.0) == "%.1f dB"
    assert number_format(rows["dream/pull"], 0.0) == "off"
    assert number_format(rows["target/radius"], 0.5) == number_format(rows["target/radius"], 0.01) == "%.3f"
    assert number_format(rows["target/freq_low"], 440.0) == "%.0f Hz"
    assert number_format(rows["playback/beats"], 8) == "%d beats"


def test_pictures_of_a_loop() -> None:
    index = NeuronIndex([Layer("scalogram", 2, 4, 1, 0), Layer("other", 1, 2, 1, 8)])
    ranks = np.zeros((3, 10), np.uint8)
    ranks[1, 0] = 255  # the lowest bin
    picture = heard_picture(index, LoopLights(1, ranks))
    assert picture is not None and picture.shape == (4, 3, 4)
    assert picture[3, 1, :3].sum() > 600 and picture[0, 1, :3].sum() < 60
    assert heard_picture(NeuronIndex([Layer("other", 1, 10, 1, 0)]), LoopLights(1, ranks)) is None
    assert changed_picture(LoopLights(1, ranks)) is None
    gradient = np.zeros((3, 4), np.float32)
    assert changed_picture(LoopLights(1, ranks, gradient)) is not None
    gradient[2, 3] = -1.0
    changed = changed_picture(LoopLights(1, ranks, gradient))
    assert changed is not None and changed[0, 2, :3].sum() > 600


def test_a_tap_opens_a_page_and_presses(rig: Rig) -> None:
    rig.open("play")
    rig.press(640.0, 2000.0)
    rig.tap(75.0, 17.0)
    assert rig.console.page == "expert"
    rig.tap(25.0, 17.0)
    assert rig.console.page == "play"
    before = rig.snapshot.values["dream/run"]
    x, y = rig.place("dream/run", 0.1)
    rig.tap(x, y)
    assert rig.snapshot.values["dream/run"] is not before


def test_the_play_page_turns_what_the_panels_turn() -> None:
    """One choice of some 25 parameters, wherever they are played from; words and buttons stand beside them."""
    page = [row for row in TABLE if row.page == "play" and row.kind not in ("trigger", "text", "choice")]
    chosen = {row.name for row in panel.rows() if row.kind not in ("trigger", "text", "choice")}
    assert {row.name for row in page} == chosen
    assert len(page) == 26
