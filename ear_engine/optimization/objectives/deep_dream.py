"""More of whatever a layer hears already."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.objectives.activity import Activity
from ear_engine.optimization.objectives.base import Context, HeardTrace, Objective, fire
from ear_engine.targets.terms import Term


class DeepDream(Objective):
    """Mean square of activations, each in units of its standard deviation in music (after Mordvintsev et al. 2015).

    The square makes strong activations grow fastest, so the loop becomes more of what it is. Values below zero, which
    only the leaky rectifier lets through, count with their sign: a dead unit is raised, not pushed further down.
    Activations are not centered here: to be off is not a thing to amplify.
    """

    def __init__(self, term: Term, context: Context) -> None:
        super().__init__(term, context)
        self.layers = frozenset({term.layer})
        self._activity = Activity(term, context)
        self._share = self._activity.share / self._activity.norm.deviation[..., 0].square()

    def __call__(self, heard: HeardTrace) -> Tensor:
        """The mean over the copies, 0 or more where units fire."""
        fired = fire(heard.trace[self.term.layer], self.term.layer)
        strength = torch.einsum("bcft,cf->bt", fired * fired.abs(), self._share)
        return (strength * self._activity.when(heard, strength.shape[-1])).sum(-1).mean()
