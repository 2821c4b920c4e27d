"""Replayed steps are those made plainly; only what stays the same is recorded. Recordings here replay on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ear_engine.ear.network import Ear
from ear_engine.errors import UserError
from ear_engine.optimization.step_graph import Outcome, StepGraph
from tests.optimization.helpers import aim, dream_of, settings, target

Loop = NDArray[np.float32]
RANDOM = {"time_shift": 1.0, "time_mask": 0.3, "pull": 4.0}


class Replay:
    """Does as a CUDA graph: the same tensors in, the same tensors out, whatever is called where."""

    def __init__(self, step: Callable[[], Outcome]) -> None:
        self._step = step
        self.replays = 0
        self.outcome = step()

    def replay(self) -> None:
        self.replays += 1
        state, report = self._step()
        fixed, told = self.outcome
        for place, value in zip((fixed.audio, *fixed.memory), (state.audio, *state.memory), strict=True):
            place.copy_(value)
        told.objective.copy_(report.objective)
        told.finite.copy_(report.finite)


class Tape:
    """Records, and remembers what was recorded."""

    def __init__(self, error: Exception | None = None) -> None:
        self.recordings: list[Replay] = []
        self.asked = 0
        self._error = error

    def __call__(self, step: Callable[[], Outcome]) -> Replay:
        self.asked += 1
        if self._error is not None:
            raise self._error
        self.recordings.append(Replay(step))
        return self.recordings[-1]

    @property
    def replays(self) -> list[int]:
        return [one.replays for one in self.recordings]


def plain_and_replayed(
    ear: Ear, loop: Loop, tape: Tape, course: list[tuple[int, dict[str, Any]]]
) -> list[torch.Tensor]:
    """The loops after steps with such settings, made plainly and with recordings."""
    loops = []
    for graph in (None, StepGraph(tape)):
        dream = dream_of(ear, loop, seed=3)
        dream.climb.graph = graph
        for count, changes in course:
            for _ in range(count):
                dream.step(settings(**{**RANDOM, **changes}), 0.05)
        loops.append(dream.audio)
    return loops


def test_what_is_replayed_is_what_would_have_been_made(ear: Ear, loop: Loop) -> None:
    tape = Tape()
    plain, replayed = plain_and_replayed(ear, loop, tape, [(8, {})])
    assert torch.equal(plain, replayed)
    assert tape.replays == [6]  # the first two steps were made plainly


def test_numbers_change_without_another_recording(ear: Ear, loop: Loop) -> None:
    tape = Tape()
    course = [(4, {}), (2, {"rate": -30.0}), (2, {"tilt": -9.0}), (2, {"reshape": 0.2, "pull": 1.0})]
    plain, replayed = plain_and_replayed(ear, loop, tape, course)
    assert torch.equal(plain, replayed)
    assert tape.replays == [8]


@pytest.mark.parametrize(
    "change", [{"batch_size": 2}, {"freq_mask": 0.5}, {"method": "adam"}, {"activation_penalty": 0.5}], ids=str
)
def test_another_kind_of_step_is_recorded_anew_once_it_stays(ear: Ear, loop: Loop, change: dict[str, Any]) -> None:
    tape = Tape()
    plain, replayed = plain_and_replayed(ear, loop, tape, [(4, {}), (2, change), (1, {}), (4, change)])
    assert torch.equal(plain, replayed)
    assert tape.replays == [2, 2]


def test_another_target_is_recorded_anew(ear: Ear, loop: Loop) -> None:
    tape, loops = Tape(), []
    for graph in (None, StepGraph(tape)):
        dream = dream_of(ear, loop)
        dream.climb.graph = graph
        for layer in ("encoder_1_conv1", "encoder_2_conv1"):
            aim(dream, target(layer))
            for _ in range(4):
                dream.step(settings(), 0.05)
        loops.append(dream.audio)
    assert torch.equal(*loops)
    assert tape.replays == [2, 2]


def test_loops_that_were_given_out_stay_as_they_were(ear: Ear, loop: Loop) -> None:
    dream = dream_of(ear, loop)
    dream.climb.graph = StepGraph(Tape())
    for _ in range(4):
        dream.step(settings(), 0.05)
    before, copy = dream.audio, dream.audio.clone()
    dream.step(settings(), 0.05)
    assert torch.equal(before, copy)
    assert not torch.equal(before, dream.audio)


@pytest.mark.parametrize("error", [RuntimeError("cannot be captured"), UserError("it", "waits", "do not")], ids=str)
def test_what_cannot_be_recorded_is_made_plainly_and_not_tried_again(ear: Ear, loop: Loop, error: Exception) -> None:
    tape = Tape(error)
    plain, replayed = plain_and_replayed(ear, loop, tape, [(6, {})])
    assert torch.equal(plain, replayed)
    assert tape.asked == 1
    graph = StepGraph(tape)
    dream = dream_of(ear, loop)
    dream.climb.graph = graph
    for _ in range(3):
        dream.step(settings(), 0.05)
    assert graph.refused == str(error)
    dream.step(settings(batch_size=2), 0.05)
    assert graph.refused == ""


def test_no_memory_for_a_recording_is_said(ear: Ear, loop: Loop) -> None:
    dream = dream_of(ear, loop)
    dream.climb.graph = StepGraph(Tape(torch.OutOfMemoryError("CUDA out of memory")))
    with pytest.raises(torch.OutOfMemoryError):
        for _ in range(4):
            dream.step(settings(), 0.05)


if torch.cuda.is_available():  # no skip: where there is no GPU there is nothing to run

    def test_a_graph_on_a_gpu_makes_the_same_steps(ear: Ear, loop: Loop) -> None:
        loops = []
        for graph in (None, StepGraph()):
            dream = dream_of(ear, loop, device="cuda")
            dream.climb.graph = graph
            for _ in range(8):
                dream.step(settings(**RANDOM), 0.05)
            loops.append(dream.audio)
        torch.testing.assert_close(*loops, rtol=1e-3, atol=1e-5)
