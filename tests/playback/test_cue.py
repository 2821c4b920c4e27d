"""The second pair of outputs, from loop files to what the device gets."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.playback.helpers import DELAY, RATE, Session, noise, sine
from tests.playback.test_feeder import BLOCK, LEADIN, Rig, rig

LOOP = 4 * BLOCK  # so that a block is a quarter of it


def heard(desk: Rig, blocks: int) -> NDArray[np.float32]:
    """(4, samples): what left in so many blocks."""
    made: list[NDArray[np.float32]] = []
    desk.run(blocks, lambda number: made.append(desk.backend.outputs()))
    return np.concatenate(made, axis=1)


def same(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """But for pyo's master fader, which ends its fade-in a bit or two below 1."""
    return bool(np.allclose(one, other, rtol=0, atol=1e-5))


def loop_at(desk: Rig, loop: NDArray[np.float32], blocks: int) -> NDArray[np.float32]:
    """The last so many blocks as ``loop`` would have sounded."""
    first = desk.played.shape[1] - LEADIN - blocks * BLOCK
    return loop[:, (first + np.arange(blocks * BLOCK)) % loop.shape[1]]


def test_the_cue_is_silent_unless_told_and_then_carries_the_source_whatever_the_hall_does(session: Session) -> None:
    source, dream = noise(LOOP, 1), noise(LOOP, 2)
    session.source(1, source)
    session.dream(1, dream, 1)
    with rig(session, channels=4) as desk:
        desk.run(100)
        out = heard(desk, 8)
        assert same(out[:2], loop_at(desk, dream, 8)) and not out[2:].any()
        session.set("cue", source="source")
        session.set(mute=True)
        desk.run(40)
        out = heard(desk, 8)
        assert not out[:2].any() and same(out[2:], loop_at(desk, source, 8))
        session.set("cue", level=-6.0)
        desk.run(40)
        ratio = np.abs(heard(desk, 8)[2:]).mean() / np.abs(source).mean()
        assert abs(20 * np.log10(ratio) + 6.0) < 0.1


def test_what_is_next_is_heard_in_the_cue_in_its_phase_before_the_hall_has_it(session: Session) -> None:
    long = 400 * BLOCK  # the hall waits for its end
    source, dream, newer = noise(long, 1), noise(long, 2), noise(long, 3)
    session.source(1, source)
    session.set("cue", source="next")
    session.set(quantize="loop", crossfade=5.0)
    with rig(session, channels=4) as desk:
        desk.run(60)
        out = heard(desk, 8)  # nothing is newer
        assert same(out[:2], loop_at(desk, source, 8)) and same(out[2:], out[:2])
        for number, audio in enumerate((dream, newer), 1):
            session.dream(number, audio, 1)
            desk.run(40)
            out = heard(desk, 8)
            assert same(out[:2], loop_at(desk, source, 8))
            assert same(out[2:], loop_at(desk, audio, 8))
        desk.run(400)
        out = heard(desk, 8)
        assert same(out[:2], loop_at(desk, newer, 8)) and same(out[2:], out[:2])
        assert desk.state.dropouts == 0 and not desk.events.latest()


def test_an_excerpt_is_heard_in_the_cue_alone(session: Session) -> None:
    source, music = noise(LOOP, 1), noise(RATE, 2)
    session.source(1, source)
    with rig(session, channels=4) as desk:
        desk.run(100)
        session.audition("audition-1.ear", music)
        desk.run(40)
        out = heard(desk, 8)
        assert same(out[:2], loop_at(desk, source, 8))
        assert np.abs(out[2:]).max() > 0.1


@pytest.mark.parametrize("block", [256, 1024])
def test_a_panic_silences_an_excerpt_in_the_cue_in_30_ms_and_a_later_one_is_heard(session: Session, block: int) -> None:
    music = sine(2 * RATE, 3.0)  # slow, so that a step would be the steepest of all
    session.source(1, sine(RATE, 3.0))
    session.set("cue", source="source")
    with rig(session, channels=4, block=block) as desk:
        desk.run(RATE // block)
        session.audition("audition-1.ear", music)
        desk.run(RATE // 2 // block)
        assert np.abs(heard(desk, 2)[2:]).max() > 0.1
        session.panic()
        out = heard(desk, RATE // 2 // block)
        silent = 2 * block + DELAY + round(0.03 * RATE)  # it is read after a block, and acts in the next one
        assert not out[:, silent:].any() and np.abs(out[2:, :block]).max() > 0.1
        assert np.abs(np.diff(out)).max() < 1.0 / (0.015 * RATE) + 2 * np.pi * 3.0 / RATE, "no step"
        session.audition("audition-2.ear", music)
        desk.run(RATE // 2 // block)
        out = heard(desk, 2)
        assert np.abs(out[2:]).max() > 0.1 and not out[:2].any()
        assert desk.state.dropouts == 0 and not desk.events.latest()


def test_another_device_rate_is_resampled_for_the_cue_too(session: Session) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 441.0 * np.arange(4400) / RATE)
    session.source(1, np.stack((tone, tone)).astype(np.float32))
    session.set("cue", source="next")
    with rig(session, 48000, channels=4) as desk:
        desk.run(120)
        out = heard(desk, 40)
    assert np.abs(out[0]).max() > 0.45 and same(out[:2], out[2:])
