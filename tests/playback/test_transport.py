"""Tempo changes, stops, starts and bars that are moved, as they are planned to sound: to a sample, without a click."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.playback.entries import shift_to, shifted
from ear_engine.shared_memory.clock import bars_at, beats_at
from ear_engine.shared_memory.states import AudioState, Entry
from tests.playback.helpers import RATE, Audio, Session, sine
from tests.playback.test_schedule import BEAT, Desk

TICK = 256


def clicks(samples: int, beats: int, level: float = 1.0) -> Audio:
    """An impulse on every beat."""
    audio = np.zeros((2, samples), np.float32)
    audio[:, [round(beat * samples / beats) for beat in range(beats)]] = level
    return audio


def play(desk: Desk, start: int, stop: int) -> Audio:
    """Render as the feeder does, ticking before each block."""
    parts = []
    for position in range(start, stop, TICK):
        desk.tick(position)
        parts.append(desk.plan.render(position, min(TICK, stop - position))[0])
        desk.plan.prune(position)
    return np.concatenate(parts, axis=1)


def onsets(audio: Audio, start: int = 0) -> list[int]:
    return [start + int(place) for place in np.flatnonzero(audio[0] > 0.9)]


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def test_a_tempo_change_acts_at_the_next_bar_on_sound_and_dream_to_a_sample(desk: Desk) -> None:
    session = desk.session
    session.source(1, clicks(8 * BEAT, 8), beats=8)
    heard = play(desk, 0, BEAT + 1000)
    slow, fast = round(8 * RATE * 60 / 97.3), round(8 * RATE * 60 / 131.7)
    session.source(2, clicks(slow, 8), beats=8)  # several changes before the bar: the last wins
    heard = np.concatenate((heard, play(desk, BEAT + 1000, 2 * BEAT)), axis=1)
    session.source(3, clicks(fast, 8), beats=8)
    session.dream(1, clicks(fast, 8, 0.95), 3, beats=8)
    heard = np.concatenate((heard, play(desk, 2 * BEAT, 12 * BEAT)), axis=1)
    origin = 4 * BEAT - round(4 * fast / 8)
    grid = [origin + loop * fast + round(beat * fast / 8) for loop in range(2) for beat in range(8)]
    before = [beat * BEAT for beat in (1, 2, 3)]  # the very first one fades in
    assert onsets(heard) == before + [place for place in grid if 4 * BEAT <= place < 12 * BEAT]


def test_what_was_dreamed_is_carried_to_the_new_tempo_without_waiting(desk: Desk) -> None:
    session = desk.session
    session.source(1, clicks(8 * BEAT, 8), beats=8)
    session.dream(1, clicks(8 * BEAT, 8, 0.95), 1, beats=8)
    session.alive(1, "loop-00000001.ear", 1)
    play(desk, 0, BEAT)
    session.carry(2, clicks(8 * 20000, 8, 0.97), beats=8)
    later = play(desk, BEAT, 6 * BEAT)
    assert onsets(later, BEAT)[:5] == [BEAT, 2 * BEAT, 3 * BEAT, 4 * BEAT, 4 * BEAT + 20000]
    assert later[0, 3 * BEAT + 20000] == np.float32(0.97)


def test_a_stop_is_silent_at_once_and_a_start_begins_with_the_first_beat_whole(desk: Desk) -> None:
    session = desk.session
    session.source(1, clicks(4 * BEAT, 4))
    play(desk, 0, 3 * BEAT)
    session.set(run=False)
    position = 3 * BEAT + 500
    rest = play(desk, position, position + BEAT)
    assert not rest[:, 441:].any()
    last = desk.plan.last
    assert last is not None and last.entry.silent
    session.set(run=True)
    again = position + BEAT
    played = play(desk, again, again + 5 * BEAT)
    first = onsets(played, again)[0]
    assert first - again < 300  # 5 ms of the loop's end lead into it
    assert onsets(played, again) == [first + beat * BEAT for beat in range(5) if first + beat * BEAT < again + 5 * BEAT]
    entry = desk.plan.last.entry if desk.plan.last is not None else None
    assert entry is not None
    assert beats_at(entry, first) == pytest.approx(0.0, abs=1e-9)
    assert [bars_at(entry, first + beat * BEAT) for beat in (0, 3, 4)] == [0, 0, 1]


def test_a_process_that_takes_over_while_all_stands_still_is_silent_until_the_first_beat(desk: Desk) -> None:
    session = desk.session
    session.source(1, clicks(4 * BEAT, 4))
    play(desk, 0, 3 * BEAT)
    session.set(run=False)
    play(desk, 3 * BEAT, 5 * BEAT)
    again = Desk(session)
    again.scheduler.restore(desk.plan.schedule(), 6 * BEAT)
    assert not play(again, 6 * BEAT, 16 * BEAT).any()
    assert again.plan.schedule()[-1].silent
    session.set(run=True)
    played = play(again, 16 * BEAT, 18 * BEAT)
    first = onsets(played, 16 * BEAT)[0]
    assert first - 16 * BEAT < 300


def test_a_start_after_a_recall_begins_with_the_loop_that_was_recalled(desk: Desk) -> None:
    session = desk.session
    session.source(1, clicks(4 * BEAT, 4))
    dreamed = session.dream(1, clicks(4 * BEAT, 4, 0.95), 1)
    play(desk, 0, 3 * BEAT)
    session.set(run=False)
    play(desk, 3 * BEAT, 5 * BEAT)
    assert session.control is not None
    session.carry(1, clicks(4 * BEAT, 4, 0.97))
    session.control = replace(session.control, recalls=1)  # which a dreamer that hangs does not take
    session.set(run=True)
    played = play(desk, 5 * BEAT, 7 * BEAT)
    assert desk.plan.last is not None and desk.plan.last.entry.file != dreamed
    assert played[0, onsets(played)[0]] == np.float32(0.97)


def test_a_start_can_be_on_a_bar_that_is_to_come_and_dreams_meanwhile_wait_for_it(desk: Desk) -> None:
    session = desk.session
    session.source(1, clicks(4 * BEAT, 4))
    session.set(run=False)
    play(desk, 0, BEAT)
    session.set(run=True)
    session.align(2.0)  # seconds, as Desk has it: sample 88200
    assert desk.tick(BEAT)[-1][:2] == (2 * RATE - 220, 2 * RATE)
    session.dream(1, clicks(4 * BEAT, 4, 0.95), 1)
    assert desk.tick(BEAT + TICK)[-1] == (2 * RATE - 220, 2 * RATE, 1)
    session.set(run=False)
    assert not play(desk, BEAT + 2 * TICK, 6 * BEAT)[:, 441:].any()


def test_bars_are_moved_without_a_click_and_new_dreams_do_not_undo_it(desk: Desk) -> None:
    session = desk.session
    tone = sine(8 * BEAT, 220.0)
    session.source(1, tone, beats=8)
    heard = play(desk, 0, BEAT)
    session.align((4 * BEAT + 331) / RATE)
    heard = np.concatenate((heard, play(desk, BEAT, 2 * BEAT)), axis=1)
    session.dream(1, tone, 1, beats=8)
    heard = np.concatenate((heard, play(desk, 2 * BEAT, 16 * BEAT)), axis=1)
    assert desk.plan.last is not None
    assert desk.plan.last.entry.origin % (4 * BEAT) == 331
    assert np.array_equal(heard[:, 13 * BEAT : 14 * BEAT], tone[:, 5 * BEAT - 331 : 6 * BEAT - 331])
    assert np.abs(np.diff(heard[:, 1000:])).max() < 1.2 * np.abs(np.diff(tone)).max()
    session.align((4 * BEAT + 331) / RATE + 1e-6)  # half a sample is none
    number = len(desk.plan.schedule())
    play(desk, 16 * BEAT, 17 * BEAT)
    assert len(desk.plan.schedule()) == number


@settings(deadline=None)
@given(
    origin=st.integers(-(10**7), 10**7),
    samples=st.integers(20_000, 1_400_000),
    beats=st.integers(1, 64),
    line=st.floats(0, 1e8),
    earliest=st.integers(0, 10**8),
)
def test_a_moved_bar_line_falls_where_it_was_asked_for(
    origin: int, samples: int, beats: int, line: float, earliest: int
) -> None:
    entry = Entry(0, origin, 1, "", samples, beats)
    by = shift_to(entry, line)
    step = samples * (4 if beats % 4 == 0 else 1) / beats
    assert abs(by) <= step / 2 + 1
    moved = shifted(entry, by, earliest)
    away = (line - moved.origin) % step
    assert min(away, step - away) <= 0.51
    assert earliest <= moved.start <= earliest + 4 * samples / beats + 1
    if beats % 4 == 0:
        inside = (moved.start - moved.origin) % samples * beats / samples
        assert (moved.count - inside + 2) % 4 - 2 == pytest.approx(0.0, abs=beats / samples)


def test_playheads_stand_at_the_start_while_nothing_plays() -> None:
    from ear_engine.shared_memory.clock import playhead

    entry = Entry(1000, 1000, 3, "loop-00000003.ear", 4 * BEAT, 4, silent=True)
    audio = AudioState(1, "null", "", RATE, RATE, 256, 50_000, 9.0, 0.0, 0, [entry])
    head = playhead(audio, 10.0)
    assert head is not None
    assert (head.phase, head.beat, head.count, head.bar) == (0.0, 0.0, 0.0, 0)
