"""Clocks: one that comes in through jitter and loss, one that goes out where the beat is."""

from __future__ import annotations

import random

import pytest

from ear_engine.midi.clock_in import ClockIn
from ear_engine.midi.controls import Pulse
from ear_engine.midi.ticking import Line, Ticking


class Player:
    """A clock that ticks as it should, but comes as it may."""

    def __init__(self, jitter: float = 0.0, loss: float = 0.0) -> None:
        self.clock = ClockIn()
        self.told: list[float] = []
        self.worst = 0.0  # seconds between its beat and that of the clock
        self.time = 100.0
        self.ticks = 0
        self._random = random.Random(3)
        self._jitter, self._loss = jitter, loss

    def say(self, beat: str, sixteenths: int = 0) -> None:
        self.clock.take(Pulse(beat, sixteenths), self.time)  # type: ignore[arg-type]

    def play(self, tempo: float, beats: float) -> None:
        for _ in range(round(beats * 24)):
            if self._random.random() >= self._loss:
                self.clock.take(Pulse("clock"), self.time + self._random.uniform(-self._jitter, self._jitter))
                if self.clock.tempo is not None and self.clock.tempo not in self.told[-1:]:
                    self.told.append(self.clock.tempo)
                if self.clock.beat is not None and self.clock.tempo is not None:
                    beat, at = self.clock.beat
                    self.worst = max(self.worst, abs((beat - self.ticks / 24) * 60 / tempo - (at - self.time)))
            self.ticks += 1
            self.time += 60 / tempo / 24


@pytest.mark.parametrize("tempo", [20, 77, 120, 143.5, 174])
def test_five_milliseconds_of_jitter_move_neither_tempo_nor_beat(tempo: float) -> None:
    player = Player(jitter=0.005)
    player.say("start")
    player.play(tempo, 64)
    assert len(player.told) <= 3 and player.told[-1] == pytest.approx(tempo, rel=0.0015)
    assert player.worst < 0.003


@pytest.mark.parametrize("tempo", [60, 120])
def test_a_tenth_of_all_ticks_can_be_lost_besides(tempo: float) -> None:
    player = Player(jitter=0.005, loss=0.1)
    player.say("start")
    player.play(tempo, 64)
    assert len(player.told) <= 3 and player.told[-1] == pytest.approx(tempo, rel=0.0015)
    assert player.worst < 0.003


def test_a_good_clock_is_told_once_and_to_the_letter() -> None:
    player = Player()
    player.play(121.3, 100)
    assert player.told == [121.3] and player.clock.beat is None  # it has not said where it is


@pytest.mark.parametrize("other", [124, 180, 60, 240])
def test_a_new_tempo_is_followed_within_a_few_beats(other: float) -> None:
    player = Player(jitter=0.002)
    player.play(120, 16)
    player.play(other, 6)
    assert player.told[-1] == pytest.approx(other, rel=0.006)
    player.play(other, 10)
    assert player.told[-1] == pytest.approx(other, rel=0.0015)


@pytest.mark.parametrize("other", [126, 180, 240, 60])
def test_a_jump_of_the_tempo_does_not_move_the_beat(other: float) -> None:
    player = Player(jitter=0.001)
    player.say("start")
    player.play(120, 16)
    player.play(other, 16)
    assert player.clock.beat is not None and player.clock.beat[0] == pytest.approx(32 - 1 / 24)


@pytest.mark.parametrize("tempo", [77, 120, 128.3])
def test_jitter_as_wide_as_half_a_tick_does_not_move_the_beat(tempo: float) -> None:
    player = Player(jitter=0.01)
    player.say("start")
    player.play(tempo, 64)
    assert player.told[-1] == pytest.approx(tempo, rel=0.0015)
    assert player.clock.beat is not None and player.clock.beat[0] == pytest.approx(64 - 1 / 24)
    assert player.worst < 0.01


def test_position_stop_and_continue_say_where_the_beat_is() -> None:
    player = Player()
    player.say("position", 8)
    player.say("continue")
    player.play(120, 4)
    assert player.clock.beat is not None and player.clock.beat[0] == pytest.approx(2 + 4 - 1 / 24)
    player.say("stop")
    player.play(120, 1)
    assert player.clock.beat is None and not player.clock.running
    player.say("continue")
    player.play(120, 1)
    assert player.clock.beat[0] == pytest.approx(2 + 5 - 1 / 24)  # type: ignore[index]


def test_after_silence_it_begins_anew_and_keeps_the_tempo() -> None:
    player = Player()
    player.play(120, 8)
    player.time += 5.0
    assert not player.clock.alive(player.time) and player.clock.tempo == 120
    player.play(90, 4)
    assert player.clock.tempo == 90


def test_nonsense_is_survived() -> None:
    clock = ClockIn()
    chance = random.Random(1)
    for _ in range(3000):
        beat = chance.choice(["clock"] * 9 + ["start", "stop", "continue", "position"])
        clock.take(Pulse(beat, chance.randrange(1 << 14)), chance.choice([1.0, 5.0, chance.uniform(0, 9)]))  # type: ignore[arg-type]


def sent(
    ticking: Ticking, until: float, lines: dict[float, Line | None], step: float = 0.01
) -> list[tuple[float, str]]:
    """What goes out, with the time at which it was due."""
    found, at = [], 0.0
    for number in range(round(until / step) + 1):
        at = number * step
        for time in [time for time in lines if time <= at + 1e-9]:
            ticking.follow(lines.pop(time), at)
        while (due := ticking.next) is not None and due <= at:
            for pulse in ticking.due(max(due, 0.0) if due > float("-inf") else at):
                word = f"position {pulse.sixteenths}" if pulse.beat == "position" else pulse.beat
                found.append((round(max(due, 0.0), 6), word))
    return found


def test_it_starts_on_the_first_beat_and_ticks_on_the_line() -> None:
    found = sent(Ticking(), 1.2, {0.0: Line(0.1, 0.0, 2.0)})
    assert found[0] == (0.1, "start") and [word for _, word in found[1:]] == ["clock"] * (len(found) - 1)
    times = [time for time, word in found if word == "clock"]
    assert times == pytest.approx([0.1 + n / 48 for n in range(len(times))], abs=1e-5)
    assert len(times) == 53


def test_where_it_comes_in_later_it_says_where() -> None:
    found = sent(Ticking(), 0.3, {0.0: Line(0.0, 4.3, 2.0)})
    assert [word for _, word in found[:3]] == ["position 18", "continue", "clock"]  # 4.5 beats
    assert found[2][0] == pytest.approx(0.1)


def test_it_stops_with_the_sound_ticks_on_and_starts_again() -> None:
    lines: dict[float, Line | None] = {
        0.0: Line(0.0, 0.0, 2.0),
        0.5: Line(0.5, 1.0, 2.0, running=False),
        1.0: Line(1.1, 0.0, 2.0),
    }
    found = sent(Ticking(), 1.3, lines)
    words = [word for _, word in found]
    assert words.count("start") == 2 and words.count("stop") == 1
    assert sum(word == "clock" and 0.5 < time < 1.0 for time, word in found) == 23
    assert next(time for time, word in found if word == "start" and time > 0.5) == pytest.approx(1.1)


def test_a_leap_is_said_and_a_small_shift_is_not() -> None:
    small = sent(Ticking(), 1.0, {0.0: Line(0.0, 0.0, 2.0), 0.5: Line(0.5, 1.02, 2.0)})
    assert [word for _, word in small].count("clock") == 48 + 1 and "stop" not in [word for _, word in small]
    leap = [word for _, word in sent(Ticking(), 1.0, {0.0: Line(0.0, 0.0, 2.0), 0.5: Line(0.5, 3.0, 2.0)})]
    assert leap[leap.index("stop") + 1 :][:2] == ["position 12", "continue"]


def test_the_end_is_a_stop() -> None:
    found = [word for _, word in sent(Ticking(), 1.0, {0.0: Line(0.0, 0.0, 2.0), 0.5: None})]
    assert found[-1] == "stop"
