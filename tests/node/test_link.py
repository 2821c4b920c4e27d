"""Ableton Link: what goes to the session, what comes from it; and with the library, two programs on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node import link
from ear_engine.node.link import LINK, LinkClock
from ear_engine.node.transport import Transport
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import AudioState, Entry
from tests.node.standin import until

RATE = 44100
LOOP = Entry(0, 0, 1, "", 8 * 22050, 8)


@dataclass
class Fake:
    """A session whose phase the test sets."""

    tempo: float
    playing: bool = False
    enabled: bool = False
    quantum: float = 0.0
    start_stop_sync_enabled: bool = False
    num_peers: int = 0
    phase: float = 0.0

    def force_beat(self, beat: float) -> None:
        self.phase = beat % 4


class Stage:
    """An engine that hears a loop at 120 BPM since clock time 100, and a session."""

    def __init__(self, fit: str = "crop", make: Callable[[float], link.Session] | None = None) -> None:
        self.at = 101.0
        self.told: list[str] = []
        self.sessions: list[Fake] = []
        self.audio = AudioState(1, "null", "", RATE, RATE, 256, 0, 100.0, 0.0, 0, [LOOP])
        self.control = ControlLog(ParameterTree())
        self.control.apply({"source/fit": fit}, "test")
        clock = now if make else lambda: self.at
        self.transport = Transport(self.control, lambda: self.audio, clock)
        self.clock = LinkClock(self.control, self.transport, self.tell, make or self.make, clock)
        self.control.apply({LINK: True}, "osc")

    def make(self, tempo: float) -> Fake:
        self.sessions.append(Fake(tempo))
        return self.sessions[-1]

    def tell(self, level: str, code: str, message: str) -> None:
        self.told.append(message)

    def look(self, times: int = 8) -> Fake:
        for _ in range(times):
            self.clock.look()
        return self.sessions[-1]


def test_alone_the_engine_leads() -> None:
    stage = Stage()
    session = stage.look()
    assert (session.enabled, session.tempo, session.quantum, session.playing) == (True, 120.0, 4.0, True)
    assert session.phase == pytest.approx(2.0)
    stage.control.apply({LINK: False}, "osc")
    stage.look()
    assert not session.enabled and len(stage.sessions) == 1


def test_a_tempo_set_here_is_given_when_it_is_heard() -> None:
    stage = Stage()
    session = stage.look()
    session.num_peers = 1
    stage.control.apply({"playback/tempo": 100.0}, "osc")
    stage.look()
    assert session.tempo == 120.0 and stage.transport.wanted == 100.0
    stage.audio = replace(stage.audio, schedule=[LOOP, Entry(RATE, RATE, 2, "", 8 * 26460, 8)])
    stage.look()
    assert session.tempo == 100.0


def test_a_tempo_set_there_is_taken_over_once_it_stands_still() -> None:
    stage = Stage()
    session = stage.look()
    session.num_peers = 2
    stage.look(1)
    number = stage.control.number
    for tempo in range(100, 180):  # a knob is turned
        session.tempo = float(tempo)
        stage.look(1)
    assert stage.control.number == number
    stage.look()
    assert stage.transport.wanted == 179.0
    assert stage.control.history[-1].origin == "link"
    assert session.tempo == 179.0
    session.tempo = 179.02  # not worth a new source
    stage.look()
    assert (stage.transport.wanted, session.tempo) == (179.0, 179.02)
    assert stage.told == ["Ableton Link: 2 others in the session, 120.00 BPM."]


def test_where_the_clip_leads_the_session_is_left_alone_and_it_is_said_once() -> None:
    stage = Stage("clip_tempo")
    session = stage.look()
    session.num_peers = 1
    session.tempo = 90.0
    stage.look(30)
    assert (stage.transport.wanted, session.tempo) == (120.0, 90.0)
    assert stage.told[1:] == ["Ableton Link plays at 90.00 BPM, which cannot be; set source/fit to crop or stretch."]


def test_bars_of_the_session_are_followed() -> None:
    stage = Stage()
    session = stage.look()
    session.num_peers = 1
    session.phase = 2.2  # ours is 2
    stage.look()
    stage.at += 0.4
    session.phase = 3.0  # their next bar that is not too near is in 0.5 s
    stage.look()
    assert stage.control.snapshot().bar_at == pytest.approx(stage.at + 0.5)


def test_start_and_stop_go_both_ways_and_starts_wait_for_the_bar() -> None:
    stage = Stage()
    session = stage.look()
    session.num_peers = 1
    session.playing = False
    stage.look(1)
    assert not stage.transport.running
    session.playing, session.phase = True, 1.0
    stage.look(1)
    assert stage.transport.running and stage.control.snapshot().bar_at == pytest.approx(stage.at + 1.5)
    stage.control.apply({"playback/run": False}, "osc")
    stage.look(1)
    assert not session.playing
    session.phase = 3.9
    stage.control.apply({"playback/run": True}, "osc")
    assert stage.control.snapshot().bar_at == pytest.approx(stage.at + 2.05)
    stage.look(1)
    assert session.playing


def test_without_the_package_it_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link.importlib.util, "find_spec", lambda name: None)
    control = ControlLog(ParameterTree())
    LinkClock(control, Transport(control, lambda: None), lambda *_: None)
    with pytest.raises(UserError, match=r"pip install 'ear-engine\[link\]'"):
        control.apply({LINK: True}, "osc")
    control.apply({LINK: False}, "osc")


def test_two_programs_on_this_machine_share_tempo_and_start() -> None:
    """With the real library; it finds others by multicast, on the loopback interface here."""

    async def scenario() -> None:
        stage = Stage(make=link.open_session)
        other = link.open_session(90.0)
        running = asyncio.create_task(stage.clock.run())
        try:
            await until(lambda: stage.clock._session is not None)
            await asyncio.sleep(0.1)
            other.quantum = 4.0
            other.start_stop_sync_enabled = other.enabled = True
            await until(lambda: other.num_peers and abs(other.tempo - stage.transport.wanted) < 0.01)  # either may win
            other.tempo = 133.0
            await until(lambda: stage.transport.wanted == 133.0)
            other.playing = True
            await until(lambda: stage.transport.running and stage.clock._playing)
            other.playing = False
            await until(lambda: not stage.transport.running)
            stage.control.apply({"playback/run": True}, "osc")
            await until(lambda: other.playing)
        finally:
            running.cancel()
            stage.clock.close()
            other.enabled = False

    asyncio.run(scenario())
