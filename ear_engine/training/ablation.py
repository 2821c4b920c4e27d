"""An ablation: one recipe, variants that change one thing each, several seeds of all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ear_engine.ear.checkpoint import save_ear
from ear_engine.errors import UserError
from ear_engine.training.batches import Music
from ear_engine.training.recipe import TrainingConfig, check_recipe
from ear_engine.training.trainer import Trainer
from ear_engine.yaml_files import build, load_yaml

EAR = "ear"
"""Folder of a run's exported ear."""


@dataclass(frozen=True)
class Run:
    """One training run: a variant with a seed."""

    variant: str
    config: TrainingConfig

    @property
    def name(self) -> str:
        """Of its folder."""
        plain = "".join(letter if letter.isalnum() else "_" for letter in self.variant.lower())
        return f"{plain}_{self.config.seed}"


@dataclass(frozen=True)
class Ablation:
    """What is compared.

    Args:
        runs: all seeds of the first variant, which is the reference, then of the others.
        probes: that judge.
    """

    runs: tuple[Run, ...]
    probes: tuple[str, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(dict.fromkeys(run.variant for run in self.runs))


def read_ablation(path: Path) -> Ablation:
    """An ablation from YAML: ``base`` (a recipe), ``variants`` (name: what changes), ``seeds``, ``probes``.

    Raises:
        UserError: a key or a value is wrong; its place is named.
    """
    data = load_yaml(path)
    variants, base = data.pop("variants", None), data.pop("base", None)
    if not isinstance(variants, dict) or not isinstance(base, dict) or not variants:
        raise UserError(str(path), "has no base or no variants", "see configs/training/ablation.yaml", "missing_key")
    plan = build(_Plan, data, str(path))
    runs = []
    for name, change in variants.items():
        where = f"{path}: variants: {name}"
        config = build(TrainingConfig, _merged(base, change or {}, where), where)
        check_recipe(config)
        runs += [Run(str(name), dataclasses.replace(config, seed=seed)) for seed in range(1, plan.seeds + 1)]
    return Ablation(tuple(runs), plan.probes)


@dataclass(frozen=True)
class _Plan:
    seeds: int = 3
    probes: tuple[str, ...] = ()


def _merged(base: Mapping[str, Any], change: object, where: str) -> dict[str, Any]:
    if not isinstance(change, Mapping):
        raise UserError(where, f"is {change!r}, not a mapping", "indent what changes below it", "bad_type")
    out = dict(base)
    for key, value in change.items():
        inner = out.get(key)
        nested = isinstance(inner, Mapping) and isinstance(value, Mapping)
        out[key] = _merged(inner, value, f"{where}: {key}") if isinstance(inner, Mapping) and nested else value
    return out


def train_run(run: Run, music: Music, folder: Path, device: str) -> tuple[float, float]:
    """Train one run, or what is missing of it, and export its ear to ``folder / EAR``.

    Returns:
        Validation loss (nats) and accuracy (0..1).
    """
    trainer = Trainer(run.config, music, folder, device)
    try:
        for _ in trainer.run():
            pass
        figures = trainer.validate()
        save_ear(trainer.result, folder / EAR, run.name, run.variant)
    finally:
        trainer.close()
    return figures
