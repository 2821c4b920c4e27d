"""Which control was moved, and how it speaks."""

from __future__ import annotations

import pytest

from ear_engine.midi.controls import Control, Signal
from ear_engine.midi.learning import Learner
from ear_engine.parameters import ParameterTree

TREE = ParameterTree()
Said = list[tuple[int, int]]  # controller and value


def learned(said: Said | list[Signal], to: str = "dream/rate", shows: bool = False) -> tuple[str, str, bool, bool]:
    learner = Learner(TREE[to])
    for number, part in enumerate(said):
        signal = part if isinstance(part, Signal) else Signal(Control("cc", 1, part[0]), part[1])
        learner.hear("desk", signal, 1.0 + number * 0.01)
    assert not learner.ready(1.2) and learner.ready(1.6)
    binding = learner.result(lambda port: shows).binding
    return str(binding.control), binding.mode, binding.fine, binding.takeover


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ([(7, 60), (7, 61), (7, 63), (7, 64), (7, 66)], "absolute"),
        ([(7, 1), (7, 1), (7, 1), (7, 2)], "twos"),
        ([(7, 127), (7, 127), (7, 126), (7, 127)], "twos"),
        ([(7, 65), (7, 65), (7, 66), (7, 65)], "offset"),
        ([(7, 63), (7, 63), (7, 65), (7, 63)], "offset"),
        ([(7, 1), (7, 1), (7, 65), (7, 65)], "sign"),
        ([(7, 5), (7, 4), (7, 3), (7, 2), (7, 1), (7, 0)], "absolute"),
        ([(7, 100)], "absolute"),
    ],
)
def test_encoders_are_told_from_faders(said: Said, mode: str) -> None:
    assert learned(said) == ("cc 7", mode, False, mode == "absolute")


def test_a_fader_with_fourteen_bits_is_known_by_its_two_controllers() -> None:
    assert learned([(7, 60), (39, 3), (7, 60), (39, 70), (7, 61), (39, 1)])[::2] == ("cc 7", True)
    assert learned([(39, 3), (39, 70), (7, 61), (39, 1)])[::2] == ("cc 7", True)


def test_numbered_parameters_bends_and_touches_are_known() -> None:
    assert learned([(99, 2), (98, 44), (6, 100), (38, 5), (99, 2), (98, 44), (6, 101), (38, 9)])[::2] == (
        "nrpn 300",
        True,
    )
    learner = Learner(TREE["dream/rate"])
    learner.hear("desk", Signal(Control("note", 1, 104), 127), 1.0)
    for value in (8000, 9000, 9900):
        learner.hear("desk", Signal(Control("bend", 1), value, 14), 1.1)
    binding = learner.result(lambda port: True).binding
    assert (str(binding.control), str(binding.touch)) == ("bend", "note 104")
    assert binding.feedback and not binding.takeover  # motors


def test_buttons_do_what_the_parameter_is_for() -> None:
    note = [Signal(Control("note", 10, 36), 90), Signal(Control("note", 10, 36), 0)]
    assert learned(note, "target/keep")[:2] == ("note 36 on channel 10", "trigger")
    assert learned(note, "playback/mute")[1] == "toggle"
    assert learned([(20, 127), (20, 0)], "dream/run")[1] == "toggle"
    assert learned([(20, 127), (20, 0)], "playback/wet")[1] == "momentary"


def test_the_control_that_says_most_wins_over_a_knob_that_trembles() -> None:
    assert learned([(3, 10), (7, 60), (7, 61), (7, 63), (3, 11), (7, 64)])[0] == "cc 7"
