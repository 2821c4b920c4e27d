"""What is said about the engine: events once, the first lines, the status line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ear_engine.clip import Clip
from ear_engine.node.events import EventRelay
from ear_engine.node.introduction import cautions, describe_audio, describe_device, describe_loop, opening
from ear_engine.node.status import status_line
from ear_engine.osc.reports import StatusReport
from ear_engine.playback.options import AudioOptions
from ear_engine.shared_memory.states import AudioState, Event
from tests.node.standin import options

FINE = StatusReport("running", 9000, "small", "cpu", "null", 31.24, 0.51234, 7, 0, 1)


def event(number: int, message: str = "x") -> Event:
    return Event(number, "info", "code", message)


def test_an_event_is_told_once() -> None:
    relay = EventRelay()
    assert relay.fresh(1, [event(1), event(2)]) == [event(1), event(2)]
    assert relay.fresh(1, [event(1), event(2)]) == []
    assert relay.fresh(1, [event(2), event(3)]) == [event(3)]


def test_a_restarted_process_may_go_on_counting_or_begin_anew() -> None:
    relay = EventRelay()
    relay.fresh(1, [event(1), event(2)])
    assert relay.fresh(2, [event(1), event(2), event(3)]) == [event(3)]
    assert relay.fresh(3, [event(1, "another")]) == [event(1, "another")]
    assert relay.fresh(3, [event(1, "another"), event(2, "more")]) == [event(2, "more")]


def test_the_status_line() -> None:
    assert status_line(FINE) == "31.2 steps/s · objective 0.5123 · loop 7 · 0 dropouts · 1 client"
    away = replace(FINE, state="starting", dropouts=1, clients=2)
    line = status_line(away, loading=True, recorded=65.0)
    assert line == "starting · the ear is loading · objective 0.5123 · loop 7 · 1 dropout · 2 clients · recorded 1:05"


def test_the_first_lines_name_everything() -> None:
    clip = Clip("kick", np.zeros((1, 88200), np.float32), 44100, 4, "estimate")
    record = Path("take.wav")
    chosen = options(send=(("127.0.0.1", 57120), ("::1", 9001)), audio=AudioOptions("null", record=record))
    text = "\n".join(opening(chosen, clip, 9000, 9001))
    for fact in (
        "standin",
        "kick",
        "2.00 s",
        "4 beats",
        "120 BPM",
        "estimated",
        "127.0.0.1:9000 (UDP)",
        "127.0.0.1:9001 (TCP)",
        "[::1]:9001",
    ):
        assert fact in text
    assert "take.wav" in text
    assert "as its name says" in describe_loop(replace(clip, beats_from="name"))


def test_what_is_missing_is_named_with_what_is_used_instead() -> None:
    assert "There is no GPU; the ear dreams on" in describe_device("cpu", "auto")[1]
    assert len(describe_device("cpu", "cpu")) == len(describe_device("cuda", "auto")) == 1
    assert any("no display" in line for line in cautions(options(), {}))
    assert cautions(options(), {"DISPLAY": ":0"}) == []


@pytest.mark.parametrize(("address", "warned"), [("0.0.0.0", True), ("192.168.1.5", True), ("::1", False)])
def test_listening_beyond_this_machine_comes_with_a_warning(address: str, warned: bool) -> None:
    assert any(address in line for line in cautions(options(bind=address), {"DISPLAY": ":0"})) == warned


def test_a_list_of_networks_is_said() -> None:
    (line,) = cautions(options(bind="0.0.0.0", allow=("192.168.1.0/24", "10.0.0.7")), {"DISPLAY": ":0"})
    assert line.startswith("Whoever is in 192.168.1.0/24, 10.0.0.7 and reaches 0.0.0.0 can now play")


def test_a_device_at_another_rate_is_said_to_be_resampled() -> None:
    state = AudioState(1, "jack", "JACK server", 44100, 48000, 256, 0, 0.0, 0.0, 0, [])
    assert "48000 Hz (resampled from 44100 Hz)" in describe_audio(state)
