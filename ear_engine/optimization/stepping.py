"""Steps in time: each is tried, kept, counted, computed by as many threads as help, and none comes too soon."""

from __future__ import annotations

import time

import torch

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.optimization.attempts import Attempts
from ear_engine.optimization.bulletin import Bulletin
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.dream_log import DreamLog
from ear_engine.optimization.publisher import Speed
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.threads import Threads
from ear_engine.optimization.versions import Step
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import ControlState

_NOT_FINITE = UserError(
    "the dream", "has left the numbers and stays at its last good loop", "choose a lower dream/rate", "not_finite"
)


class Stepping:
    """Makes the steps of a dreamer, and knows how fast they are and what they reach.

    Args:
        attempts: what tries each.
        kept: what keeps each.
        bulletin: told of one that leaves the numbers.
        threads: for torch on the CPU; 0 for as many as make steps faster.
    """

    def __init__(self, attempts: Attempts, kept: DreamLog, bulletin: Bulletin, threads: int) -> None:
        self._attempts = attempts
        self._kept = kept
        self._bulletin = bulletin
        self._free = not threads  # to choose how many
        self._threads = Threads(threads or min(platform.cores(), torch.get_num_threads()))
        self.speed = Speed()
        self.objective = 0.0  # of the last step that was finite

    def step(self, dream: Dream, control: ControlState, looked: float, beats: float) -> None:
        """Make a step of ``dream``, if it can be made.

        Args:
            dream: aimed at something.
            control: what is asked for, read at clock time ``looked``, seconds.
            beats: since the last step.
        """

        def act(settings: DreamSettings) -> Step:
            began, computed = now(), time.thread_time()
            self._kept.step(control, beats, looked)
            made = dream.step(settings, beats)
            self._kept.stepped()
            if dream.device.type == "cpu" and self._free:
                kind = dream.samples, dream.reads, settings.batch_size, settings.method, settings.parametrization
                self._threads.step(now() - began, kind, time.thread_time() - computed)
            self._attempts.worked(settings)
            return made

        result = self._attempts.attempt(dream, control, act)
        if result is not None:
            self.speed.count()
            if result.finite:
                self.objective = result.objective
            self._bulletin.trouble("numbers", None if result.finite else _NOT_FINITE, "warning")

    def pace(self, dream: Dream, control: ControlState, began: float) -> None:
        """Wait, up to a second, if the step that began at clock time ``began`` was one of too many in a loop."""
        cap = int(control.values["optimizer/steps_per_loop"])
        if cap:
            time.sleep(min(1.0, max(0.0, dream.seconds / cap - (now() - began))))
