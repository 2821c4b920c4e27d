"""An ablation: one recipe, variants that change one thing each, several seeds of all of them; what is done stays."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear
from ear_engine.ear_files import WEIGHTS
from ear_engine.errors import UserError
from ear_engine.training.batches import Music
from ear_engine.training.recipe import TrainingConfig, check_recipe
from ear_engine.training.trainer import DIVERGED, Trainer
from ear_engine.whole_files import replacing
from ear_engine.yaml_files import build, load_yaml

EAR = "ear"
"""Folder of a run's exported ear."""
_DONE = "validation.json"


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
        UserError: a key or a value is wrong, or two names would share a folder; its place is named.
    """
    data = load_yaml(path)
    variants, base = data.pop("variants", None), data.pop("base", None)
    if not isinstance(variants, dict) or not isinstance(base, dict) or not variants:
        raise UserError(str(path), "has no base or no variants", "see configs/training/ablation.yaml", "missing_key")
    plan = build(_Plan, data, str(path))
    if plan.seeds < 1:
        raise UserError(f"{path}: seeds", f"is {plan.seeds}", "use 1 or more", "out_of_range")
    runs: list[Run] = []
    taken: dict[str, str] = {}
    for name, change in variants.items():
        where = f"{path}: variants: {name}"
        merged = _merged(base, {} if change is None else change, where)
        if "seed" in merged:
            raise UserError(where, "has a seed of its own", "leave it out, `seeds` counts them", "bad_value")
        config = build(TrainingConfig, merged, where)
        try:
            check_recipe(config)
        except UserError as error:
            subject = f"{where}: {error.subject.removeprefix('recipe: ')}"
            raise UserError(subject, error.reason, error.mend, error.code) from None
        own = [Run(str(name), dataclasses.replace(config, seed=seed)) for seed in range(1, plan.seeds + 1)]
        if own[0].name in taken:
            reason = f"cannot be told from {taken[own[0].name]!r} by letters and digits"
            raise UserError(where, reason, "rename one", "name_taken")
        taken[own[0].name] = str(name)
        runs += own
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


@dataclass(frozen=True)
class Trained:
    """What became of a run.

    Args:
        loss, accuracy: on recordings never trained on (nats, 0..1); not numbers if the run diverged.
    """

    loss: float
    accuracy: float

    @property
    def diverged(self) -> bool:
        """Whether there is no ear to judge."""
        return not math.isfinite(self.loss)


def train_run(run: Run, music: Music, folder: Path, device: str) -> Trained:
    """Train one run, or what is missing of it, export its ear to ``folder / EAR`` and note that it is done.

    A run that diverges is done too: it has no ear.

    Raises:
        UserError: as :class:`Trainer`, and where a file cannot be written.
    """
    trainer = Trainer(run.config, music, folder, device)
    try:
        for _ in trainer.run():
            pass
        found = Trained(*trainer.validate())
        if not (math.isfinite(found.loss) and _is_finite(trainer.result)):
            found = Trained(math.nan, math.nan)
        else:
            save_ear(trainer.result, folder / EAR, run.name, run.variant)
    except UserError as error:
        if error.code != DIVERGED:
            raise
        found = Trained(math.nan, math.nan)
    finally:
        trainer.close()
    figures = {"loss": None, "accuracy": None} if found.diverged else dataclasses.asdict(found)
    text = json.dumps({**figures, "recipe": _recipe(run)}, indent=1)
    with replacing(folder / _DONE) as file:
        file.write(text.encode())
    return found


def find_trained(run: Run, folder: Path) -> Trained | None:
    """What became of a run that is done in this folder; None where it is not.

    Raises:
        UserError: the folder holds a run of another recipe.
    """
    try:
        known = json.loads((folder / _DONE).read_text(encoding="utf-8"))
        loss, accuracy, recipe = known["loss"], known["accuracy"], known["recipe"]
        found = Trained(math.nan, math.nan) if loss is None else Trained(float(loss), float(accuracy))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if recipe != _recipe(run):
        reason = f"holds the run of {run.variant!r} by another recipe"
        raise UserError(f"folder {str(folder)!r}", reason, "remove it, or name another folder with --out", "other_run")
    return found if found.diverged or (folder / EAR / WEIGHTS).is_file() else None


def _recipe(run: Run) -> object:
    """As it comes back from JSON."""
    return json.loads(json.dumps(dataclasses.asdict(run.config)))


def _is_finite(ear: Ear) -> bool:
    """Whether the weights are numbers, also as they are exported."""
    return all(bool(value.half().isfinite().all()) for value in ear.state_dict().values() if value.is_floating_point())
