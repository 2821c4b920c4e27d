"""Beats with time tags: each once, ahead of its time, on the sample where it is heard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ear_engine.osc.beat_events import AHEAD, Beats
from ear_engine.osc.codec import decode
from ear_engine.shared_memory.states import AudioState, Entry

RATE = 44100
BEAT = 22050
WALL = 1_700_000_000.0
LOOP = Entry(0, 0, 1, "", 8 * BEAT, 8)


class Stage:
    """Time goes on in steps of 13 ms from clock time 100, when the graph is at sample 0; latency 25 ms."""

    def __init__(self, *entries: Entry) -> None:
        self.at = 100.0
        self.offset = 0.0
        self.entries = list(entries)
        self.told: list[tuple[int, int, int, float, float]] = []  # bar, beat, position, tempo, sample
        self.ahead: list[float] = []
        self.pid = 1
        self._beats = Beats(self.audio, lambda: self.offset, self.take, lambda: self.at, lambda: WALL + self.at - 100.0)

    def audio(self) -> AudioState:
        position = round((self.at - 100.0) * RATE)
        return AudioState(self.pid, "null", "", RATE, RATE, 256, position, self.at, 0.025, 0, self.entries)

    def take(self, packet: bytes) -> None:
        (message,) = decode(packet)
        assert message.timetag is not None
        heard = message.timetag - WALL + self.offset
        self.told.append((*message.flat[:3], round(message.flat[3], 3), round((heard - 0.025) * RATE, 1)))
        self.ahead.append(message.timetag - WALL - (self.at - 100.0))

    def run(self, seconds: float) -> None:
        end = self.at + seconds
        while self.at < end:
            self._beats.step()
            self.at += 0.013


def test_every_beat_is_told_once_ahead_of_its_time() -> None:
    stage = Stage(LOOP)
    stage.run(5.0)
    assert stage.told == [
        (beat // 4 + 1, beat % 4 + 1, beat % 8, 120.0, pytest.approx(beat * BEAT, abs=0.6)) for beat in range(11)
    ]
    assert max(stage.ahead) <= AHEAD + 1e-6
    assert min(stage.ahead[1:]) > AHEAD - 0.014


def test_beats_follow_a_change_of_tempo_at_the_bar() -> None:
    fast = 8 * 15001
    stage = Stage(LOOP, Entry(4 * BEAT, 4 * BEAT - fast // 2, 2, "", fast, 8, count=4.0, bar=1))
    stage.run(3.5)
    places = [round(told[-1]) for told in stage.told]
    assert places == [0, BEAT, 2 * BEAT, 3 * BEAT, *(4 * BEAT + beat * 15001 for beat in range(5))]
    assert [told[:3] for told in stage.told[3:6]] == [(1, 4, 3), (2, 1, 4), (2, 2, 5)]


def test_a_tempo_that_is_decided_just_before_the_bar_is_rendered_is_that_of_the_beat() -> None:
    """The audio process renders 0.15 s ahead of what leaves it, which is heard 25 ms later."""
    fast = 8 * 15001
    stage = Stage(LOOP)
    stage.run(4 * BEAT / RATE + 0.025 - 0.17)
    stage.entries.append(Entry(4 * BEAT, 4 * BEAT - fast // 2, 2, "", fast, 8, count=4.0, bar=1))
    stage.run(1.0)
    assert [told[:3] for told in stage.told[3:5]] == [(1, 4, 3), (2, 1, 4)]
    assert stage.told[4][3] == pytest.approx(60.0 * RATE / 15001, abs=0.001)


@pytest.mark.parametrize("offset", [0.1, 0.5, -0.5])
def test_what_is_offset_is_told_so_much_earlier(offset: float) -> None:
    stage = Stage(LOOP)
    stage.at = 110.0
    stage.offset = offset
    stage.run(1.0)
    first = round(stage.told[0][-1] / BEAT)
    expected = [pytest.approx((first + beat) * BEAT, abs=0.6) for beat in range(len(stage.told))]
    assert len(stage.told) >= 2 and [told[-1] for told in stage.told] == expected
    assert AHEAD - 0.014 < stage.ahead[-1] <= max(stage.ahead) <= AHEAD + 1e-6


def test_nothing_is_told_while_nothing_plays_and_a_start_is_bar_one() -> None:
    stage = Stage(LOOP, replace(LOOP, start=BEAT + 100, silent=True))
    stage.run(1.5)
    assert len(stage.told) == 2
    start = round(1.6 * RATE)  # so near that silence has been looked at there
    stage.entries.append(Entry(start - 220, start, 1, "", 8 * BEAT, 8, count=-220 / BEAT, bar=-1))
    stage.run(1.5)
    assert len(stage.told) == 6
    assert stage.told[2][:3] == (1, 1, 0)
    assert stage.told[2][-1] == pytest.approx(start, abs=0.6)


def test_a_bar_that_is_moved_a_little_is_told_once() -> None:
    stage = Stage(LOOP)
    stage.run(1.85)  # the bar line at 2 s has been told
    stage.entries.append(Entry(4 * BEAT + 441, 441, 1, "", 8 * BEAT, 8, count=4.0, bar=1))
    stage.run(0.9)
    assert [told[1] for told in stage.told] == [1, 2, 3, 4, 1, 2]
    assert stage.told[-1][-1] == pytest.approx(5 * BEAT + 441, abs=0.6)


def test_after_a_gap_and_in_another_process_only_what_comes_is_told() -> None:
    stage = Stage(LOOP)
    stage.run(0.5)
    stage.at += 30.0
    number = len(stage.told)
    stage.run(0.4)
    assert len(stage.told) <= number + 2
    stage.pid = 2
    stage.run(0.5)
    assert min(stage.ahead) > -0.03


def test_a_process_that_goes_on_from_another_tells_no_beat_again() -> None:
    stage = Stage(LOOP)
    stage.run(0.4)  # the beat at half a second has been told
    stage.pid = 2
    stage.run(0.5)
    assert [round(told[-1] / BEAT) for told in stage.told] == [0, 1, 2]
