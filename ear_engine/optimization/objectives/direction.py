"""A named direction among the activations of a layer: what a probe tells minor from major by, for instance."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.errors import UserError
from ear_engine.optimization.objectives.activity import Activity
from ear_engine.optimization.objectives.base import Context, HeardTrace, Objective
from ear_engine.targets.directions import Direction
from ear_engine.targets.terms import Term

_POWER = 1.0  # of the cosine
_LEAST_COSINE = 0.1  # so that what points elsewhere still has a gradient


class Along(Objective):
    """Dot product with a direction of length 1, weighted by the cosine of the angle between them.

    Lucid's ``direction`` (Olah et al. 2017): ``dot * max(0.1, cosine) ** p``, here with p = 1. The dot product alone
    is raised by any large activation; the cosine asks that little else is. Activations are normalized, a vector over
    channels meets their mean over frequency.

    Raises:
        UserError: the ear has no direction of that name, or it does not fit the layer.
    """

    def __init__(self, term: Term, context: Context) -> None:
        super().__init__(term, context)
        self.layers = frozenset({term.layer})
        direction = context.directions.get(term.text)
        subject = f"direction {term.text!r}"
        if not isinstance(direction, Direction):
            mend = "make some with `ear-engine directions`"
            raise UserError(subject, "does not exist in this ear", mend, "unknown_direction")
        self._activity = Activity(term, context)
        layer = self._activity.layer
        if direction.layer != layer.name or len(direction.vector) not in (layer.channels, layer.neurons):
            reason = f"is one of {len(direction.vector)} numbers in {direction.layer}, not one of {layer.name}"
            raise UserError(subject, reason, "make it again with `ear-engine directions`", "bad_direction")
        vector = torch.from_numpy(direction.vector.copy()).float().to(context.device)
        self._vector = vector / vector.norm().clamp(min=1e-12)

    def __call__(self, heard: HeardTrace) -> Tensor:
        """The mean over the stretch of the loop and the copies."""
        activity = self._activity(heard)
        over_channels = activity.shape[2] > 1 and len(self._vector) == activity.shape[1]
        points = activity.mean(dim=2) if over_channels else activity.flatten(1, 2)
        dot = torch.einsum("bnt,n->bt", points, self._vector)
        length = (points.square().sum(1) + 1e-6).sqrt()
        strength = dot * (dot / length).clamp(min=_LEAST_COSINE) ** _POWER
        return (strength * self._activity.when(heard, strength.shape[-1])).sum(-1).mean()
