"""The planned signal, against the same definition written as a sum over whole arrays in float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ear_engine.playback.mix import correlation, level, mix_gains
from ear_engine.playback.plan import Plan, PlannedLoop, continued_origin, cyclic
from ear_engine.shared_memory.clock import next_boundary
from ear_engine.shared_memory.states import Entry
from tests.playback.helpers import noise


def planned(start: int, samples: int, seed: int, origin: int | None = None, fade: int = 20) -> PlannedLoop:
    entry = Entry(start, start if origin is None else origin, seed, f"loop-{seed}", samples, 4)
    return PlannedLoop(entry, noise(samples, seed), noise(samples, seed + 1000), fade)


def expected(loops: list[PlannedLoop], start: int, count: int, dry: bool = False) -> NDArray[np.float64]:
    """Sample by sample, as a listener who knows the score would say it."""
    position = np.arange(start, start + count)
    signal = np.zeros((2, count))
    for loop in loops:
        audio = (loop.dry if dry else loop.wet).astype(np.float64)
        time = np.clip((position - loop.entry.start + 0.5) / loop.fade, 0, 1)
        weight = np.where(position >= loop.entry.start, np.sin(time * np.pi / 2) ** 2, 0.0)
        signal = (1 - weight) * signal + weight * audio[:, (position - loop.entry.origin) % loop.entry.samples]
    return signal


LENGTHS = st.integers(1, 700)
ENTRIES = st.lists(st.tuples(st.integers(0, 900), LENGTHS, st.integers(-500, 500), st.integers(1, 400)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(entries=ENTRIES, start=st.integers(-100, 3000), count=st.integers(1, 1500))
def test_any_entries_render_to_the_definition(entries: list[tuple[int, int, int, int]], start: int, count: int) -> None:
    plan = Plan()
    loops = []
    for seed, (begin, samples, origin, fade) in enumerate(sorted(entries)):
        loops.append(planned(begin, samples, seed, origin, fade))
        plan.add(loops[-1])
    wet, dry = plan.render(start, count)
    assert np.abs(wet - expected(loops, start, count)).max() < 1e-6
    assert np.abs(dry - expected(loops, start, count, dry=True)).max() < 1e-6


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, 500), min_size=1, max_size=12), prune=st.booleans())
def test_the_chunks_it_is_rendered_in_do_not_matter(cuts: list[int], prune: bool) -> None:
    plan = Plan()
    for number, start in enumerate((0, 300, 310, 1200)):
        plan.add(planned(start, 211 + number, number, fade=97))
    whole, _ = plan.render(0, sum(cuts))
    position = 0
    for cut in cuts:
        if prune:
            plan.prune(position)
        part, _ = plan.render(position, cut)
        assert np.array_equal(part, whole[:, position : position + cut])
        position += cut


@given(samples=st.integers(1, 3000), phase=st.integers(-9000, 9000), count=st.integers(1, 5000))
def test_a_loop_is_read_at_its_phase_at_any_length(samples: int, phase: int, count: int) -> None:
    audio = np.stack((np.arange(samples), -np.arange(samples))).astype(np.float32)
    assert np.array_equal(cyclic(audio, phase, count)[0], np.arange(phase, phase + count) % samples)


def test_a_settled_loop_is_played_bit_for_bit() -> None:
    plan = Plan()
    plan.add(planned(0, 997, 1))
    plan.add(planned(500, 997, 2, origin=0, fade=100))
    wet, _ = plan.render(600, 997)
    assert np.array_equal(wet, cyclic(noise(997, 2), 600, 997))


def test_crossfading_equal_loops_changes_nothing() -> None:
    plan = Plan()
    plan.add(planned(0, 400, 1, fade=1))
    plan.add(replace(planned(1000, 400, 1, origin=0, fade=300), dry=noise(400, 5)))
    wet, _ = plan.render(900, 500)
    assert np.array_equal(wet, cyclic(noise(400, 1), 900, 500))


def test_pruning_keeps_what_may_sound_and_reports_the_last_entries() -> None:
    plan = Plan()
    for number in range(12):
        plan.add(planned(100 * number, 64, number))
    before, _ = plan.render(1005, 50)
    plan.prune(1005)
    assert np.array_equal(plan.render(1005, 50)[0], before)
    assert [entry.start for entry in plan.schedule()] == [100 * number for number in range(8, 12)]


def test_an_entry_out_of_order_or_of_another_length_is_refused() -> None:
    plan = Plan()
    plan.add(planned(100, 64, 1))
    with pytest.raises(ValueError, match="before the last"):
        plan.add(planned(99, 64, 2))
    with pytest.raises(ValueError, match="in an entry of 64"):
        plan.add(replace(planned(200, 64, 3), wet=noise(63, 3)))


@given(
    tempo=st.floats(20, 300),
    beats=st.integers(1, 64),
    position=st.integers(0, 10**7),
    division=st.sampled_from((0.0, 0.5, 1.0, 4.0)),
    after=st.tuples(st.floats(20, 300), st.integers(1, 64)),
)
def test_another_tempo_or_length_enters_on_the_same_beat(
    tempo: float, beats: int, position: int, division: float, after: tuple[float, int]
) -> None:
    entry = Entry(0, 17, 1, "a", round(beats * 60 / tempo * 44100), beats)
    start = next_boundary(position, entry, division)
    samples = round(after[1] * 60 / after[0] * 44100)
    origin = continued_origin(entry, start, samples, after[1])
    heard = (start - entry.origin) % entry.samples / entry.samples * beats
    begun = (start - origin) % samples / samples * after[1]
    difference = (heard % after[1] - begun) % after[1]
    assert min(difference, after[1] - difference) < 1e-3  # a sample is less, in beats
    assert abs(round(2 * begun) / 2 - begun) < 1e-3


def test_the_same_length_keeps_its_phase() -> None:
    entry = Entry(0, 17, 1, "a", 88200, 4)
    assert continued_origin(entry, 22067, 88200, 4) == 17


@given(wet=st.floats(0, 1), shared=st.floats(0, 1))
def test_the_mix_has_the_same_power_at_every_setting(wet: float, shared: float) -> None:
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.standard_normal((4096, 2)))[0].T * 50
    dream = np.stack((basis[0], basis[0])).astype(np.float32)
    side = (shared * basis[0] + np.sqrt(1 - shared**2) * basis[1]).astype(np.float32)
    source = np.stack((side, side))
    found = correlation(dream, source)
    assert found == pytest.approx(shared, abs=1e-4)
    one, other = mix_gains(wet, found)
    assert np.square(one * dream + other * source).mean() == pytest.approx(np.square(dream).mean(), rel=1e-3)


def test_the_ends_of_the_mix_and_unity_gain_are_exact() -> None:
    assert mix_gains(1.0, 0.3) == (1.0, 0.0)
    assert mix_gains(0.0, 0.3) == (0.0, 1.0)
    assert level(0.0, False) == 1.0
    assert level(6.0, True) == 0.0
    assert correlation(noise(100, 1), np.zeros((2, 100), np.float32)) == 0.0
