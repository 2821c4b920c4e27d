"""A weighted mean of normalized activations: neurons, channels, layers, bands, discs on the map, anything drawn."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ear_engine.optimization.objectives.base import DEAD, Context, HeardTrace, Objective, planes, window
from ear_engine.targets.terms import Term


class Linear(Objective):
    """Mean of the selected activations, in units of what each neuron does in music.

    Read before the rectifier and through a leaky one: a unit that fires counts in full, a dead one a quarter, so that
    it has a gradient too. (The plain mean before the rectifier rises as well if fewer units fire.)
    """

    def __init__(self, term: Term, context: Context) -> None:
        super().__init__(term, context)
        self.layers = frozenset({term.layer})
        layer, norm = context.index[term.layer], context.norms[term.layer]
        pattern = torch.full((layer.neurons,), 1.0 / layer.neurons)
        if term.pattern is not None:
            pattern = torch.from_numpy(term.pattern)
        pattern = pattern.view(layer.channels, layer.bins).to(context.device)
        self._weights = pattern / norm.deviation[..., 0]
        self._offset = (self._weights * norm.mean[..., 0]).sum()

    def __call__(self, heard: HeardTrace) -> Tensor:
        """The mean, in standard deviations above the mean in music."""
        fired = nn.functional.leaky_relu(planes(heard.trace[self.term.layer]), DEAD)
        strength = torch.einsum("bcft,cf->bt", fired, self._weights)
        if self.term.length < 1.0:
            mean = (strength * window(self.term, strength.shape[-1], heard.shifts)).sum(-1)
        else:
            mean = strength.mean(-1)
        return mean.mean() - self._offset
