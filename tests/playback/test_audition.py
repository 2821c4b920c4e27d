"""Excerpts over the loop, through the real feeder and the real graph: whole, without a step, the loop as it was."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.playback.helpers import DELAY, RATE, Session, noise, sine, spawn
from tests.playback.test_feeder import BLOCK, LEADIN, Rig, rig

LOOP = 5003
MARGIN = 2 * BLOCK + DELAY + round(0.02 * RATE)
SLOW = 3.0  # Hz


def loop_at(loop: NDArray[np.float32], start: int, count: int) -> NDArray[np.float32]:
    return loop[:, np.arange(start, start + count) % loop.shape[1]]


def over(desk: Rig, loop: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is heard beside the loop, from the first sample on."""
    played = desk.played[:, LEADIN:]
    return played - loop_at(loop, 0, played.shape[1])


def test_an_excerpt_sounds_whole_over_the_loop_and_the_loop_comes_back_bit_for_bit(session: Session) -> None:
    loop, music = noise(LOOP, 1, 0.1), noise(RATE, 2, 0.1)
    session.source(1, loop)
    session.set("audition", duck=-20.0, level=-6.0)
    with rig(session) as desk:
        desk.run(100)
        begun = desk.played.shape[1] - LEADIN
        session.audition("audition-1.ear", music)
        desk.run(300)
        played, state = desk.played[:, LEADIN:], desk.state
        assert state.dropouts == 0 and not desk.events.latest()
        assert state.audition == "audition-1.ear" and state.audition_left == 0.0
    first = begun + BLOCK + MARGIN  # asked for in the tick after the next block
    assert np.array_equal(played[:, 882:first], loop_at(loop, 0, first)[:, 882:])
    fade, inner = round(0.02 * RATE), slice(first + 1000, first + RATE - 1000)
    assert not np.array_equal(played[:, first : first + fade], loop_at(loop, first, fade))
    expected = 10 ** (-1.0) * loop_at(loop, 0, played.shape[1]) + 10 ** (-0.3) * np.pad(
        music, ((0, 0), (first, played.shape[1] - first - RATE))
    )
    assert np.abs(played[:, inner] - expected[:, inner]).max() < 1e-6
    after = first + RATE + round(0.25 * RATE)
    assert played.shape[1] - after > 10 * BLOCK
    assert np.array_equal(played[:, after:], loop_at(loop, after, played.shape[1] - after))


def test_what_is_left_of_it_counts_down(session: Session) -> None:
    session.source(1, noise(LOOP, 1))
    with rig(session) as desk:
        desk.run(50)
        assert desk.state.audition_left == 0.0 and desk.state.audition == ""
        session.audition("audition-1.ear", noise(RATE, 2))
        desk.run(1)
        assert desk.state.audition_left == pytest.approx(1.0 + MARGIN / RATE, abs=0.012)
        desk.run(86)
        assert desk.state.audition_left == pytest.approx(0.5 + MARGIN / RATE, abs=0.012)
        session.audition("")
        desk.run(1)
        assert desk.state.audition_left == 0.0


def steepest(signal: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(signal)).max())


@pytest.mark.parametrize("block", [64, 256, 1024])
def test_there_is_never_a_step_however_it_begins_goes_on_and_ends(session: Session, block: int) -> None:
    """Slow waves, so that a click would be the steepest of all: one excerpt after the other, cut off, ended by hand."""
    loop = sine(RATE, SLOW) * np.float32(0.5)
    session.source(1, loop)
    waves = [np.ascontiguousarray(np.roll(sine(RATE, SLOW), round(share * RATE), axis=1)) for share in (0.05, 0.21, 0)]
    with rig(session, block=block) as desk:
        a_tenth = max(1, RATE // 10 // block)
        desk.run(2 * a_tenth)
        for number, pause in enumerate([a_tenth, a_tenth // 4, 1, 1, 3 * a_tenth, 15 * a_tenth], 1):
            session.audition(f"audition-{number}.ear", waves[number % 3])
            desk.run(max(1, pause))
        for pause in (1, 2 * a_tenth, 4 * a_tenth):
            session.audition("")
            desk.run(pause)
            session.audition(f"audition-9{pause}.ear", waves[0])
            desk.run(3 * a_tenth)
        session.audition("")
        desk.run(6 * a_tenth)
        played, state = desk.played[0, 6 * block + DELAY :], desk.state
        assert state.dropouts == 0 and not desk.events.latest()
    slope = 2 * np.pi * SLOW / RATE * 0.75
    fade = np.pi / 2 / (0.02 * RATE)  # a fade of 20 ms from one end of the waves to the other
    assert np.abs(played).max() > 0.5
    assert steepest(played[1000:]) < slope + fade
    tail = played[-a_tenth * block :]
    assert np.array_equal(tail, loop_at(loop, len(played) - len(tail), len(tail))[0])


def test_one_that_is_ended_is_gone_within_a_tenth_of_a_second(session: Session) -> None:
    loop = noise(LOOP, 1)
    session.source(1, loop)
    with rig(session) as desk:
        desk.run(50)
        session.audition("audition-1.ear", noise(4 * RATE, 2))
        desk.run(100)
        ended = desk.played.shape[1] - LEADIN
        session.audition("")
        desk.run(60)
        beside = over(desk, loop)
    late = ended + BLOCK + MARGIN + round(0.06 * RATE)
    assert late - ended < 0.11 * RATE
    assert not beside[:, late:].any() and beside[:, late - 600 : late].any()


def test_it_is_muted_and_turned_down_with_everything_else(session: Session) -> None:
    session.source(1, noise(LOOP, 1))
    session.set(mute=True)
    with rig(session) as desk:
        desk.run(50)
        session.audition("audition-1.ear", noise(RATE, 2))
        desk.run(100)
        assert not desk.played[:, LEADIN + 50 * BLOCK :].any()


def test_a_mono_excerpt_is_on_both_sides(session: Session) -> None:
    session.source(1, np.zeros((2, LOOP), np.float32))
    with rig(session) as desk:
        desk.run(50)
        session.audition("audition-1.ear", noise(RATE, 2)[:1])
        desk.run(100)
        left, right = desk.played
    assert left.any() and np.array_equal(left, right)


@pytest.mark.parametrize(
    ("audio", "rate", "said"),
    [
        (None, RATE, "is gone"),
        (noise(RATE, 2), 48000, "48000 Hz"),
        (np.full((2, 100), np.nan, np.float32), RATE, "not finite"),
        (np.zeros((2, 21 * RATE), np.float32), RATE, "longer than"),
    ],
)
def test_what_cannot_sound_is_told_once_and_changes_nothing(
    session: Session, audio: NDArray[np.float32] | None, rate: int, said: str
) -> None:
    loop = noise(LOOP, 1)
    session.source(1, loop)
    with rig(session) as desk:
        desk.run(50)
        session.audition("audition-1.ear", audio, rate)
        desk.run(100)
        events = desk.events.latest()
        assert [event.code for event in events] == ["audition_refused"] and said in events[0].message
        assert not over(desk, loop)[:, 882:].any() and desk.state.audition_left == 0.0
        session.audition("audition-2.ear", noise(RATE, 2))  # the next one sounds
        desk.run(60)
        assert over(desk, loop)[:, -BLOCK:].any()


def test_one_on_a_device_of_another_rate_is_not_resampled(session: Session) -> None:
    music = noise(48000, 2)
    session.source(1, np.zeros((2, LOOP), np.float32))
    with rig(session, 48000) as desk:
        desk.run(50)
        session.audition("audition-1.ear", music, 48000)
        desk.run(300)
        sounding = np.flatnonzero(desk.played.any(axis=0))
        first, last = int(sounding[0]), int(sounding[-1])
        assert last - first == pytest.approx(48000, abs=2)
        assert np.array_equal(desk.played[:, first + 2000 : first + 40000], music[:, 2000:40000])


def test_after_a_pause_of_ours_it_goes_on_where_it_would_be(session: Session) -> None:
    loop, music = np.zeros((2, LOOP), np.float32), noise(RATE, 2)
    session.source(1, loop)
    with rig(session) as desk:
        desk.run(50)
        session.audition("audition-1.ear", music)
        desk.run(20)
        desk.run(40, feed=False)
        desk.run(200)
        played = desk.played[:, LEADIN:]
    first = int(np.flatnonzero(played.any(axis=0))[0])
    inside = slice(first + RATE - 10000, first + RATE - 2000)
    assert np.array_equal(played[:, inside], music[:, RATE - 10000 : RATE - 2000])


def test_a_process_that_takes_over_does_not_play_it_again(session: Session) -> None:
    loop = noise(LOOP, 1)
    session.source(1, loop)
    with rig(session) as desk:
        desk.run(50)
        session.audition("audition-1.ear", noise(RATE, 2))
        desk.run(20)
        earlier = desk.state
    with rig(session, earlier=earlier, start=desk.at + 0.5) as again:
        again.run(100)
        assert again.state.audition == "audition-1.ear" and again.state.audition_left == 0.0
        quiet = again.played[:, -20 * BLOCK :]
        loops = np.concatenate([loop, loop[:, : 20 * BLOCK]], axis=1)
        assert any(np.array_equal(quiet, loops[:, at : at + 20 * BLOCK]) for at in range(LOOP))
        session.audition("audition-2.ear", noise(RATE, 3))
        again.run(60)
        assert again.state.audition_left > 0.5


def test_the_real_process_records_what_is_heard(session: Session) -> None:
    """From spawn to disk."""

    session.source(1, np.zeros((2, RATE // 2), np.float32))
    take = session.folder / "take.wav"
    process = spawn(session, record=take)
    session.wait(lambda state: state.position > RATE // 4)
    music = noise(RATE, 2)
    session.audition("audition-1.ear", music)
    session.wait(lambda state: state.audition == "audition-1.ear" and state.audition_left > 0.0)
    state = session.wait(lambda state: state.audition_left == 0.0)
    dropouts = state.dropouts
    session.wait(lambda found: found.position > state.position + RATE // 2)
    session.set(stop=True)
    process.join(5)
    assert process.exitcode == 0
    heard, rate = soundfile.read(take, dtype="float32")
    assert rate == RATE
    sounding = np.flatnonzero(heard.any(axis=1))
    first = int(sounding[0])
    assert sounding[-1] - first == pytest.approx(RATE, abs=2)
    if dropouts == 0:  # a busy machine may have held up the clock
        assert np.array_equal(heard[first + 1000 : first + RATE - 1000], music.T[1000:-1000])
