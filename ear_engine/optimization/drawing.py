"""Everything of a step that is random or follows from the settings, drawn on the host before the step begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ear_engine.optimization.ascent import Drawn, blaming
from ear_engine.optimization.optimizers.base import Optimizer
from ear_engine.optimization.plugged import Parts
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.shaping import Shaping
from ear_engine.optimization.transforms.base import Shape


@dataclass(frozen=True)
class Level:
    """What "dB of change" refers to.

    Args:
        rms: of the source.
        pulls: whether the source draws the loop back; silence does not.
    """

    rms: float
    pulls: bool


def seeded(seed: int, step: int) -> torch.Generator:
    """Of all that is random at ``step`` (from -2, for what comes before the first) of a dream of ``seed``."""
    mixed = np.random.SeedSequence([seed, step + 2]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(mixed >> np.uint64(1)))


def draw(
    settings: DreamSettings,
    shape: Shape,
    level: Level,
    parts: Parts,
    optimizer: Optimizer,
    shaping: Shaping,
    generator: torch.Generator,
    device: torch.device,
) -> Drawn:
    """One step.

    Args:
        settings: what steers it.
        shape: its sizes; its beats are those that pass in it.
        level: what its distance is relative to.
        parts: plug-ins that take part.
        optimizer: whose numbers it gets.
        shaping: spectrum and rhythm of the change.
        generator: all that is random comes from it, transform after transform.
        device: where the step is made.

    Raises:
        PluginFault: a plug-in failed.
    """

    def placed(numbers: Tensor) -> Tensor:
        return numbers.to(device, non_blocking=True)

    transforms = []
    for transform in parts.transforms:
        with blaming(transform):
            transforms.append((transform, transform.numbers(settings, shape, generator)))
    penalties = []
    for penalty in parts.penalties:
        with blaming(penalty):
            penalties.append((penalty, penalty.numbers(settings, shape)))
    distance = level.rms * 10.0 ** (settings.rate / 20.0) * shape.step * shaping.share
    keep = 0.5 ** (shape.step / settings.pull) if settings.pull > 0 and level.pulls else 1.0
    steering = placed(torch.tensor([distance, keep, settings.reshape, level.rms, settings.tonal]))
    return Drawn(
        settings.batch_size,
        steering[0],
        steering[1],
        steering[2],
        steering[3],
        steering[4] if settings.tonal else None,
        shaping,
        tuple((one, placed(numbers)) for one, numbers in transforms if numbers is not None),
        tuple((one, placed(numbers)) for one, numbers in penalties if numbers is not None),
        placed(optimizer.numbers(shape.step)),
    )
