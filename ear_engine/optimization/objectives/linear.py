"""A weighted mean of normalized activations: neurons, channels, layers, bands, discs on the map, anything drawn."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.objectives.activity import signed_pattern
from ear_engine.optimization.objectives.base import Context, HeardTrace, Objective, fire, window
from ear_engine.targets.terms import Term


class Linear(Objective):
    """Mean of the selected activations, in standard deviations above their mean in music.

    Read before the rectifier and through a leaky one: a unit that fires counts in full, a dead one a quarter, so that
    it has a gradient too. (The plain mean before the rectifier rises as well if fewer units fire.)

    **Silence does not win.** Some neurons fire most where there is nothing (in the layers of ``small`` 3 to 31 % of
    them are a standard deviation or more above their mean in silence, single ones up to 18), and raising them empties
    the loop. One that is s deviations above its mean in silence keeps 1 / (1 + s²) of its share; the rest goes to the
    others. Who selects nothing but such neurons gets them in full.
    """

    def __init__(self, term: Term, context: Context) -> None:
        super().__init__(term, context)
        self.layers = frozenset({term.layer})
        layer, norm = context.index[term.layer], context.norms[term.layer]
        pattern = signed_pattern(term, layer).to(context.device)
        if norm.silent is not None:
            pattern = pattern / (1.0 + norm.silent[..., 0].clamp(min=0.0).square())
            pattern = pattern / pattern.abs().sum().clamp(min=1e-12)
        self._weights = pattern / norm.deviation[..., 0]
        self._offset = (self._weights * norm.mean[..., 0]).sum()

    def __call__(self, heard: HeardTrace) -> Tensor:
        """The mean over the copies."""
        strength = torch.einsum("bcft,cf->bt", fire(heard.trace[self.term.layer], self.term.layer), self._weights)
        if self.term.length < 1.0:
            mean = (strength * window(self.term, strength.shape[-1], heard.shifts)).sum(-1)
        else:
            mean = strength.mean(-1)
        return mean.mean() - self._offset
