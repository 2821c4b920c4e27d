"""What an objective is: one number that a dream raises, made from what the ear does while it hears the copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ear_engine.ear.neurons import NeuronIndex
from ear_engine.ear.statistics import FRONT_END
from ear_engine.targets.terms import Term

DEAD = 0.25  # share with which activations below zero count, so that a dead unit has a gradient too


@dataclass(frozen=True)
class Norm:
    """What activations of one layer are like in music, and in silence.

    Shapes:
        mean, deviation: (channels, bins, 1); deviations are above 0
        silent: (channels, bins, 1), normalized activations in silence; None: as in music
    """

    mean: Tensor
    deviation: Tensor
    silent: Tensor | None = None


@dataclass(frozen=True)
class Context:
    """What objectives are made for.

    Args:
        ear: the fused network that listens.
        index: its neurons.
        norms: by layer.
        device: where everything is.
        samples, beats: of the loop.
        clip: audio, (samples,) on the device, of a clip that a target names; None if it is not there (yet).
        directions: named directions of this ear.
        variants: loops dreamed at once; 0 if nobody knows yet.
    """

    ear: nn.Module
    index: NeuronIndex
    norms: Mapping[str, Norm]
    device: torch.device
    samples: int
    beats: int
    clip: Callable[[str], Tensor | None] = lambda _name: None
    directions: Mapping[str, object] = field(default_factory=dict)
    variants: int = 0


@dataclass(frozen=True)
class HeardTrace:
    """What the ear did with the copies.

    Shapes:
        trace: raw activations (before the rectifier), layer → (batch, channels, [bins,] steps)
        features: (batch, 2, bins, frames)
        shifts: (batch,), how far each copy was shifted, as a share of the loop
        z: (batch, channels, steps), c: (batch, channels, steps); None unless an objective wants them
    """

    trace: Mapping[str, Tensor]
    features: Tensor
    shifts: Tensor
    variants: int = 1
    z: Tensor | None = None
    c: Tensor | None = None


class Objective:
    """One thing to raise (plug-in of kind ``objectives``).

    Args:
        term: what of; its weight is applied by whoever calls.
        context: where.

    Attributes:
        layers: whose raw activations it reads; may hold ``scalogram``.
        wants_contexts: whether it reads z and c.
    """

    layers: frozenset[str] = frozenset()
    wants_contexts = False

    def __init__(self, term: Term, context: Context) -> None:
        self.term = term
        self.context = context

    def __call__(self, heard: HeardTrace) -> Tensor:
        """The objective, a scalar: the mean over copies. Tensors only, nothing waits for the device."""
        raise NotImplementedError


def planes(raw: Tensor) -> Tensor:
    """Raw activations as (batch, channels, bins, steps), one bin if the layer has no frequency axis."""
    return raw if raw.dim() == 4 else raw.unsqueeze(2)


def fire(raw: Tensor, layer: str) -> Tensor:
    """Activations, (batch, channels, bins, steps), float32, of units that have a gradient while they are off too.

    A unit that fires counts in full, a dead one with a share of :data:`DEAD`. What the ear is given
    (``scalogram``) is what it is.
    """
    wide = planes(raw).float()
    return wide if layer == FRONT_END else nn.functional.leaky_relu(wide, DEAD)


def window(term: Term, steps: int, shifts: Tensor) -> Tensor:
    """Which steps lie in the term's stretch of the loop, at least one, in each copy: (batch, steps), rows sum to 1."""
    place = (torch.arange(steps, device=shifts.device) + 0.5) / steps
    inside = ((place - term.start - shifts[:, None]) % 1.0 < max(term.length, 1.0 / steps)).to(shifts.dtype)
    share: Tensor = inside / inside.sum(-1, keepdim=True).clamp(min=1.0)
    return share
