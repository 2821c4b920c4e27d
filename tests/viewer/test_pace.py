"""Frames in step with the screen, and not more of the processor than is ours."""

from __future__ import annotations

import pytest

from ear_engine.viewer.pace import Pacer


def play(pacer: Pacer, *, cost: float, wall: float, share: float, seconds: float = 10.0) -> tuple[float, float]:
    """Frames a second, and processor seconds a second."""
    at = cpu = 0.0
    frames = 0
    while at < seconds:
        pacer.begin(at, cpu)
        at, cpu, frames = at + wall, cpu + cost, frames + 1
        at += pacer.rest(at, share)
    return frames / at, cpu / at


def test_a_graphics_card_draws_sixty_frames() -> None:
    frames, _ = play(Pacer(False, 2), cost=0.001, wall=0.002, share=0.05)
    assert frames == pytest.approx(60.0, rel=0.02)


def test_a_processor_that_draws_is_shared() -> None:
    frames, used = play(Pacer(True, 2), cost=0.03, wall=0.016, share=0.5)
    assert used == pytest.approx(1.0, rel=0.1) and frames == pytest.approx(33.0, rel=0.1)
    frames, used = play(Pacer(True, 8), cost=0.03, wall=0.01, share=0.5)
    assert frames == pytest.approx(60.0, rel=0.05) and used < 4.0


def test_frames_that_take_long_follow_at_once() -> None:
    pacer = Pacer(False, 2)
    pacer.begin(1.0, 0.0)
    assert pacer.rest(1.05, 0.5) == 0.0
    assert pacer.rest(1.05, 0.5, hidden=True) > 0.1
    pacer.begin(1.1, 0.02)
    assert pacer.frame_ms > 0.0 and pacer.used > 0.0 and pacer.effort_ms == pacer.frame_ms
