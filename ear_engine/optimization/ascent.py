"""One step uphill: from a loop to the next, as one path of tensors that nothing on the host interrupts.

What is random or follows from the settings is drawn on the host beforehand (:class:`Drawn`), what comes out is read by
the host later. So a whole step can be recorded once and replayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from ear_engine.ear.real_fourier import RealFourier
from ear_engine.ear.scalogram import Scalogram
from ear_engine.errors import UserError
from ear_engine.optimization.gradient import reshape_gradient
from ear_engine.optimization.hearing import Hearing
from ear_engine.optimization.memory import out_of_memory
from ear_engine.optimization.objectives.base import HeardTrace, Objective
from ear_engine.optimization.optimizers.base import Optimizer
from ear_engine.optimization.parametrizations.base import Parametrization
from ear_engine.optimization.penalties.base import Penalty
from ear_engine.optimization.shaping import Shaping
from ear_engine.optimization.transforms.base import Copies, Transform

Goal = tuple[float, Objective]


class PluginFault(UserError):
    """A plug-in raised while it was used; ``part`` is the one to leave out."""

    def __init__(self, part: object, error: Exception) -> None:
        self.part = part
        reason = f"failed ({type(error).__name__}: {error}) and is left out"
        super().__init__(f"plug-in {type(part).__name__}", reason, "mend or uninstall it", "broken_plugin")

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str, str, str]]:
        """Another process has no such plug-in to leave out: it gets what can be told."""
        return UserError, (self.subject, self.reason, self.mend, self.code)


@dataclass(frozen=True)
class Drawn:
    """Everything of one step that is not the loop.

    Args:
        copies: heard of each variant.
        distance: RMS of the step, a scalar.
        keep: share of the distance to the source that stays, a scalar.
        reshape: see :func:`ear_engine.optimization.gradient.reshape_gradient`, a scalar.
        level: RMS that the loop must not exceed, a scalar.
        tonal: see :func:`ear_engine.optimization.gradient.tonal_weight`, a scalar; None for nothing.
        shaping: spectrum and rhythm of the change.
        transforms, penalties: those that take part, with their numbers.
        decay: the optimizer's numbers.
    """

    copies: int
    distance: Tensor
    keep: Tensor
    reshape: Tensor
    level: Tensor
    tonal: Tensor | None
    shaping: Shaping
    transforms: tuple[tuple[Transform, Tensor], ...]
    penalties: tuple[tuple[Penalty, Tensor], ...]
    decay: Tensor


@dataclass(frozen=True)
class State:
    """The loops and the optimizer's memory: (variants, samples), and whatever it keeps."""

    audio: Tensor
    memory: tuple[Tensor, ...]


@dataclass(frozen=True)
class InputGradient:
    """Of the goals less the penalties by the level that the ear hears, before transforms change it.

    Shapes:
        level: (copies of the first variant, bins, frames); nothing if it does not depend on what is heard
        shifts: (copies,), how far each is shifted, as a share of the loop
    """

    level: Tensor
    shifts: Tensor

    def unshifted(self) -> Tensor:
        """The mean over copies, each turned back so that it lines up with the loop, (frames, bins)."""
        frames = self.level.shape[-1]
        place = torch.arange(frames, device=self.level.device) + self.shifts[:, None] * frames
        before = place.floor()
        share = (place - before)[:, None]
        first = before.long() % frames
        index = first[:, None].expand_as(self.level)
        after = ((first + 1) % frames)[:, None].expand_as(self.level)
        turned = torch.lerp(self.level.gather(-1, index), self.level.gather(-1, after), share.to(self.level))
        return turned.mean(0).T


@dataclass(frozen=True)
class Report:
    """What the host reads of a step, on the device: the objective before it, a scalar, whether all was finite, and the
    gradient at the ear's input.
    """

    objective: Tensor
    finite: Tensor
    heard: InputGradient


class Reading:
    """A report on its way to the host.

    Args:
        report: of a step that may still be running.
    """

    def __init__(self, report: Report) -> None:
        both = torch.stack([report.objective, report.finite.to(report.objective)])
        self._event: torch.cuda.Event | None = None
        self._numbers = both
        if both.is_cuda:
            self._numbers = torch.empty(2, pin_memory=True)
            self._numbers.copy_(both, non_blocking=True)
            self._event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._event.record()

    def read(self) -> tuple[float, bool]:
        """Objective and whether all was finite; waits for that step alone, not for those after it."""
        if self._event is not None:
            self._event.synchronize()
        objective, finite = self._numbers.tolist()
        return objective, bool(finite)


class Ascent:
    """Steps of one dream.

    Args:
        scalogram, hearing: the ear.
        source: (samples,), what the loops are drawn back to.
        optimizer, parametrization: how a gradient becomes a change.
        goals: what shall rise, each with its weight.
    """

    def __init__(
        self,
        scalogram: Scalogram,
        hearing: Hearing,
        source: Tensor,
        optimizer: Optimizer,
        parametrization: Parametrization,
        goals: Sequence[Goal],
    ) -> None:
        self._scalogram = scalogram
        self._hearing = hearing
        self._source = source
        self._fourier = RealFourier.create(source.shape[-1], source.device)
        self.optimizer = optimizer
        self.parametrization = parametrization
        self.goals = tuple(goals)

    def start(self, audio: Tensor) -> State:
        """The state before the first step from ``audio``."""
        like = self.parametrization.gradient(audio, torch.zeros_like(audio))
        return State(audio, self.optimizer.start(like))

    def advance(self, state: State, drawn: Drawn) -> tuple[State, Report]:
        """The state after a step; the same state, its memory empty, if anything in the step was not finite."""
        gradient, objective, heard = self.gradient(state.audio, drawn)
        inner = self.parametrization.gradient(state.audio, gradient)
        direction, memory = self.optimizer.direction(inner, state.memory, drawn.decay)
        # Shaped after the optimizer: methods that look at each coordinate by itself would undo it (a tilt before signs
        # of Fourier coefficients does nothing at all).
        change = drawn.shaping.apply(self.parametrization.change(state.audio, direction), self._fourier)
        for transform, numbers in drawn.transforms:
            with blaming(transform):
                change = transform.on_gradient(change, numbers)
        audio = self.parametrization.go(state.audio, change, drawn.distance)
        audio = torch.lerp(self._source.expand_as(audio), audio, drawn.keep)
        for transform, numbers in drawn.transforms:
            with blaming(transform):
                audio = transform.on_loop(audio, numbers)
        audio = self.parametrization.hold(audio)
        level = audio.square().mean(-1, keepdim=True).sqrt()
        audio = audio * (drawn.level / level.clamp(min=1e-12)).clamp(max=1.0)
        finite = torch.isfinite(level).all() & torch.isfinite(objective)
        audio = torch.where(finite, audio, state.audio)
        memory = tuple(torch.where(finite, new, torch.zeros_like(new)) for new in memory)
        return State(audio, memory), Report(objective, finite, heard)

    def gradient(self, loops: Tensor, drawn: Drawn) -> tuple[Tensor, Tensor, InputGradient]:
        """Gradient of the goals less the penalties on ``loops``, (variants, samples), their value, and the gradient at
        the ear's input, which is on the way.
        """
        loops = loops.detach().requires_grad_()
        audio = loops.repeat_interleave(drawn.copies, dim=0) if drawn.copies > 1 else loops
        copies = Copies(audio, torch.zeros(len(audio), device=audio.device))
        for transform, numbers in drawn.transforms:
            with blaming(transform):
                copies = transform.on_audio(copies, numbers)
        features = self._features(copies.audio, drawn)
        passing: list[Tensor] = []
        features.register_hook(passing.append)  # type: ignore[no-untyped-call]
        for transform, numbers in drawn.transforms:
            with blaming(transform):
                features = transform.on_features(features, numbers)
        heard = self._hear(features, copies.shifts, len(loops), any(p.everything for p, _ in drawn.penalties))
        parts = []
        for weight, goal in self.goals:
            with blaming(goal):
                parts.append(weight * goal(heard))
        value = torch.stack(parts).sum()
        for penalty, numbers in drawn.penalties:
            with blaming(penalty):
                value = value - penalty.cost(copies.audio, features, heard.trace, numbers)
        (gradient,) = torch.autograd.grad(value, loops)
        level = passing[0][: drawn.copies, 0] if passing else features.new_zeros((0, *features.shape[2:]))
        return gradient, value.detach(), InputGradient(level, copies.shifts[: drawn.copies])

    def _features(self, audio: Tensor, drawn: Drawn) -> Tensor:
        scalogram = self._scalogram
        coefficients = scalogram.transform(audio)
        place = coefficients.detach()
        coefficients.register_hook(  # type: ignore[no-untyped-call]
            lambda gradient: reshape_gradient(gradient, place, drawn.reshape, drawn.level, drawn.tonal)
        )
        features: Tensor = scalogram.features(coefficients, audio.shape[-1] / coefficients.shape[-1], circular=True)
        # The phase is heard but not followed: its gradient is noise (measured: the cosine between the gradients of
        # four time shifts is 0.12 with it and 0.30 without; steps of -24 dB lose 0.09 without gain, or gain 0.12).
        return torch.cat([features[:, :1], features[:, 1:].detach()], dim=1)

    def _hear(self, features: Tensor, shifts: Tensor, variants: int, everything: bool) -> HeardTrace:
        """Run the ear as deep as the goals need."""
        wanted = frozenset().union(*(goal.layers for _, goal in self.goals))
        contexts = any(goal.wants_contexts for _, goal in self.goals)
        deep = wanted - {"scalogram"}
        if everything and deep:
            names = self._hearing.names
            deep = frozenset(names[: max(map(names.index, deep)) + 1])
        trace, z, c = self._hearing(features, deep, contexts=contexts)
        trace["scalogram"] = features
        return HeardTrace(trace, features, shifts, variants, z, c)


@contextmanager
def blaming(part: object) -> Iterator[None]:
    """Whatever goes wrong inside is ``part``'s fault, unless there is no memory for it."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if out_of_memory(error):
            raise
        raise PluginFault(part, error) from error
