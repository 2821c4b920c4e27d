"""Loops that are dreamed together and shall not be alike."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.errors import UserError
from ear_engine.optimization.objectives.activity import Activity
from ear_engine.optimization.objectives.base import Context, HeardTrace, Objective
from ear_engine.targets.terms import Term


class Diversity(Objective):
    """How unlike the variants are: 1 minus the mean cosine between their Gram matrices, over all pairs.

    After Lucid's ``diversity`` (Olah et al. 2017). A Gram matrix says which channels of a layer fire together, whenever
    that is; copies of one variant count together. With a single variant it would be 0 and move nothing.

    Raises:
        UserError: a single loop is dreamed, as it is live.
    """

    def __init__(self, term: Term, context: Context) -> None:
        super().__init__(term, context)
        if context.variants == 1:
            mend = "dream several with `ear-engine dream --variants 4`"
            raise UserError("diversity", "compares loops dreamed side by side, and this is one", mend, "one_variant")
        self.layers = frozenset({term.layer})
        self._activity = Activity(term, context)
        self._root = self._activity.share.sqrt()[..., None]

    def __call__(self, heard: HeardTrace) -> Tensor:
        """0 (all alike) to 2."""
        activity = self._activity(heard)
        variants = heard.variants
        if variants < 2:
            return activity.sum() * 0.0
        during = self._activity.when(heard, activity.shape[-1]).sqrt()
        points = activity * self._root * during[:, None, None]
        points = points.reshape(variants, -1, *points.shape[1:]).transpose(1, 2).flatten(2)  # variants, channels, rest
        gram = torch.einsum("vcn,vdn->vcd", points, points).flatten(1)
        gram = gram / (gram.square().sum(-1, keepdim=True) + 1e-12).sqrt()
        cosines = gram @ gram.T
        pairs = variants * (variants - 1)
        return 1.0 - (cosines.sum() - cosines.diagonal().sum()) / pairs
