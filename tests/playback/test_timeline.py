from __future__ import annotations

import numpy as np
import pytest

from ear_engine.playback.timeline import Timeline

RATE, BLOCK = 44100, 1024


def watch(timeline: Timeline, seconds: float, gaps: dict[int, float], ppm: float = 0.0, seed: int = 1) -> float:
    """A device with gaps before some blocks, looked at every 5 ms, sometimes later; return when it really started."""
    rng = np.random.default_rng(seed)
    start = 3.0
    for block in range(round(seconds * RATE / BLOCK)):
        start += gaps.get(block, 0.0)
        due = start + (block + 1) * BLOCK / RATE * (1 + ppm * 1e-6)
        late = rng.uniform(0, 0.005) + (0.015 if rng.uniform() < 0.1 else 0.0)
        timeline.observe((block + 1) * BLOCK, due + late)
    return start


def test_the_position_is_found_better_than_it_is_looked_at() -> None:
    timeline = Timeline(RATE, BLOCK)
    start = watch(timeline, 10, {})
    assert timeline.position_at(start + 20) == pytest.approx(20 * RATE, abs=0.001 * RATE)
    assert timeline.dropouts == 0


@pytest.mark.parametrize("ppm", [-1000, 1000])
def test_a_wrong_clock_is_no_dropout(ppm: float) -> None:
    timeline = Timeline(RATE, BLOCK)
    watch(timeline, 60, {}, ppm)
    assert timeline.dropouts == 0


@pytest.mark.parametrize("gap", [0.010, 0.0232, 0.5])
def test_a_device_that_stands_still_is_counted_once_each_time(gap: float) -> None:
    timeline = Timeline(RATE, BLOCK)
    start = watch(timeline, 20, {200: gap, 500: gap, 800: gap})
    assert timeline.dropouts == 3
    assert timeline.position_at(start + 20) == pytest.approx(20 * RATE, abs=0.002 * RATE)


def test_being_late_ourselves_is_no_dropout() -> None:
    timeline = Timeline(RATE, BLOCK)
    for block in range(500):
        late = 0.1 if block % 50 < 5 else 0.001
        timeline.observe((block + 1) * BLOCK, (block + 1) * BLOCK / RATE + late)
    assert timeline.dropouts == 0
