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


def played(timeline: Timeline, block: int, ppm: float, seconds: float, stalls: float = 0.0) -> np.ndarray:
    """Looked at as the audio process does, by a scheduler that lets it in 60 to some hundred microseconds late. After
    40 s the device stands still for ``stalls`` seconds. Returns (seconds, error in samples) of each look."""
    rng, count = np.random.default_rng(1), round(seconds * RATE / block)
    pace = block / RATE * (1 + ppm * 1e-6)
    begins = 100.0 + np.arange(1, count + 1) * pace
    begins[begins > 140.0] += stalls
    late = np.where(rng.random(count) < 0.02, rng.exponential(0.004, count), rng.exponential(0.00003, count))
    left = np.maximum.accumulate(begins + late)
    at, seen, errors = 100.0, 0, []
    while at < left[-1]:
        at += timeline.pause(at, 0.005) + 0.00006 + rng.exponential(0.00003)
        at += rng.exponential(0.005) if rng.random() < 0.02 else 0.0
        blocks = int(np.searchsorted(left, at, "right"))
        if blocks > seen:
            seen = blocks
            timeline.observe(seen * block, at)
        if timeline.observed:
            true = (at - 100.0 - (stalls if at > 140.0 else 0.0)) / pace * block
            errors.append((at - 100.0, timeline.position_at(at) - true))
    return np.array(errors)


@pytest.mark.parametrize("ppm", [0.0, 50.0, -100.0])
@pytest.mark.parametrize("block", [256, 1024, 4096])
def test_the_playhead_is_where_the_sound_is_to_a_sample(block: int, ppm: float) -> None:
    timeline = Timeline(RATE, block)
    found = played(timeline, block, ppm, 200.0)
    errors = found[found[:, 0] > 30.0, 1]
    assert len(errors) > 10_000 and timeline.dropouts == 0
    assert np.percentile(np.abs(errors), 50) < 1.0
    assert np.percentile(np.abs(errors - np.median(errors)), 99) < (1.0 if block <= 1024 else 2.0)
    start = found[(found[:, 0] > 3.0) & (found[:, 0] < 6.0), 1]
    assert np.percentile(np.abs(start), 99) < 0.0005 * RATE


def test_a_device_that_stood_still_for_less_than_a_dropout_is_followed_soon() -> None:
    timeline = Timeline(RATE, BLOCK)
    found = played(timeline, BLOCK, 50.0, 60.0, stalls=0.003)
    assert timeline.dropouts == 0
    after = found[found[:, 0] > 43.0, 1]
    assert np.percentile(np.abs(after), 99) < 0.0002 * RATE


def test_it_is_looked_just_before_a_block_is_due_and_when_it_is() -> None:
    timeline = Timeline(RATE, BLOCK)
    for block in range(1, 33):
        timeline.observe(block * BLOCK, block * BLOCK / RATE)
    due = 34 * BLOCK / RATE
    at, looks = due - 0.011, []
    while at < due + 0.002:
        pause = timeline.pause(at, 0.005)
        assert 0.0 < pause <= 0.005
        at += pause
        looks.append(at - due)
    assert any(abs(look + 0.001) < 1e-9 for look in looks)
    assert sum(abs(look) < 0.00021 for look in looks) == 2


@pytest.mark.parametrize("block", [32, 64, 256, 1024, 4096])
def test_looks_are_few_whatever_the_block(block: int) -> None:
    timeline = Timeline(RATE, block)
    for number in range(1, 200):
        timeline.observe(number * block, number * block / RATE)
    at = begin = 200 * block / RATE
    looks = 0
    while at < begin + 1.0:
        at += timeline.pause(at, 0.005) + 0.00006
        looks += 1
    assert looks <= 800


def test_nothing_observed_has_no_position() -> None:
    with pytest.raises(ValueError, match="nothing was observed yet"):
        Timeline(RATE, BLOCK).position_at(1.0)
