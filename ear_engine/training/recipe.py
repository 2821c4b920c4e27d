"""A recipe: everything that decides a training run but the music, its folder and the machine."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from ear_engine.ear.checkpoint import check_shape
from ear_engine.ear.network import CODES_PER_CONTEXT, FRAMES_PER_CODE, EarConfig
from ear_engine.errors import UserError
from ear_engine.training.augmentation import Augmentation

MARGIN = 24
"""Frames at both ends that the scalogram's circular wrap may touch (0.56 s; the lobes of 40 Hz end at 0.37 s)."""
_AT_LEAST_1 = ("steps", "validate_every", "save_every", "validation_batches", "same_recording", "directions")


@dataclass(frozen=True)
class TrainingConfig:
    """A recipe.

    Args:
        ear: shape of the ear.
        steps: optimizer steps.
        batch: excerpts a step, of all machines together.
        frames: scalogram frames of an excerpt (272 leave 16 codes after the last full context).
        first_context: first context c that learns, the earlier ones have heard too little.
        learning_rate, warmup, weight_decay, clip: AdamW with linear warm-up, cosine to zero, gradient norm clipping.
        average: decay a step of the moving average of the weights, which is what validates and is exported; 0 is off.
        loss: ``step`` (equation 1) or ``across_steps`` (SAT).
        directions: 1, or 2 to look for the context of a code as well.
        same_recording: excerpts of a batch that come from one recording, 1 is all from different ones.
        augmentation: changes to what the ear hears.
        gain_db: every excerpt is made this much louder or quieter at random, past and future alike.
        precision: ``bfloat16`` autocast or ``float32``.
        validate_every, save_every: steps.
        validation_batches: batches in one validation.
    """

    ear: EarConfig
    steps: int = 10000
    batch: int = 64
    frames: int = 272
    first_context: int = 3
    learning_rate: float = 1e-3
    warmup: int = 300
    weight_decay: float = 0.01
    clip: float = 1.0
    average: float = 0.0
    loss: Literal["step", "across_steps"] = "step"
    directions: int = 1
    same_recording: int = 1
    augmentation: Augmentation = field(default_factory=Augmentation)
    gain_db: float = 6.0
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    validate_every: int = 250
    save_every: int = 100
    validation_batches: int = 8
    seed: int = 1


def check_recipe(config: TrainingConfig) -> None:
    """Refuse a recipe that cannot be followed.

    Raises:
        UserError: a value is out of range.
    """
    check_shape(config.ear, "recipe: ear")
    for name, factor in (("encoder", FRAMES_PER_CODE), ("autoregressive", CODES_PER_CONTEXT)):
        if (pooled := math.prod(block.pool for block in getattr(config.ear, name))) != factor:
            raise UserError(f"recipe: ear: {name}", f"pools time by {pooled}", f"make it {factor}", "out_of_range")
    codes = FRAMES_PER_CODE * (CODES_PER_CONTEXT * config.first_context + config.ear.skip + config.ear.predictions)
    least: dict[str, float] = {**dict.fromkeys(_AT_LEAST_1, 1), "batch": 2, "frames": codes + 1}
    least.update(learning_rate=0.0, warmup=0, weight_decay=0.0, clip=1e-6, gain_db=0.0, first_context=0, seed=0)
    least.update(average=0.0)
    most: dict[str, float] = {"directions": 2, "same_recording": config.batch, "average": 0.99999}
    for name in (*least, *most):
        value = getattr(config, name)
        if value < least.get(name, value):
            raise UserError(f"recipe: {name}", f"is {value}", f"use {least[name]:g} or more", "out_of_range")
        if value > most.get(name, value):
            raise UserError(f"recipe: {name}", f"is {value}", f"use {most[name]:g} or less", "out_of_range")
    if config.batch % config.same_recording:
        reason = f"is {config.same_recording}, which does not divide the batch of {config.batch}"
        raise UserError("recipe: same_recording", reason, "use a divisor", "out_of_range")
    config.augmentation.check("recipe: augmentation")


def excerpt_samples(config: TrainingConfig) -> int:
    """Samples drawn for one excerpt, margins included."""
    return (config.frames + 2 * MARGIN) * config.ear.scalogram.hop


def chance(config: TrainingConfig) -> float:
    """Accuracy of guessing."""
    return 1.0 / (config.batch * (config.ear.predictions if config.loss == "across_steps" else 1))


def learning_rate(config: TrainingConfig, step: int) -> float:
    """Linear warm-up, then a cosine to zero."""
    warm = min(1.0, (step + 1) / max(1, config.warmup))
    return config.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * min(1.0, step / config.steps)))
