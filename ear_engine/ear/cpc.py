"""Contrastive predictive coding: the loss that teaches the ear, and how well it tells the true future from others.

One training excerpt gives several contexts c, each with its own future codes z. Contexts at the same place of their
excerpts are contrasted with each other: place p, excerpts n and m, prediction steps k and l.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ear_engine.ear.network import CODES_PER_CONTEXT, Ear, Heard

Contrast = Literal["step", "across_steps"]


@dataclass(frozen=True)
class Contrasted:
    """Result of one batch: ``loss`` (nats), ``accuracy`` (0..1), both scalars, and ``chance`` of the accuracy."""

    loss: Tensor
    accuracy: Tensor
    chance: float


def futures(ear: Ear, heard: Heard, first_context: int = 0) -> tuple[Tensor, Tensor]:
    """Predicted and true future codes of every context that has all its futures inside the excerpt.

    Args:
        ear: the ear that heard.
        heard: z and c of a batch of excerpts.
        first_context: contexts before this one are left out (they have heard too little).

    Returns:
        predicted, true: both (contexts, batch, predictions, z channels).

    Raises:
        ValueError: the excerpt is too short for a single context.
    """
    ahead = ear.config.skip + ear.config.predictions
    last = (heard.z.shape[-1] - 1 - ahead) // CODES_PER_CONTEXT
    if last < first_context:
        raise ValueError(f"{heard.z.shape[-1]} codes leave no future for context {first_context}")
    places = torch.arange(first_context, last + 1, device=heard.z.device)
    steps = torch.arange(ear.config.skip + 1, ahead + 1, device=heard.z.device)
    predicted = ear.predict(heard.c[:, :, places].permute(2, 0, 1))
    true = heard.z[:, :, places[:, None] * CODES_PER_CONTEXT + steps].permute(2, 0, 3, 1)
    return predicted, true


@dataclass(frozen=True)
class Everyone:
    """Predictions and codes of all ranks of a distributed batch, of which this rank's own begin at ``first``.

    Args:
        predicted, true: (contexts, whole batch, predictions, z channels).
    """

    predicted: Tensor
    true: Tensor
    first: int


def contrast(
    predicted: Tensor,
    true: Tensor,
    kind: Contrast = "step",
    *,
    directions: int = 1,
    everyone: Everyone | None = None,
) -> Contrasted:
    """The paper's losses: equation 1 (``step``) or score across time steps, SAT (``across_steps``).

    ``step`` contrasts z[n,k] with z[m,k] of the other excerpts m at the same step; ``across_steps`` with z[m,l] of all
    steps l too, each scored by its own prediction M_l c[n]. Both average over contexts, excerpts and steps. With two
    ``directions`` the loss is the mean of that and of its mirror image, which finds the context c[n] among all c[m]
    that a code at step k belongs to.

    Args:
        predicted, true: (contexts, batch, predictions, z channels); scores are their products (``Ear.scorable``).
        kind: which loss.
        directions: 1 (the paper's) or 2.
        everyone: what to contrast with if the batch is only a part of one; the loss is that of this part, so the mean
            of all parts' losses is the loss of the whole.
    """
    contexts, batch, steps, _ = true.shape
    predicted, true = _wide(predicted), _wide(true)
    whole = everyone or Everyone(predicted, true, 0)
    total = whole.true.shape[1]
    scores = torch.einsum("pnkd,pmkd->pnkm", predicted, _wide(whole.true))
    own = torch.arange(batch, device=true.device) + whole.first
    same_step = own.view(1, batch, 1).expand(contexts, batch, steps).reshape(-1)
    if kind == "step":
        logits = scores.reshape(-1, total)
        loss = nn.functional.cross_entropy(logits, same_step)
        accuracy = (logits.argmax(-1) == same_step).float().mean()
    else:  # all steps of a context share one sum over everything
        logits = scores.reshape(contexts, batch, steps * total)
        labels = torch.arange(steps, device=true.device) * total + own[:, None]
        right = logits.gather(-1, labels.expand(contexts, -1, -1))
        loss = (logits.logsumexp(-1, keepdim=True) - right).mean()
        accuracy = (logits.argmax(-1, keepdim=True) == labels).float().mean()
    if directions == 2:
        mirrored = torch.einsum("pnkd,pmkd->pnkm", true, _wide(whole.predicted)).reshape(-1, total)
        loss = 0.5 * (loss + nn.functional.cross_entropy(mirrored, same_step))
    return Contrasted(loss, accuracy, 1.0 / logits.shape[-1])


def _wide(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
