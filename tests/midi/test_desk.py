"""What devices say, and what it plays: faders, encoders, buttons, takeover; what devices are told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from mido import Message

from ear_engine.midi.binding import read_binding
from ear_engine.midi.controls import Control, Pulse, Signal
from ear_engine.midi.desk import Desk, Give, Play
from ear_engine.midi.wire import read, write
from ear_engine.parameters import ParameterTree, Value


class Stage:
    """A desk, and parameters that do what it says."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.tree = ParameterTree()
        self.desk = Desk("desk", [read_binding(row, self.tree, "row", {}) for row in rows], self.tree)
        self.at = 10.0
        self.given: list[tuple[object, ...]] = []
        self.fired: list[str] = []

    def say(self, *messages: Message, after: float = 0.01) -> None:
        for message in messages:
            self.at += after
            signal = read(message.bytes())
            assert isinstance(signal, Signal)
            for action in self.desk.take(signal, self.at, self.tree.values):
                if isinstance(action, Give):
                    self.given.append((action.address, *action.arguments))
                elif self.tree[action.name].kind == "trigger":
                    self.fired.append(action.name)
                else:
                    assert isinstance(action, Play)
                    self.tree.values[action.name] = self.tree[action.name].check(action.value)
                    self.desk.feedback.changed([action.name])

    def cc(self, number: int, *values: int, after: float = 0.01) -> Value:
        self.say(*(Message("control_change", control=number, value=value) for value in values), after=after)
        return self.tree.values["dream/rate"]

    def other(self, name: str, value: Value) -> None:
        """Someone else sets a parameter."""
        self.tree.values[name] = value
        self.desk.feedback.changed([name])

    def told(self, after: float = 0.0) -> list[tuple[str, int]]:
        self.at += after
        return [(str(s.control), s.value) for s in self.desk.feedback.due(self.at, self.tree.values)]


RATE = {"cc": 1, "to": "dream/rate"}  # -60 to -6 dB, at first -18


def test_a_fader_goes_along_the_curve_of_the_parameter_or_a_part_of_it() -> None:
    stage = Stage(RATE, {"cc": 2, "to": "target/freq_low"}, {"cc": 3, "to": "playback/gain", "low": 6, "high": -20})
    assert [stage.cc(1, value) for value in (0, 127)] == [-60.0, -6.0]
    stage.cc(2, 64)
    assert stage.tree.values["target/freq_low"] == pytest.approx(20 * 1000 ** (64 / 127))
    stage.cc(3, 127)
    assert stage.tree.values["playback/gain"] == pytest.approx(-20)


def test_fourteen_bits_come_in_two_messages_of_a_bend_or_by_number() -> None:
    stage = Stage({**RATE, "fine": True})
    assert stage.cc(1, 64) != stage.cc(33, 1)
    assert stage.cc(33, 1) == pytest.approx(-60 + 54 * (64 * 128 + 1) / 16383)
    assert stage.cc(1, 127) < stage.cc(33, 127) == -6.0
    stage = Stage({"bend": 2, "to": "dream/rate"})
    stage.say(Message("pitchwheel", channel=1, pitch=16368 - 8192))
    assert stage.tree.values["dream/rate"] == -6.0
    stage = Stage({"nrpn": 300, "to": "dream/rate", "fine": True}, {"cc": 6, "to": "dream/pull"})
    pull = stage.tree.values["dream/pull"]
    for number, value in ((99, 2), (98, 44), (6, 127), (38, 127)):
        stage.cc(number, value)
    assert stage.tree.values["dream/rate"] == -6.0 and stage.tree.values["dream/pull"] == pull


def test_the_data_of_a_registered_number_is_no_controls() -> None:
    stage = Stage({"nrpn": 300, "to": "dream/rate", "fine": True})
    for number, value in ((99, 2), (98, 44), (6, 100), (101, 0), (100, 0), (6, 2), (38, 0)):  # range of the pitch wheel
        stage.cc(number, value)
    assert stage.tree.values["dream/rate"] == pytest.approx(-60 + 54 * (100 << 7) / 16383)


@pytest.mark.parametrize(("mode", "right", "left"), [("twos", 2, 126), ("offset", 66, 62), ("sign", 2, 66)])
def test_encoders_turn_from_where_the_parameter_is(mode: str, right: int, left: int) -> None:
    stage = Stage({**RATE, "mode": mode, "step": 0.01}, {"cc": 2, "mode": mode, "to": "playback/beats"})
    stage.cc(1, right)
    assert stage.tree.values["dream/rate"] == pytest.approx(-18 + 2 * 0.54)
    stage.other("dream/rate", -30.0)
    stage.cc(1, left, left)
    assert stage.tree.values["dream/rate"] == pytest.approx(-30 - 4 * 0.54)
    stage.cc(2, right)
    assert stage.tree.values["playback/beats"] == 10  # a click is one beat


def test_a_fine_encoder_moves_whole_numbers_on_a_curve_too() -> None:
    stage = Stage({"cc": 1, "mode": "twos", "to": "optimizer/steps_per_loop"})
    stage.other("optimizer/steps_per_loop", 1)
    stage.cc(1, *([1] * 40))
    assert stage.tree.values["optimizer/steps_per_loop"] == round(4096 ** (40 / 128))


def test_buttons_toggle_fire_and_hold() -> None:
    stage = Stage(
        {"cc": 1, "to": "playback/mute", "mode": "toggle"},
        {"note": 36, "to": "target/keep"},
        {"note": 37, "to": "dream/run"},
        {"note": 38, "to": "playback/wet", "mode": "momentary", "low": 0.2, "high": 0.6},
        {"cc": 5, "to": "rhythm/grid", "mode": "toggle"},
        {"note": 39, "to": "source/clip", "values": ["dub"], "mode": "trigger"},
    )
    stage.cc(1, 127, 0)
    assert stage.tree.values["playback/mute"] is True
    stage.cc(1, 127, after=1.0)
    stage.cc(1, 127, after=1.0)  # one that never says that it is released
    assert stage.tree.values["playback/mute"] is True
    press = lambda note: Message("note_on", note=note, velocity=90)  # noqa: E731
    release = lambda note: Message("note_off", note=note)  # noqa: E731
    stage.say(press(36), release(36), press(36), press(37), release(37))
    assert stage.fired == ["target/keep"] * 2 and stage.tree.values["dream/run"] is False
    stage.say(press(38))
    assert stage.tree.values["playback/wet"] == pytest.approx(0.6)
    stage.say(release(38))
    assert stage.tree.values["playback/wet"] == pytest.approx(0.2)
    stage.cc(5, 127, 0)
    assert stage.tree.values["rhythm/grid"] == "bar"
    stage.say(press(39), release(39))
    assert stage.tree.values["source/clip"] == "dub"


def test_commands_by_program_button_and_fader() -> None:
    stage = Stage(
        {"program": "all", "call": "preset/recall", "arguments": ["drone", "bloom"]},
        {"program": 7, "call": "control/undo"},
        {"cc": 1, "call": "preset/morph_to", "mode": "absolute"},
        {"cc": 2, "call": "/ear/control/undo"},
    )
    stage.say(*(Message("program_change", program=program) for program in (1, 2, 7)))
    stage.cc(1, 127)
    stage.cc(2, 127, 0)
    undo = ("/ear/control/undo",)
    assert stage.given == [("/ear/preset/recall", "bloom"), undo, ("/ear/preset/morph_to", 1.0), undo]


def test_takeover_waits_until_the_fader_meets_the_value_and_again_if_another_hand_has_moved_it() -> None:
    stage = Stage({**RATE, "takeover": True})  # -18 dB is 99 of 127
    assert stage.cc(1, 10, 50, 90) == -18.0
    assert stage.cc(1, 110) == pytest.approx(-60 + 54 * 110 / 127)  # it has passed it
    assert stage.cc(1, 20) == pytest.approx(-60 + 54 * 20 / 127)
    stage.other("dream/rate", -10.0)
    assert stage.cc(1, 30, 60) == -10.0
    assert stage.cc(1, 118) == pytest.approx(-60 + 54 * 118 / 127)  # near enough


def test_a_motor_is_told_what_others_change_but_not_while_a_hand_is_on_it() -> None:
    stage = Stage({**RATE, "feedback": True})
    stage.desk.feedback.refresh()
    assert stage.told() == [("cc 1", 99)] and stage.told(1.0) == []
    stage.cc(1, 50)
    stage.other("dream/rate", -6.0)
    assert stage.told(0.1) == []
    assert stage.told(0.3) == [("cc 1", 127)]
    stage.cc(1, 40, after=1.0)
    assert stage.told(1.0) == []  # it stands there already


def test_a_motor_is_told_the_latest_and_not_too_often() -> None:
    stage = Stage({**RATE, "feedback": True})
    told = []
    for step in range(100):
        stage.other("dream/rate", -60 + step * 0.5)
        told += stage.told(0.001)
    told += stage.told(1.0)
    assert len(told) <= 6 and told[-1] == ("cc 1", round(127 * 49.5 / 54))


def test_a_touched_fader_is_left_alone_until_it_is_let_go() -> None:
    stage = Stage({"bend": 1, "to": "dream/rate", "touch": 104, "feedback": True})
    stage.say(Message("note_on", note=104, velocity=127))
    stage.other("dream/rate", -6.0)
    assert stage.told(5.0) == []
    stage.say(Message("note_on", note=104, velocity=0))
    assert stage.told() == [("bend", 16383)]


def test_what_comes_back_is_no_movement() -> None:
    stage = Stage({**RATE, "feedback": True})
    stage.other("dream/rate", -20.1234)
    ((_, value),) = stage.told()
    assert stage.cc(1, value) == -20.1234  # not rounded to 7 bits by its own echo
    stage.other("dream/rate", -30.0)
    assert stage.told(0.1)  # and no hand was on it


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ({**RATE, "fine": True}, -20.1234),
        ({**RATE, "mode": "twos"}, -20.1234),
        ({"cc": 1, "to": "playback/mute", "mode": "toggle"}, True),
        ({"cc": 1, "to": "playback/mute", "mode": "toggle"}, False),
    ],
)
def test_a_cable_that_leads_back_plays_nothing_and_comes_to_rest(row: dict[str, Any], value: Value) -> None:
    stage = Stage({**row, "feedback": True})
    stage.desk.feedback.refresh()
    stage.other(row["to"], value)
    sent = stage.desk.feedback.due(stage.at, stage.tree.values)
    stage.say(*(Message.from_bytes(data) for signal in sent for data in write(signal)))
    assert sent and stage.tree.values[row["to"]] == value
    assert stage.told(1.0) == []


def test_a_light_shows_the_switch_also_after_the_button_has_been_pressed() -> None:
    stage = Stage({"cc": 1, "to": "playback/mute", "mode": "toggle", "feedback": True})
    stage.other("playback/mute", True)
    assert stage.told() == [("cc 1", 127)]
    stage.cc(1, 127, 0, after=1.0)
    assert stage.told(1.0) == [("cc 1", 0)]


@given(some.lists(some.integers(0, 255), max_size=4))
def test_whatever_bytes_come_they_are_a_signal_or_nothing(data: list[int]) -> None:
    found = read(data)
    assert found is None or isinstance(found, Signal | Pulse)
    stage = Stage(RATE, {"note": 1, "to": "playback/mute"}, {"cc": 2, "mode": "twos", "to": "dream/pull"})
    if isinstance(found, Signal):
        list(stage.desk.take(found, 1.0, stage.tree.values))


@given(some.integers(1, 16), some.integers(0, 31), some.integers(0, 16383))
def test_what_is_written_is_read(channel: int, number: int, value: int) -> None:
    signals = [read(data) for data in write(Signal(Control("cc", channel, number), value, 14))]
    assert [(s.control.number, s.value) for s in signals if isinstance(s, Signal)] == [
        (number, value >> 7),
        (number + 32, value & 127),
    ]
    bend = Signal(Control("bend", channel), value, 14)
    assert [read(data) for data in write(bend)] == [bend]
