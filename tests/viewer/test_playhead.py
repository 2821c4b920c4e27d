"""The viewer's playhead goes on evenly, whatever the network does to the messages."""

from __future__ import annotations

import numpy as np
import pytest

from ear_engine.viewer.playhead import PlayheadClock

LOOP = 4.0  # seconds
BEATS = 8


def fed(
    clock: PlayheadClock, times: np.ndarray, delays: np.ndarray, seconds: float = LOOP, loop: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Phases read just after each message, and the true ones; unwrapped turns."""
    read, true = [], []
    for when, delay in zip(times, delays, strict=True):
        phase = when / LOOP % 1.0
        clock.add(when + delay, loop, phase, phase * BEATS, seconds)
        heard = clock.at(when + delay + 0.004)
        assert heard is not None
        read.append(heard.phase)
        true.append((when + delay + 0.004) / LOOP % 1.0)
    return np.unwrap(np.array(read), period=1.0), np.unwrap(np.array(true), period=1.0)


@pytest.mark.parametrize("seconds", [LOOP, 0.0], ids=["length known", "length unknown"])
def test_it_is_within_a_frame_under_jitter_and_never_goes_back(seconds: float) -> None:
    generator = np.random.default_rng(1)
    times = np.arange(0.0, 12.0, 1 / 60)
    delays = np.maximum.accumulate(times + generator.exponential(0.004, len(times))) - times  # UDP on a busy machine
    read, true = fed(PlayheadClock(), times, delays, seconds)
    settled = times > 1.5
    error = (read - true)[settled] * LOOP
    assert np.abs(error).max() < 1 / 60
    assert (np.diff(read)[times[1:] > 0.5] >= 0.0).all()  # two may come at the same moment
    came = (times + delays)[settled]
    speed = (read[settled][6:] - read[settled][:-6]) / (came[6:] - came[:-6]) * LOOP
    assert 0.9 < speed.min() and speed.max() < 1.1  # nobody sees that


def test_lost_messages_leave_no_gap() -> None:
    times = np.arange(0.0, 8.0, 1 / 60)
    kept = np.random.default_rng(2).random(len(times)) > 0.6
    read, true = fed(PlayheadClock(), times[kept], np.full(int(kept.sum()), 0.001))
    assert np.abs(read - true)[60:].max() * LOOP < 0.005


def test_another_loop_length_or_place_is_taken_up_at_once() -> None:
    clock = PlayheadClock()
    fed(clock, np.arange(0.0, 3.0, 1 / 60), np.zeros(180))
    for when in np.arange(3.0, 3.5, 1 / 60):  # another clip, of two seconds, from its middle
        clock.add(when, 2, ((when - 3.0) / 2.0 + 0.5) % 1.0, 0.0, 2.0)
    heard = clock.at(3.5)
    assert heard is not None and heard.loop == 2
    assert heard.phase == pytest.approx(0.75, abs=0.02)
    assert heard.seconds == pytest.approx(2.0)


def test_one_message_that_is_far_off_is_not_believed() -> None:
    clock = PlayheadClock()
    times = np.arange(0.0, 3.0, 1 / 60)
    fed(clock, times, np.zeros(len(times)))
    clock.add(3.0, 1, (3.0 / LOOP + 0.4) % 1.0, 0.0, LOOP)
    heard = clock.at(3.01)
    assert heard is not None and heard.phase == pytest.approx(3.01 / LOOP % 1.0, abs=0.005)


def test_a_display_that_is_late_is_shown_what_comes() -> None:
    clock = PlayheadClock()
    fed(clock, np.arange(0.0, 2.0, 1 / 60), np.zeros(120))
    now, ahead = clock.at(2.0), clock.at(2.0, 0.1)
    assert now is not None and ahead is not None
    assert (ahead.phase - now.phase) * LOOP == pytest.approx(0.1, abs=0.01)


def test_nothing_is_known_without_messages() -> None:
    clock = PlayheadClock()
    assert clock.at(0.0) is None
    clock.add(1.0, 1, 0.5, 4.0, LOOP)
    assert clock.at(1.1) is not None
    assert clock.at(3.0) is None
    clock.clear()
    assert clock.at(1.1) is None
