"""What the ear expects of the loop: how well it predicts it, and how much the loop surprises it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ear_engine.ear.network import CODES_PER_CONTEXT, Ear
from ear_engine.errors import UserError
from ear_engine.optimization.objectives.base import Context, HeardTrace, Objective, window
from ear_engine.targets.terms import Term


class Predictable(Objective):
    """The ear's own score: information, in nats, that its predictions give about the future of the loop.

    The contrast it was trained with (equation 1; van den Oord et al. 2018), inside one loop: each context c predicts
    the codes z ``skip + 1`` to ``skip + predictions`` steps later, and each prediction is held against all codes of
    the loop, which goes on at its beginning. Mean of ``log p(true code) + log(codes)``: 0 if the ear is guessing,
    ``log(codes)`` at most. Codes that come again (a beat that repeats) share their probability, so a loop that is
    predictable and not the same at all times scores highest.

    Raises:
        UserError: the ear predicts nothing (it is a plug-in of another kind).
    """

    wants_contexts = True

    def __init__(self, term: Term, context: Context) -> None:
        super().__init__(term, context)
        if not isinstance(context.ear, Ear):
            raise UserError("this ear", "makes no predictions", "choose a target by layer", "no_predictions")
        self._ear = context.ear

    def __call__(self, heard: HeardTrace) -> Tensor:
        """The mean over the copies."""
        assert heard.z is not None
        return math.log(heard.z.shape[-1]) - self.surprise(heard)

    def surprise(self, heard: HeardTrace) -> Tensor:
        """-log p(true code), in nats, the mean over contexts, predictions and copies."""
        assert heard.z is not None and heard.c is not None
        predicted, codes = self._ear.scorable(self._ear.predict(heard.c.transpose(1, 2)), heard.z.transpose(1, 2))
        chances = torch.einsum("bpkd,btd->bpkt", predicted, codes).log_softmax(-1)
        _, contexts, predictions, steps = chances.shape
        ahead = torch.arange(predictions, device=chances.device) + self._ear.config.skip + 1
        place = torch.arange(contexts, device=chances.device)[:, None] * CODES_PER_CONTEXT
        true = ((place + ahead) % steps).expand(len(chances), -1, -1)
        surprise = -chances.gather(-1, true[..., None]).squeeze(-1).mean(-1)
        return (surprise * window(self.term, contexts, heard.shifts)).sum(-1).mean()


class Surprising(Predictable):
    """-log p of the codes that the ear predicted, in nats: high where the loop is not what the ear expects of it."""

    def __call__(self, heard: HeardTrace) -> Tensor:
        """The mean over the copies, 0 or more."""
        return self.surprise(heard)
