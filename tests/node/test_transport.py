"""Time as it is heard, and clocks that are followed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ear_engine.control import ControlLog
from ear_engine.node.transport import Transport
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.states import AudioState, Entry

RATE = 44100
LOOP = Entry(0, 0, 1, "loop-00000001.ear", 8 * 22050, 8)


class Stage:
    """A transport with a clock that stands at ``at`` and hears ``entries``; no latency."""

    def __init__(self, *entries: Entry, fit: str = "crop") -> None:
        self.at = 100.0
        self.audio = AudioState(1, "null", "", RATE, RATE, 256, 0, 100.0, 0.0, 0, list(entries))
        self.control = ControlLog(ParameterTree())
        self.control.apply({"source/fit": fit}, "test")
        self.transport = Transport(self.control, lambda: self.audio, lambda: self.at)

    @property
    def bar_at(self) -> float:
        return self.control.snapshot().bar_at


def test_beats_are_counted_from_the_start_through_changes_of_tempo() -> None:
    faster = Entry(8 * 22050, 8 * 22050, 2, "loop-00000002.ear", 4 * 11025, 4, count=8.0, bar=2)
    stage = Stage(LOOP, faster)
    assert stage.transport.beat_at(99.0) is None
    assert stage.transport.beat_at(103.0) == pytest.approx(6.0)
    assert stage.transport.beat_at(104.5) == pytest.approx(10.0)
    assert (stage.transport.tempo, stage.transport.wanted) == (120.0, 120.0)
    stage.at = 104.5
    assert stage.transport.tempo == 240.0


def test_nothing_is_counted_while_it_has_stopped() -> None:
    stage = Stage(LOOP, replace(LOOP, start=22050, silent=True))
    assert stage.transport.beat_at(100.2) is not None
    assert stage.transport.beat_at(101.0) is None


def test_start_and_stop_are_changes_of_whoever_asks() -> None:
    stage = Stage(LOOP)
    stage.transport.stop("midi")
    assert not stage.transport.running
    stage.transport.start("midi", at=103.0)
    assert stage.transport.running and stage.bar_at == 103.0
    assert stage.control.history[-1].origin == "midi"
    stage.transport.start("midi", at=999.0)  # it plays already
    assert stage.bar_at == 103.0


def test_another_clocks_tempo_is_taken_over_only_when_it_has_changed() -> None:
    stage = Stage(LOOP)
    assert stage.transport.follow(120.03, 0.0, 100.0, "link")
    assert stage.transport.wanted == 120.0
    assert stage.transport.follow(126.0, 0.0, 100.0, "link")
    assert stage.transport.wanted == 126.0
    for wrong in (0.0, -5.0, 19.0, 301.0, 1e9, float("inf"), float("nan")):
        assert not stage.transport.follow(wrong, 0.0, 100.0, "link")
    assert stage.transport.wanted == 126.0


def test_a_clip_that_leads_is_not_led() -> None:
    stage = Stage(LOOP, fit="clip_tempo")
    assert not stage.transport.follow(126.0, 0.0, 100.0, "link")
    assert stage.transport.wanted == 120.0
    assert stage.transport.follow(120.3, 1.0, 100.0, "link")  # so near that bars can be kept together
    stage.at += 0.4
    assert stage.transport.follow(120.3, 1.0, 100.0, "link")
    assert stage.bar_at > 0.0


def test_bars_are_moved_when_they_lie_apart_and_not_before_that_is_heard() -> None:
    stage = Stage(LOOP)
    stage.transport.follow(120.0, 0.004, 100.0, "link")  # 2 ms
    assert stage.bar_at == 0.0
    stage.transport.follow(120.0, 1.0, 100.0, "link")
    assert stage.bar_at == 0.0  # it may be a slip of a moment
    stage.at = 100.4
    stage.transport.follow(120.0, 1.8, 100.4, "link")
    assert stage.bar_at == pytest.approx(101.5)  # the next bar line of that clock
    number = stage.control.number
    for step in range(30):
        stage.at = 100.4 + step / 10
        stage.transport.follow(120.0, (1.8 + step / 5) % 4, stage.at, "link")
    assert stage.control.number == number


def test_loops_without_whole_bars_are_kept_on_the_beat() -> None:
    stage = Stage(replace(LOOP, samples=6 * 22050, beats=6))
    for stage.at in (100.0, 100.5):
        stage.transport.follow(120.0, 3.0, 100.0, "link")
    assert stage.bar_at == 0.0
    for stage.at in (101.0, 101.5):
        stage.transport.follow(120.0, 3.5, 100.0, "link")
    assert stage.bar_at > 0.0
