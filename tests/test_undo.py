from __future__ import annotations

import pytest

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree, Value
from ear_engine.presets import find_preset, recall
from ear_engine.undo import MOST_STEPS, Undo

ME, YOU = "osc 127.0.0.1:5000", "osc 127.0.0.1:6000"


class Desk:
    def __init__(self) -> None:
        self.time = 10.0
        self.control = ControlLog(ParameterTree(), clock=lambda: self.time)
        self.undo = Undo(self.control, engine=("node",))

    def play(self, origin: str = ME, wait: float = 1.0, **values: Value) -> None:
        self.time += wait
        self.control.apply({name.replace("__", "/"): value for name, value in values.items()}, origin)

    def __getitem__(self, name: str) -> Value:
        return self.control.tree.values[name]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_gesture_is_one_step_and_undo_a_numbered_change(desk: Desk) -> None:
    for place in range(100):
        desk.play(wait=0.01, playback__gain=-0.1 * place)
    desk.play(playback__gain=-30)
    number = desk.control.number
    assert desk.undo.undo(ME).what == "playback/gain"
    assert desk["playback/gain"] == pytest.approx(-9.9)
    last = desk.control.history[-1]
    assert (last.number, last.origin, last.known) == (number + 1, ME, frozenset())
    desk.undo.undo(ME)
    assert desk["playback/gain"] == 0.0
    with pytest.raises(UserError, match="nothing to take back"):
        desk.undo.undo(ME)
    desk.undo.redo(ME)
    desk.undo.redo(ME)
    assert desk["playback/gain"] == -30
    with pytest.raises(UserError, match="nothing that was undone"):
        desk.undo.redo(ME)


def test_the_two_ways_of_a_pad_are_one_gesture_and_what_they_imply_goes_with_them(desk: Desk) -> None:
    for place in range(1, 20):
        desk.play(wait=0.02, target__x=place / 20)
        desk.play(wait=0.02, target__y=place / 30)
    assert desk["target/by"] == "map" and len(desk.undo.steps) == 1
    desk.undo.undo(ME)
    assert (desk["target/by"], desk["target/x"], desk["target/y"]) == ("layer", 0.5, 0.5)
    desk.undo.redo(ME)
    assert (desk["target/by"], desk["target/x"]) == ("map", 0.95)


def test_kept_and_stored_targets_come_back_and_triggers_do_not_fire(desk: Desk) -> None:
    desk.play(target__channel=0.25)
    for trigger in ("target/keep", "target/a", "source/reset"):
        desk.time += 1.0
        desk.control.fire(trigger, ME)
    kept, stored = desk.control.kept, desk.control.stored
    desk.time += 1.0
    desk.control.fire("target/clear", ME)
    desk.undo.undo(ME)
    assert (desk.control.kept, desk.control.stored) == (kept, stored)
    desk.undo.undo(ME)
    assert desk.control.stored == {}
    desk.undo.undo(ME)
    assert desk.control.kept == ()
    assert desk.control.snapshot().triggers["source/reset"] == 1
    assert desk.control.snapshot().triggers["target/keep"] == 1


def test_a_preset_is_one_step_and_brings_back_the_targets_that_were_kept(desk: Desk) -> None:
    desk.play(tone__tilt=-9, target__name="hats")
    desk.time += 1.0
    desk.control.fire("target/keep", ME)
    before, held = dict(desk.control.tree.values), desk.control.held
    for name in ("drone", "hats"):
        recall(find_preset(name, desk.control.tree), desk.control, ME)
    assert desk.undo.undo(ME).what == "preset hats"
    assert desk.undo.undo(ME).what == "preset drone"
    assert (desk.control.tree.values, desk.control.held) == (before, held)


def test_a_gesture_with_a_name_is_one_step_however_long_it_takes(desk: Desk) -> None:
    change = desk.control.apply({"tone/low": -1, "tone/scale": "dorian"}, ME, gesture="morph")
    for step in range(2, 20):
        desk.play(YOU, playback__gain=-step)
        desk.time += 1.0
        desk.control.apply({"tone/low": -step}, ME, known=False, gesture=change.gesture)
    desk.undo.undo(ME, mine=True)
    assert (desk["tone/low"], desk["tone/scale"], desk["playback/gain"]) == (0.0, "minor", -19.0)


def test_mine_leaves_what_others_have_changed_since(desk: Desk) -> None:
    desk.play(ME, playback__gain=-3, playback__wet=0.5)
    desk.play(YOU, playback__gain=-20)
    desk.undo.undo(ME, mine=True)
    assert (desk["playback/gain"], desk["playback/wet"]) == (-20, 1.0)
    with pytest.raises(UserError):
        desk.undo.undo(ME, mine=True)
    assert desk.undo.undo(ME).origin == YOU
    assert desk["playback/gain"] == -3


def test_what_the_engine_does_is_no_step_and_a_step_that_changes_nothing_is_passed_over(desk: Desk) -> None:
    desk.play(playback__wet=0.5)
    desk.play(playback__tempo=90)
    desk.play("node", playback__tempo=120)
    assert desk.undo.undo(ME).what == "playback/wet"


def test_redo_outlasts_what_has_nothing_to_do_with_it(desk: Desk) -> None:
    desk.play(playback__wet=0.5)
    desk.undo.undo(ME)
    desk.play(playback__gain=-5)
    desk.undo.redo(ME)
    assert desk["playback/wet"] == 0.5
    desk.undo.undo(ME)
    desk.play(playback__wet=0.2)
    with pytest.raises(UserError):
        desk.undo.redo(ME)


def test_two_hands_on_one_fader_are_undone_in_the_order_they_came(desk: Desk) -> None:
    for value in (-1, -2):
        desk.play(ME, 0.1, playback__gain=value)
    desk.play(YOU, 0.1, playback__gain=-10)
    desk.play(ME, 0.1, playback__gain=-3)
    values = []
    for _ in range(3):
        desk.undo.undo(ME)
        values.append(desk["playback/gain"])
    assert values == [-10, -2, 0]


def test_what_is_refused_meanwhile_is_said_and_does_not_block_the_steps_before(desk: Desk) -> None:
    def clip(value: Value) -> Value:
        if value == "gone":
            raise UserError("clip 'gone'", "is not in the library", "choose another", "unknown_clip")
        return value

    desk.play(playback__gain=-5)
    desk.play(source__clip="gone")
    desk.control.validators["source/clip"] = clip
    desk.play(source__clip="dub")
    with pytest.raises(UserError, match="'gone' is not in the library"):
        desk.undo.undo(ME)
    assert desk["source/clip"] == "dub"
    desk.play(tone__low=3)
    desk.undo.undo(ME)
    assert desk["tone/low"] == 0.0


def test_so_many_steps_and_no_more(desk: Desk) -> None:
    for number in range(MOST_STEPS + 50):
        desk.play(tone__low=number % 7 + 1)
    for _ in range(MOST_STEPS):
        desk.undo.undo(ME)
    assert desk["tone/low"] == 49 % 7 + 1
