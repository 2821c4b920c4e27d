"""What a performer of the soak does."""

from __future__ import annotations

from itertools import islice

from ear_engine.commands.parameters import all_commands
from ear_engine.osc.codec import decode, encode
from ear_engine.parameters import ParameterTree
from ear_engine.presets import governs
from ear_engine.soak.answers import ASKED
from ear_engine.soak.dreamed import is_dreamed
from ear_engine.soak.hands import gestures

LAYERS, CLIPS, PRESETS = ["encoder_0_conv1", "autoregressive_6"], ["beat", "dub"], ["drone"]


def some(seed: int, tempo: bool = True) -> list[tuple[str, tuple[object, ...]]]:
    drawn = islice(gestures(seed, LAYERS, CLIPS, PRESETS, tempo), 300)
    return [message for gesture in drawn for message in gesture.messages]


def test_a_seed_says_what_is_done() -> None:
    assert some(1) == some(1) != some(2)


def test_all_of_it_is_something_that_the_engine_knows() -> None:
    known = {row.address for row in ParameterTree()} | {row.norm_address for row in ParameterTree()}
    known |= {command.address for command in all_commands(ParameterTree())}
    messages = some(3)
    assert {address for address, _ in messages} <= known
    assert len({address for address, _ in messages}) > 30
    for address, arguments in messages:
        (found,) = decode(encode(address, *arguments))
        assert found.address == address


def test_what_is_measured_by_and_what_is_of_the_hall_is_left_alone() -> None:
    touched = {address for address, _ in some(4, tempo=False)}
    assert not any("playback/gain" in one or "offset" in one or "tempo" in one or "beats" in one for one in touched)


def test_what_is_asked_for_is_touched_by_nobody_and_changes_no_dream() -> None:
    assert not any(f"/ear/{ASKED}" in address for address, _ in some(5) + some(6))
    assert not governs(ParameterTree()[ASKED])
    assert not is_dreamed(ASKED)
