"""Steps recorded once and replayed, so that a GPU is not kept waiting for the host to ask for thousands of operations.

A step is a pure function of tensors (:meth:`ear_engine.optimization.ascent.Ascent.advance`). What it reads is copied to
fixed places, what it does is recorded there, and from then on a step is: copy the numbers, replay. Something else to do
(another target, another batch, a transform that begins to take part) is something else to record. While a performer
turns such things, steps are made plainly; only what stays for a few steps is recorded.

Not tried on a GPU yet: tests replay steps on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from ear_engine.errors import UserError
from ear_engine.optimization.ascent import Ascent, Drawn, InputGradient, Report, State

_STAYS = 3  # steps with the same key before it is recorded
_WARM = 2  # plain steps before recording, so that libraries have chosen and planned what they do

Outcome = tuple[State, Report]


class Recording(Protocol):
    """What has been recorded: ``replay`` does it again, and ``outcome``'s tensors then hold what came out."""

    outcome: Outcome

    def replay(self) -> None:
        """Do it again with what lies in its inputs now."""


class CudaRecording:
    """A step in a CUDA graph.

    Args:
        step: reads the same tensors whenever it is called, and waits for nothing.
    """

    def __init__(self, step: Callable[[], Outcome]) -> None:
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM):
                step()
        torch.cuda.current_stream().wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self.outcome = step()

    def replay(self) -> None:
        """Do it again."""
        self._graph.replay()


class StepGraph:
    """Makes steps, replayed where that is possible.

    Args:
        record: makes a recording of a step; it raises ``RuntimeError`` or ``UserError`` if the step cannot be recorded.
    """

    def __init__(self, record: Callable[[Callable[[], Outcome]], Recording] = CudaRecording) -> None:
        self._record = record
        self._key: Hashable = None
        self._seen = 0
        self._inputs: list[Tensor] = []
        self._recording: Recording | None = None
        self.refused = ""

    def forget(self) -> None:
        """Let go of the recording and its memory."""
        self._key, self._seen, self._inputs, self._recording = None, 0, [], None

    def advance(self, ascent: Ascent, state: State, drawn: Drawn) -> Outcome:
        """What ``ascent.advance`` gives; tensors of its own, so that the next step does not change them.

        A step that cannot be recorded (``refused`` then says why) is made plainly, as long as it stays the same.
        """
        inputs: list[Tensor] = []
        key = ascent, ascent.goals, _outline((state, drawn), inputs)
        if key != self._key:
            self.forget()
            self._key = key
            self.refused = ""
        self._seen += 1
        if self._recording is None and self._seen >= _STAYS and not self.refused:
            self._begin(ascent, state, drawn, inputs)
        if self._recording is None:
            return ascent.advance(state, drawn)
        for place, value in zip(self._inputs, inputs, strict=True):
            place.copy_(value, non_blocking=True)
        self._recording.replay()
        after, report = self._recording.outcome
        fresh = State(after.audio.clone(), tuple(one.clone() for one in after.memory))
        heard = InputGradient(report.heard.level.clone(), report.heard.shifts.clone())
        return fresh, Report(report.objective.clone(), report.finite.clone(), heard)

    def _begin(self, ascent: Ascent, state: State, drawn: Drawn, inputs: list[Tensor]) -> None:
        places = [value.clone() for value in inputs]
        fixed_state, fixed_drawn = _filled((state, drawn), iter(places))
        try:
            self._recording = self._record(lambda: ascent.advance(fixed_state, fixed_drawn))
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, UserError) as error:  # a plug-in that waits for the device may still work plainly
            self.refused = str(error)
            return
        self._inputs = places


def _outline(value: Any, tensors: list[Tensor]) -> Hashable:
    """``value`` with shapes for its tensors, which are collected: what must stay the same for a recording to be of use.

    It holds the objects themselves, so none of them can give its place in memory to another.
    """
    if isinstance(value, Tensor):
        tensors.append(value)
        return value.shape, value.dtype
    if isinstance(value, tuple):
        return tuple(_outline(one, tensors) for one in value)
    if is_dataclass(value):
        return tuple(_outline(getattr(value, one.name), tensors) for one in fields(value))
    named: Hashable = value
    return named


def _filled(value: Any, tensors: Iterator[Tensor]) -> Any:
    """``value`` with other tensors, in the order of :func:`_outline`."""
    if isinstance(value, Tensor):
        return next(tensors)
    if isinstance(value, tuple):
        return tuple(_filled(one, tensors) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _filled(getattr(value, one.name), tensors) for one in fields(value)})
    return value
