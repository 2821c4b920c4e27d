"""What a term is about, in an ear: the activations of a layer in units of what its neurons do in music."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.ear.neurons import Layer
from ear_engine.ear.statistics import FRONT_END
from ear_engine.optimization.objectives.base import Context, HeardTrace, fire, window
from ear_engine.targets.terms import Term

TINY = 1e-6


class Activity:
    """Normalized activations of one layer, and the share of each neuron in the term.

    Args:
        term: its layer, pattern and stretch of the loop.
        context: whose norms count.

    Attributes:
        share: (channels, bins), 0 or more, sum 1. The front end's phase, which no dream follows, has none unless the
            pattern holds nothing else.

    Raises:
        UserError: the ear has no such layer.
    """

    def __init__(self, term: Term, context: Context) -> None:
        self.term = term
        self.layer = context.index[term.layer]
        self.norm = context.norms[term.layer]
        pattern = signed_pattern(term, self.layer).abs()
        self.share: Tensor = (pattern / pattern.sum().clamp(min=TINY)).to(context.device)

    def __call__(self, heard: HeardTrace) -> Tensor:
        """(batch, channels, bins, steps): standard deviations above the mean in music."""
        return self.normalize(heard.trace[self.layer.name])

    def normalize(self, raw: Tensor) -> Tensor:
        """The same of raw activations, (batch, channels, [bins,] steps)."""
        return (fire(raw, self.layer.name) - self.norm.mean) / self.norm.deviation

    def when(self, heard: HeardTrace, steps: int) -> Tensor:
        """(batch, steps), the share of each step in the term's stretch of the loop; rows sum to 1."""
        return window(self.term, steps, heard.shifts)


def signed_pattern(term: Term, layer: Layer) -> Tensor:
    """The term's pattern as (channels, bins) on the CPU, its absolute values of sum 1."""
    if term.pattern is None:
        pattern = torch.ones(layer.channels, layer.bins)
        if layer.name == FRONT_END and layer.channels > 1:
            pattern[1:] = 0.0
    else:
        pattern = torch.as_tensor(term.pattern, dtype=torch.float32).view(layer.channels, layer.bins).clone()
    return pattern / pattern.abs().sum().clamp(min=TINY)
