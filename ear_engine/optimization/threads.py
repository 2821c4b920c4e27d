"""How many threads a dream's steps use: as many as make them faster, tried while it goes on.

Two threads share a step's work and wait for each other after every operation. On a free core that nearly halves a step
of a wide network; beside a busy process the one waits for the other's turn, and the step takes several times as long
as with one thread. Which it is changes while one plays, so it is measured: now and then a few steps are made with
another number of threads. More threads must be a good deal faster to be kept, fewer only as fast: they leave cores to
the sound and to everyone else. One thread that does not get a core to itself tells that there is none to spare: then
more are not tried. (Beside a viewer and four clients on two cores, a trial took two seconds, and what was changed
meanwhile was heard a beat late.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from statistics import median

import torch

_STEPS = 8  # compared with as many
_FASTER = 0.85  # share of the time that more threads must not exceed to be kept
_CHANGED = 1.4  # factor by which a step's time has changed for good
_AT_ONCE = 3  # steps that all took longer by that factor are enough for a trial
_SOON, _SELDOM = 2.0, 120.0  # seconds between trials: at first and after changes, and at most
_ALONE = 0.9  # share of a core that one thread gets at least if another one may be free
_COSTLY = 1.5  # a trial ends early when it has taken so many times what its steps should


class Threads:
    """Chooses the number of torch's threads from the times of steps.

    Args:
        most: threads at most. It begins with one, which costs a free machine two seconds at half the speed; the most
            would cost a busy one many.
        use: what sets the number.
    """

    def __init__(self, most: int, use: Callable[[int], object] = torch.set_num_threads) -> None:
        self._most = max(1, most)
        self.count = 1
        self._use = use
        self._use(self.count)
        self._upward = False
        self._wait = _SOON
        self._elapsed = 0.0  # seconds of steps since the last trial
        self._begin(None)

    def _begin(self, key: Hashable) -> None:
        """Compare nothing with what was before."""
        self._key = key
        self._times: list[float] = []
        self._computed: list[float] = []
        self._usual = 0.0
        self._tried: int | None = None
        self._trial: list[float] = []

    def step(self, seconds: float, key: Hashable = None, computed: float = math.inf) -> int:
        """Take note of a step.

        Args:
            seconds: how long it took.
            computed: seconds of them in which the calling thread had a core.
            key: what it consisted of; times are only compared between steps with the same one.

        Returns:
            Threads for the next one, already set.
        """
        if key != self._key:
            self._choose(self.count)
            self._begin(key)
        elif self._tried is not None:
            self._try(seconds)
        else:
            self._watch(seconds, computed)
        return self._tried or self.count

    def _watch(self, seconds: float, computed: float) -> None:
        """One more step as usual; begin a trial when it is time."""
        self._times = [*self._times, seconds][-_STEPS:]
        self._computed = [*self._computed, computed][-_STEPS:]
        self._elapsed += seconds
        if self._most == 1:
            return
        # One thread that slows down gets less of its core, which more threads would not mend.
        slowed = self.count > 1 and 0.0 < self._usual * _CHANGED < min(self._times[-_AT_ONCE:])
        if not slowed and len(self._times) < _STEPS:
            return
        now = median(self._times[-_AT_ONCE:] if slowed else self._times)
        if slowed or now * _CHANGED < self._usual:
            self._wait = _SOON
        self._usual = self._usual or now
        if self.count == 1 and sum(self._computed) < _ALONE * sum(self._times):
            return
        if slowed or self._elapsed >= self._wait:
            self._usual = now
            self._tried = self._other()
            self._use(self._tried)

    def _other(self) -> int:
        """Twice or half as many threads, in turns where both can be."""
        fewer, more = max(1, self.count // 2), min(self._most, self.count * 2)
        self._upward = not self._upward if fewer < self.count < more else more > self.count
        return more if self._upward else fewer

    def _try(self, seconds: float) -> None:
        """One more step of the trial (the first only sets threads up); decide at its end."""
        self._trial.append(seconds)
        costly = sum(self._trial) > _COSTLY * _STEPS * self._usual
        if len(self._trial) <= _STEPS and not costly:
            return
        assert self._tried is not None
        needed = self._usual * (_FASTER if self._tried > self.count else 1.0)
        better = not costly and median(self._trial[1:]) < needed
        self._wait = _SOON if better else min(_SELDOM, (4.0 if costly else 2.0) * self._wait)
        self._choose(self._tried if better else self.count)
        self._elapsed = 0.0
        self._begin(self._key)

    def _choose(self, count: int) -> None:
        self.count = count
        self._use(count)
