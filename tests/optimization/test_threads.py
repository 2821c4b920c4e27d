"""Threads follow what steps take, without swinging to and fro."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from ear_engine.optimization.threads import Threads


class Machine:
    """A machine on which steps with so many threads take so long."""

    def __init__(self, most: int, seconds: Callable[[int], float], noise: float = 0.0) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.used: list[int] = []
        self._threads = 0
        self._noise = noise
        self.share = 1.0  # of a core, that one thread gets
        self._random = np.random.default_rng(1)
        self.governor = Threads(most, self._use)

    def _use(self, count: int) -> None:
        self._threads = count

    def play(self, seconds: float, key: str = "") -> list[int]:
        """Threads of the steps of so many seconds."""
        used, end = [], self.now + seconds
        while self.now < end:
            took = self.seconds(self._threads) * float(np.exp(self._noise * self._random.normal()))
            self.now += took
            used.append(self._threads)
            assert self.governor.step(took, key, self.share * took) == self._threads
        self.used += used
        return used


def free(threads: int) -> float:
    return 0.03 / threads**0.8


def busy(threads: int) -> float:
    return {1: 0.04, 2: 0.4}[threads]


def test_a_free_machine_keeps_both_threads() -> None:
    machine = Machine(2, free)
    machine.play(5)
    assert np.mean(np.array(machine.play(300)) == 2) > 0.99


def test_beside_a_busy_process_one_thread_is_left_within_seconds() -> None:
    machine = Machine(2, busy)
    used = machine.play(300)
    assert used[0] == machine.governor.count == 1
    assert used.count(2) * busy(2) < 0.05 * 300  # seconds of trials


def test_a_thread_that_shares_its_core_is_given_no_other_until_it_has_it_alone() -> None:
    machine = Machine(2, free, noise=0.1)
    machine.share = 0.7
    assert set(machine.play(300)) == {1}
    machine.share = 0.98
    machine.play(10)
    assert np.mean(np.array(machine.play(300)) == 2) > 0.9


def test_it_follows_load_that_comes_and_goes() -> None:
    machine = Machine(2, free)
    machine.play(60)
    machine.seconds = busy
    assert machine.governor.count == 2
    machine.play(3)
    assert machine.governor.count == 1
    machine.seconds = free
    machine.play(15)
    assert machine.governor.count == 2


@pytest.mark.parametrize("gain", [1.0, 1.05, 1.1, 1.15])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_threads_that_gain_little_are_not_swung_between(gain: float, noise: float) -> None:
    machine = Machine(2, lambda threads: 0.03 / (gain if threads == 2 else 1.0), noise)
    machine.play(600)
    settled: list[int] = []
    for _ in range(100):
        machine.play(3)
        settled.append(machine.governor.count)
    assert sum(a != b for a, b in pairwise(settled)) <= 1


def test_fewer_threads_are_kept_where_more_are_no_faster() -> None:
    machine = Machine(2, lambda threads: 0.02 + 0.001 * threads)
    machine.play(20)
    assert machine.governor.count == 1


def test_many_cores_are_approached_by_halves_and_doubles() -> None:
    machine = Machine(16, lambda threads: 0.05 / threads + 0.002 * threads)  # best at 5
    machine.play(120)
    assert machine.governor.count == 4
    assert set(machine.used) <= {1, 2, 4, 8, 16}


def test_another_target_is_not_compared_with_the_last() -> None:
    machine = Machine(2, free)
    machine.play(2.5, "shallow")
    machine.seconds = lambda threads: 10.0 * free(threads)
    used = machine.play(60, "deep")
    assert machine.governor.count == 2
    assert used.count(1) < 0.1 * len(used)  # trials only


def test_a_target_that_keeps_changing_does_not_keep_it_from_trying() -> None:
    machine = Machine(2, busy)
    for turn in range(20):
        machine.play(4, f"target {turn}")
    assert machine.governor.count == 1


def test_one_core_is_never_more_than_one_thread() -> None:
    machine = Machine(1, free)
    assert set(machine.play(60)) == {1}


def test_torch_is_told() -> None:
    import torch

    before = torch.get_num_threads()
    try:
        Threads(1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
