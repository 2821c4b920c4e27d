"""Where the time of a step goes: its parts, one by one, in turns with the whole."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ear_engine.benchmarks.measure import Timings, take_turns
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.ear.listening import Listener
from ear_engine.ear.real_fourier import RealFourier
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.shaping import Shaper

_BEATS_A_STEP = 0.02
_WHOLE = "whole"


def profile(name: str, dream: Dream, settings: DreamSettings, rounds: int) -> list[Row]:
    """Milliseconds of the parts of a step of ``dream``, each against the whole step.

    The last row is what is left: transforms, the objective, weighting of the gradient, the step itself, random numbers
    and the host.
    """
    parts = _parts(dream, settings)
    timings = take_turns({_WHOLE: lambda: dream.step(settings, _BEATS_A_STEP), **parts}, rounds)
    whole = 1e3 * timings.median(_WHOLE)
    spent = {
        "scalogram": _between(timings, "scalogram"),
        "gradient of the scalogram": _between(timings, "gradient of the scalogram", "scalogram"),
        "network": _between(timings, "network"),
        "gradient of the network": _between(timings, "gradient of the network", "network"),
        "shaping": _between(timings, "shaping"),
    }
    spent["everything else"] = max(0.0, whole - sum(spent.values()))
    return [
        judged("dream", f"{name}: {part}, of a whole step", took, "ms", reference=whole) for part, took in spent.items()
    ]


def _between(timings: Timings, name: str, before: str = "") -> float:
    """Milliseconds of ``name`` beyond those of what it begins with."""
    return 1e3 * max(0.0, timings.median(name) - (timings.median(before) if before else 0.0))


def _parts(dream: Dream, settings: DreamSettings) -> dict[str, Callable[[], object]]:
    scalogram, layers = dream.ear.scalogram, dream.reads
    listener = Listener(dream.ear, followed=1)
    loops = dream.audio.repeat_interleave(settings.batch_size, dim=0).requires_grad_()
    source = dream.audio[0].numpy()
    shaping = Shaper(source, dream.sample_rate, dream.beats, dream.seed, dream.device).shaping(settings)
    fourier = RealFourier.create(dream.samples, dream.device)
    features = scalogram(loops).detach().requires_grad_()

    def hear() -> Tensor:
        heard = listener.hear(features, layers)
        return torch.stack([values.mean() for values in heard.values()]).sum()

    def only_hear() -> None:
        with torch.no_grad():
            hear()

    def only_transform() -> None:
        with torch.no_grad():
            scalogram(loops)

    return {
        "scalogram": only_transform,
        "gradient of the scalogram": lambda: torch.autograd.grad(scalogram(loops)[:, 0].mean(), loops),
        "network": only_hear,
        "gradient of the network": lambda: torch.autograd.grad(hear(), features),
        "shaping": lambda: shaping.apply(dream.audio, fourier),
    }
