"""Two moments of the loop that shall differ."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ear_engine.optimization.objectives.activity import Activity
from ear_engine.optimization.objectives.base import Context, HeardTrace, Objective, window
from ear_engine.targets.terms import Term

_SOFT = 1e-2  # deviations: below it the distance is a square, so that two like moments have a finite gradient


class Difference(Objective):
    """Distance between what a layer does in two stretches of the loop, in standard deviations (root mean square).

    Both stretches are ``length`` long; one begins at ``start``, the other at ``other``. With a weight below 0 the two
    become alike.
    """

    def __init__(self, term: Term, context: Context) -> None:
        super().__init__(term, context)
        self.layers = frozenset({term.layer})
        self._activity = Activity(term, context)
        self._far = replace(term, start=term.other)

    def __call__(self, heard: HeardTrace) -> Tensor:
        """The mean over the copies, 0 or more."""
        activity = self._activity(heard)
        steps = activity.shape[-1]
        apart = window(self.term, steps, heard.shifts) - window(self._far, steps, heard.shifts)
        difference = torch.einsum("bcft,bt->bcf", activity, apart)
        square = torch.einsum("bcf,cf->b", difference.square(), self._activity.share)
        return ((square + _SOFT**2).sqrt() - _SOFT).mean()
