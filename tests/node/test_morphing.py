"""Morphs on a clock that is turned by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node.morphing import EVERY, Morphs
from ear_engine.parameters import ParameterTree, Value
from ear_engine.presets import find_preset
from ear_engine.undo import Undo

ME, YOU = "osc 127.0.0.1:5000", "osc 127.0.0.1:6000"


class Ear:
    """Hears what becomes of a morph."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def progress(self, share: float, phase: str) -> None:
        self.heard.append(f"{share:.2f}")

    def done(self, *values: object) -> None:
        self.heard.append(f"done {values[0]}")

    def fail(self, error: UserError) -> None:
        self.heard.append(error.code)


class Stage:
    """120 BPM: a beat lasts half a second."""

    def __init__(self) -> None:
        self.time, self.beat = 0.0, 0.25
        self.control = ControlLog(ParameterTree(), clock=lambda: self.time)
        self.undo = Undo(self.control)
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.silent = False
        later = lambda wait, call: self.due.append((self.time + wait, call))  # noqa: E731
        self.morphs = Morphs(self.control, lambda: None if self.silent else self.beat, later)

    def run(self, beats: float) -> None:
        for _ in range(round(beats / 0.01)):
            self.beat += 0.01
            self.time += 0.005
            due, self.due = self.due, []
            for at, call in due:
                if at <= self.time + 1e-9:
                    call()
                else:
                    self.due.append((at, call))

    def morph(self, beats: float, origin: str = ME, **goal: Value) -> Ear:
        ear = Ear()
        self.morphs.begin("mine", {name.replace("__", "/"): v for name, v in goal.items()}, beats, origin, ear)
        return ear

    def __getitem__(self, name: str) -> Value:
        return self.control.tree.values[name]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_numbers_glide_on_their_curves_from_the_next_beat_on_and_all_else_switches_there(stage: Stage) -> None:
    stage.control.apply({"target/keep": True, "target/freq_low": 100.0}, ME)
    ear = stage.morph(8, target__freq_low=6400.0, tone__low=-8.0, tone__scale="dorian", dream__pull=0)
    stage.run(0.74)
    assert (stage["tone/scale"], stage["tone/low"], len(stage.control.kept)) == ("minor", 0.0, 1)
    stage.run(0.12)
    assert (stage["tone/scale"], stage["dream/pull"], stage.control.kept) == ("dorian", 0.0, ())
    stage.run(3.9)
    assert stage["tone/low"] == pytest.approx(-4.0, abs=0.2)
    assert stage["target/freq_low"] == pytest.approx(800.0, rel=0.06)  # half the way of a logarithmic fader
    stage.run(4.1)
    assert (stage["tone/low"], stage["target/freq_low"]) == (-8.0, 6400.0)
    assert ear.heard[-1] == "done mine" and len(ear.heard) == 8
    mine = [change for change in stage.control.history if change.gesture.startswith("morph mine#")]
    assert {change.origin for change in mine} == {ME} and len({change.gesture for change in mine}) == 1
    assert 8 / 2 / EVERY - 8 <= len(mine) <= 8 / 2 / EVERY + 2
    assert all(not change.known for change in mine)
    number = stage.control.number
    stage.run(2)
    assert stage.control.number == number


def test_a_preset_is_reached_as_if_it_were_recalled(stage: Stage) -> None:
    preset = find_preset("drone", stage.control.tree)
    ear = Ear()
    stage.control.apply({"target/name": "bright hats", "tone/scale": "major", "tone/low": 7.0}, ME)
    stage.morphs.begin(preset.name, preset.changes(stage.control.tree), 4, ME, ear)
    stage.run(5)
    assert ear.heard[-1] == "done drone"
    for name, value in preset.changes(stage.control.tree).items():
        assert stage[name] == value, name
    assert stage["target/by"] == "depth"


def test_a_hand_takes_its_parameter_out_and_another_target_all_of_the_target(stage: Stage) -> None:
    stage.morph(8, tone__low=-8.0, tone__high=-8.0, target__channel=1.0, target__depth=1.0, target__by="depth")
    stage.run(4.75)
    stage.control.apply({"tone/low": 3.0}, YOU)
    stage.control.apply({"target/layer": "encoder_5_conv1"}, YOU)
    channel = stage["target/channel"]
    stage.run(6)
    assert (stage["tone/low"], stage["tone/high"]) == (3.0, -8.0)
    assert (stage["target/by"], stage["target/channel"]) == ("layer", channel)


def test_another_morph_goes_on_from_where_the_first_one_is(stage: Stage) -> None:
    first = stage.morph(8, tone__low=-8.0, tone__high=-8.0)
    stage.run(4.8)
    low, high = stage["tone/low"], stage["tone/high"]
    assert low == pytest.approx(-4.0, abs=0.2)
    second = stage.morph(4, YOU, tone__low=8.0)
    assert first.heard[-1] == "superseded"
    lows = []
    for _ in range(50):
        stage.run(0.1)
        lows.append(float(stage["tone/low"]))
    assert low <= lows[0] < 0 and all(one <= other < one + 0.8 for one, other in itertools.pairwise(lows))
    assert (lows[-1], stage["tone/high"]) == (8.0, high)
    assert second.heard[-1] == "done mine"
    stage.undo.undo(YOU)
    assert stage["tone/low"] == low
    stage.undo.undo(YOU)
    assert (stage["tone/low"], stage["tone/high"]) == (0.0, 0.0)


def test_an_undo_takes_all_of_it_back_and_ends_it(stage: Stage) -> None:
    before = dict(stage.control.tree.values)
    ear = stage.morph(8, tone__low=-8.0, tone__scale="dorian")
    stage.run(3)
    assert stage.undo.undo(YOU).what == "morph mine"
    stage.run(8)
    assert stage.control.tree.values == before
    assert ear.heard[-1] == "undone"


def test_it_waits_for_the_sound_and_goes_on_when_a_loop_begins_anew(stage: Stage) -> None:
    stage.silent = True
    stage.morph(4, tone__low=-8.0)
    stage.run(4)
    assert stage["tone/low"] == 0.0
    stage.silent = False
    stage.run(2.8)
    low = stage["tone/low"]
    assert -8.0 < float(low) < 0.0
    stage.silent = True
    stage.run(2)
    assert stage["tone/low"] == low
    stage.silent, stage.beat = False, 0.0
    stage.run(3)
    assert stage["tone/low"] == -8.0


def test_what_cannot_be_is_refused_and_the_morph_before_goes_on(stage: Stage) -> None:
    stage.morph(4, tone__low=-8.0)
    for beats in (-1.0, 1e9):
        with pytest.raises(UserError, match="cannot last"):
            stage.morph(beats, tone__low=8.0)
    with pytest.raises(UserError, match="has no choice"):
        stage.morph(4, tone__scale="blue", tone__low=8.0)
    stage.run(5)
    assert stage["tone/low"] == -8.0


def test_no_beats_at_all_are_a_recall_on_the_next_beat(stage: Stage) -> None:
    ear = stage.morph(0, tone__low=-8.0)
    stage.run(0.7)
    assert stage["tone/low"] == 0.0
    stage.run(0.2)
    assert stage["tone/low"] == -8.0 and ear.heard == ["done mine"]


def test_a_target_that_is_refused_at_the_beginning_ends_it_with_a_word(stage: Stage) -> None:
    def judge(*_: object) -> None:
        raise UserError("name 'x'", "means nothing", "use other words", "unknown_name")

    ear = stage.morph(4, target__name="x", target__by="name", tone__low=-8.0)
    stage.control.judges.append(judge)
    stage.run(5)
    assert ear.heard == ["unknown_name"] and stage["tone/low"] == 0.0
