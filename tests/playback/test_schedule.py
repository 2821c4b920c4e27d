"""Which loop enters when, against the states the node and the dreamer would write."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ear_engine.playback.events import EventLog
from ear_engine.playback.library import LoopLibrary
from ear_engine.playback.plan import Plan
from ear_engine.playback.schedule import Scheduler
from ear_engine.shared_memory.loops import loop_name, source_name
from tests.playback.helpers import RATE, Session, noise

BEAT = 22050


class Desk:
    """A scheduler and everything it looks at."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.events = EventLog()
        self.plan = Plan()
        self.scheduler = Scheduler(self.plan, LoopLibrary(session.loops, RATE, self.events), RATE)

    def tick(self, position: int, at: float = 0.0) -> list[tuple[int, int, int]]:
        """(start, origin, loop) of every entry."""
        self.scheduler.tick(self.session.control, self.session.dreamer, position, at, lambda moment: moment * RATE)
        return [(entry.start, entry.origin, entry.loop) for entry in self.plan.schedule()]


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def test_nothing_sounds_before_there_is_a_source(desk: Desk) -> None:
    assert desk.tick(0) == []


def test_the_source_sounds_at_once(desk: Desk) -> None:
    desk.session.source(1, noise(4 * BEAT, 1))
    assert desk.tick(1234) == [(1234, 1234, 0)]
    assert desk.tick(5000) == [(1234, 1234, 0)]


@pytest.mark.parametrize(("quantize", "start"), [("half", 33075), ("beat", 44100), ("bar", 88200), ("loop", 176400)])
def test_a_dream_enters_at_the_next_grid_point_in_phase(desk: Desk, quantize: str, start: int) -> None:
    desk.session.source(1, noise(8 * BEAT, 1), beats=8)
    desk.tick(0)
    desk.session.set(quantize=quantize)
    desk.session.dream(1, noise(8 * BEAT, 2), 1, beats=8)
    assert desk.tick(22051) == [(0, 0, 0), (start, 0, 1)]


def test_an_entry_not_rendered_yet_gives_way_to_a_newer_one(desk: Desk) -> None:
    desk.session.source(1, noise(4 * BEAT, 1))
    desk.tick(0)
    desk.session.dream(1, noise(4 * BEAT, 2), 1)
    desk.tick(1000)
    desk.session.dream(2, noise(4 * BEAT, 3), 1)
    assert desk.tick(BEAT) == [(0, 0, 0), (BEAT, 0, 2)]
    desk.session.dream(3, noise(4 * BEAT, 4), 1)
    assert desk.tick(BEAT + 1) == [(0, 0, 0), (BEAT, 0, 2), (2 * BEAT, 0, 3)]


def test_dry_is_the_source_the_dream_descends_from(desk: Desk) -> None:
    desk.session.source(1, noise(4 * BEAT, 1))
    desk.tick(0)
    desk.session.dream(1, noise(4 * BEAT, 2), 1)
    desk.tick(1000)
    wet, dry = desk.plan.render(2 * BEAT, 500)
    assert np.array_equal(wet, noise(4 * BEAT, 2)[:, 2 * BEAT : 2 * BEAT + 500])
    assert np.array_equal(dry, noise(4 * BEAT, 1)[:, 2 * BEAT : 2 * BEAT + 500])


def test_mono_sounds_on_both_sides(desk: Desk) -> None:
    desk.session.source(1, noise(1000, 1)[:1])
    desk.tick(0)
    wet, _ = desk.plan.render(2000, 100)
    assert np.array_equal(wet[0], wet[1]) and wet.any()


def test_a_new_source_without_a_dreamer_enters_at_the_next_beat_in_phase(desk: Desk) -> None:
    desk.session.source(1, noise(4 * BEAT, 1))
    desk.tick(0)
    desk.session.source(2, noise(4 * BEAT, 2))
    assert desk.tick(BEAT + 1)[-1] == (2 * BEAT, 0, 0)


def test_a_loop_of_another_length_enters_on_the_bar_on_its_beat(desk: Desk) -> None:
    desk.session.source(1, noise(8 * BEAT, 1), beats=8)
    desk.tick(0)
    desk.session.source(2, noise(6 * 20000, 2), beats=6)
    assert desk.tick(BEAT + 1)[-1] == (4 * BEAT, 4 * BEAT - 4 * 20000, 0)
    assert desk.plan.last is not None
    assert (desk.plan.last.entry.count, desk.plan.last.entry.bar) == (4.0, 1)


def test_the_autopilots_new_loops_enter_on_the_bar(desk: Desk) -> None:
    desk.session.source(1, noise(8 * BEAT, 1), beats=8)
    desk.tick(0)
    desk.session.values["dream/autopilot"] = True
    desk.session.set()
    desk.session.dream(1, noise(8 * BEAT, 2), 1, beats=8)
    assert desk.tick(1)[-1] == (BEAT, 0, 1)  # a dream of the same source: on the beat
    desk.session.source(2, noise(8 * BEAT, 3), beats=8)
    desk.tick(BEAT + 1, at=100.0)
    assert desk.tick(BEAT + 2, at=105.0)[-1] == (4 * BEAT, 0, 0)


def test_a_new_source_waits_for_its_first_dream(desk: Desk) -> None:
    desk.session.source(1, noise(4 * BEAT, 1))
    desk.session.dream(5, noise(4 * BEAT, 2), 1)
    desk.tick(0, at=100.0)
    desk.session.source(2, noise(4 * BEAT, 3))
    desk.session.alive(5, "loop-00000005.ear", 1, heartbeat=100.9)
    assert desk.tick(1000, at=101.0)[-1][2] == 5
    assert desk.tick(2000, at=102.4)[-1][2] == 5
    desk.session.dream(6, noise(4 * BEAT, 4), 2)
    assert desk.tick(3000, at=102.45)[-1] == (BEAT, 0, 6)


@pytest.mark.parametrize(("heartbeat", "at"), [(102.0, 102.6), (98.0, 101.1)])
def test_a_new_source_does_not_wait_for_ever_nor_for_a_dead_dreamer(desk: Desk, heartbeat: float, at: float) -> None:
    desk.session.source(1, noise(4 * BEAT, 1))
    desk.session.dream(5, noise(4 * BEAT, 2), 1)
    desk.tick(0, at=100.0)
    desk.session.source(2, noise(4 * BEAT, 3))
    desk.session.alive(5, "loop-00000005.ear", 1, heartbeat=heartbeat)
    desk.tick(1000, at=101.0)
    assert desk.tick(2000, at=at)[-1] == (BEAT, 0, 0)
    assert desk.plan.last is not None and desk.plan.last.source_number == 2


def test_dreams_of_an_old_source_are_not_played(desk: Desk) -> None:
    desk.session.source(2, noise(4 * BEAT, 1))
    desk.tick(0)
    desk.session.dream(9, noise(4 * BEAT, 2), source_number=1)
    assert desk.tick(1000) == [(0, 0, 0)]


def test_a_missing_corrupt_or_unfit_loop_is_reported_once_and_what_plays_goes_on(desk: Desk) -> None:
    session = desk.session
    session.source(1, noise(4 * BEAT, 1))
    desk.tick(0)
    session.dream(1, noise(10, 1), 1, file=False)
    desk.tick(1000)
    desk.tick(1000)
    (session.loops / session.dream(2, noise(4 * BEAT, 2), 1)).write_bytes(b"EARLOOP1 is not enough")
    desk.tick(1000)
    path = session.loops / session.dream(3, noise(4 * BEAT, 2), 1)
    path.write_bytes(path.read_bytes()[:5000])
    desk.tick(1000)
    session.dream(4, np.full((2, 4 * BEAT), np.nan, np.float32), 1)
    assert desk.tick(1000) == [(0, 0, 0)]
    assert [event.code for event in desk.events.latest()] == ["loop_refused"] * 4
    assert "loop-00000001.ear" in desk.events.latest()[0].message
    session.dream(5, noise(4 * BEAT, 5), 1)
    assert desk.tick(1000)[-1] == (BEAT, 0, 5)


def test_a_source_of_another_rate_is_refused_rather_than_played_sharp(desk: Desk) -> None:
    from ear_engine.shared_memory.loops import LoopFile, write_loop

    desk.session.source(1, noise(1000, 1))
    write_loop(desk.session.loops / source_name(1), LoopFile(0, noise(1000, 1), 48000, 4))
    assert desk.tick(0) == []
    assert "48000 Hz" in desk.events.latest()[0].message


def test_a_restored_schedule_sounds_at_its_phase_at_once(desk: Desk) -> None:
    desk.session.source(1, noise(4 * BEAT, 1))
    desk.tick(0)
    desk.session.dream(1, noise(4 * BEAT, 2), 1)
    desk.tick(1000)
    again = Desk(desk.session)
    again.scheduler.restore(desk.plan.schedule(), 7 * BEAT)
    assert again.tick(7 * BEAT)[-1] == (7 * BEAT, 0, 1)
    assert np.array_equal(again.plan.render(8 * BEAT, 64)[0], desk.plan.render(8 * BEAT, 64)[0])


def test_a_restored_loop_that_is_gone_is_replaced_in_phase(desk: Desk) -> None:
    desk.session.source(1, noise(4 * BEAT, 1))
    desk.tick(0)
    desk.session.dream(1, noise(4 * BEAT, 2), 1)
    entries = [replace(entry, file="loop-00000099.ear", origin=123) for entry in desk.plan.schedule()]
    again = Desk(desk.session)
    again.scheduler.restore(entries, 50000)
    assert again.tick(50000)[-1] == (50000, 123, 1)


def test_between_a_recall_and_its_loop_nothing_newer_enters(desk: Desk) -> None:
    desk.session.source(1, noise(4 * BEAT, 1))
    desk.session.dream(1, noise(4 * BEAT, 2), 1)
    desk.tick(0)
    desk.session.dream(2, noise(4 * BEAT, 3), 1)
    assert desk.tick(100) == [(0, 0, 1), (BEAT, 0, 2)]
    desk.session.control = replace(desk.session.control, recall="recall-1.ear", recalls=1)
    assert desk.tick(200) == [(0, 0, 1)], "nobody has heard it yet, and it is not wanted any more"
    desk.session.dream(3, noise(4 * BEAT, 4), 1)
    assert desk.tick(BEAT + 1) == [(0, 0, 1)]
    desk.session.dream(4, noise(4 * BEAT, 2), 1)
    desk.session.dreamer = replace(desk.session.dreamer, recalls=1)
    assert desk.tick(BEAT + 2) == [(0, 0, 1), (2 * BEAT, 0, 4)]


def test_a_loop_that_is_recalled_with_its_source_is_heard_in_place_of_that(desk: Desk) -> None:
    desk.session.source(1, noise(4 * BEAT, 1))
    desk.session.dream(1, noise(4 * BEAT, 2), 1)
    desk.tick(0)
    desk.session.carry(2, noise(4 * BEAT, 3))
    assert desk.session.control is not None
    desk.session.control = replace(desk.session.control, recall="carried-x.ear", recalls=1)
    for position in (100, 200):
        desk.tick(position)
        assert [entry.file for entry in desk.plan.schedule()] == [loop_name(1), "carried-x.ear"]
    desk.session.dream(2, noise(4 * BEAT, 4), 2)
    desk.session.dreamer = replace(desk.session.dreamer, recalls=1)
    assert desk.tick(BEAT + 1)[-1] == (2 * BEAT, 0, 2)
