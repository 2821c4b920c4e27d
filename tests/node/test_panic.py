"""Silence at once, seen by all, and ended by anyone."""

from __future__ import annotations

from ear_engine.control import Change, ControlLog
from ear_engine.node.panic import Panic
from ear_engine.parameters import ParameterTree


def test_panic_mutes_ends_the_cue_and_the_excerpt_and_mute_off_brings_the_sound_back() -> None:
    control = ControlLog(ParameterTree())
    Panic(control)
    told: list[Change] = []
    control.listen(told.append)
    control.apply({"cue/source": "next"}, "osc")
    control.fire("playback/panic", "osc")
    state = control.snapshot()
    assert state.values["playback/mute"] is True and state.values["cue/source"] == "off"
    assert state.triggers["playback/panic"] == 1 and state.triggers["audition/stop"] == 1
    assert "playback/mute" in told[1].values and "playback/mute" not in told[1].known  # whoever fired it is told, too
    control.apply({"playback/mute": False}, "osc")
    assert control.snapshot().values["playback/mute"] is False


def test_a_panic_of_0_is_none() -> None:
    control = ControlLog(ParameterTree())
    Panic(control)
    control.apply({"playback/panic": 0}, "osc")
    assert control.number == 0 and control.snapshot().values["playback/mute"] is False
