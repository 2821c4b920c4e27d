"""``ear-engine train``: teach an ear on music, alone or on many machines, with a progress bar; Ctrl-C saves."""

from __future__ import annotations

import argparse
import dataclasses
import io
import math
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from ear_engine import platform
from ear_engine.commands.options import at_least
from ear_engine.commands.progress import open_music, progress_bar
from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.devices import choose_device
from ear_engine.ear_files import ear_roots
from ear_engine.errors import UserError
from ear_engine.resources import resource, resource_root
from ear_engine.training.batches import Music, mix
from ear_engine.training.curves import Progress
from ear_engine.training.distributed import Ranks, joined
from ear_engine.training.recipe import TrainingConfig, chance, check_recipe, excerpt_samples
from ear_engine.training.trainer import Trainer, make_folder
from ear_engine.yaml_files import build, load_yaml, nearest

_EVERY = 10.0  # seconds between lines where there is no terminal
_INTERRUPTED = 130


def run(typed: argparse.Namespace) -> int:
    """Train to the end, or until interrupted."""
    platform.reuse_memory()  # before the first tensor
    config = _recipe(typed)
    target = None if typed.export is None else export_folder(typed.export)
    with joined(choose_device(typed.device)) as (ranks, device):
        console = Console(file=sys.stderr if ranks.first else io.StringIO(), soft_wrap=True)
        with ranks.together():
            music = open_mix(typed.corpus, config, console)
            if target is not None:
                make_folder(target)  # better now than after hours
        if target is not None and not music.shippable:
            console.print("Licenses of this music do not allow it, or are not known: keep the weights to yourself.")
        folder = Path(typed.run).expanduser()
        trainer = Trainer(config, music, folder, device, ranks=ranks, compiled=typed.compile)
        try:
            return _run(trainer, typed, target, ranks, console)
        finally:
            trainer.close()


def _recipe(typed: argparse.Namespace) -> TrainingConfig:
    path = find_recipe(typed.config)
    config = build(TrainingConfig, load_yaml(path), str(path))
    if typed.steps is not None:
        config = dataclasses.replace(config, steps=at_least("--steps", typed.steps, 1))
    check_recipe(config)
    return config


def _run(trainer: Trainer, typed: argparse.Namespace, target: Path | None, ranks: Ranks, console: Console) -> int:
    music, config = trainer.music, trainer.config
    console.print(
        f"{describe_length(music.hours)} of music, {len(music.training)} recordings to learn from, "
        f"{len(music.validation)} to validate; {trainer.device}"
        + (f" and {ranks.size - 1} more" if ranks.size > 1 else "")
        + (f"; goes on from step {trainer.step}" if trainer.step else "; from the start"),
        highlight=False,
    )
    if not _train(trainer, console):
        trainer.save()
        again = " the same command" if ranks.size > 1 else f": {shlex.join(['ear-engine', *sys.argv[1:]])}"
        console.print(f"\nSaved at step {trainer.step} of {config.steps}; go on with{again}", highlight=False)
        return _INTERRUPTED
    loss, accuracy = trainer.validate()
    against = f"(chance {chance(config):.1%})"
    console.print(f"Validation: loss {loss:.3f} nats, accuracy {accuracy:.1%} {against}.", highlight=False)
    if target is not None and ranks.first:
        about = f"trained {config.steps} steps on {describe_length(music.hours)} of music"
        save_ear(trainer.result, target, target.name, about)
        console.print(f"Saved in {target}; play it with: ear-engine serve --ear {typed.export}", highlight=False)
    return 0


def open_mix(typed: Sequence[str], config: TrainingConfig, console: Console) -> Music:
    """Music of all ``--corpus NAME|FOLDER[=SHARE]``.

    Raises:
        UserError: a share is none, a corpus cannot be had, has another sample rate than the ear, or too little music.
    """
    named = [_share(text) for text in typed]
    corpora = [open_music(name, console) for name, _ in named]
    for corpus in corpora:
        if corpus.sample_rate != config.ear.scalogram.sample_rate:
            reason = f"has {corpus.sample_rate} Hz, and the ear hears {config.ear.scalogram.sample_rate} Hz"
            raise UserError(f"corpus {corpus.name!r}", reason, "build it again", "other_rate")
    return mix(corpora, excerpt_samples(config), [share for _, share in named])


def _share(text: str) -> tuple[str, float | None]:
    name, equals, typed = text.rpartition("=")
    if not equals or Path(text).expanduser().exists():
        name, equals = text, ""
    if not name:
        raise UserError(f"--corpus {text!r}", "names no music", "write a name or a folder", "bad_value")
    if not equals:
        return name, None
    try:
        share = float(typed)
    except ValueError:
        share = math.nan
    if not 0.0 < share < math.inf:
        reason = f"has the share {typed!r}"
        raise UserError(f"--corpus {text}", reason, "use a number above 0: NAME=2, say", "bad_value")
    return name, share


def find_recipe(name: str) -> Path:
    """The recipe that ``name`` means: a YAML file, or one that ships.

    Raises:
        UserError: there is none.
    """
    path = Path(name).expanduser()
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        return path
    shipped = sorted(file.stem for file in (resource_root() / "configs" / "training").glob("*.yaml"))
    if name not in shipped:
        mend = nearest(name, shipped) if shipped else "name a YAML file"
        raise UserError(f"recipe {name!r}", "does not exist", mend, "not_found")
    return resource("configs", "training", f"{name}.yaml")


def export_folder(target: str) -> Path:
    """Where an ear goes that is saved as ``target``: a name among the user's ears, or a path.

    Raises:
        UserError: an ear of that name ships, and would always be found first.
    """
    path = Path(target).expanduser()
    if len(path.parts) > 1 or path.is_dir():
        return path
    shipped, _ = ear_roots()
    if (shipped / target).is_dir():
        raise UserError(f"--export {target}", "is the name of an ear that ships", "choose another", "name_taken")
    return platform.user_ear_dir() / target


class _Interrupt:
    """Ctrl-C ends the training after the running step, so that what is saved is whole; a second one ends it at once."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._asked = False

    def __enter__(self) -> _Interrupt:
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._trainer.stop()


def _train(trainer: Trainer, console: Console) -> bool:
    """Train; return whether it came to its end."""
    validated = ""
    begun = trainer.step
    with _Interrupt(trainer), progress_bar(console) as bar:
        task = bar.add_task("training", total=trainer.config.steps, completed=trainer.step, figures="")
        said = start = bar.get_time()
        for step in trainer.run():
            if not math.isnan(step.validation_loss):
                validated = f", validation {step.validation_loss:.3f} / {step.validation_accuracy:.1%}"
            figures = describe(step) + validated
            bar.update(task, completed=step.step, figures=figures)
            now = bar.get_time()
            if bar.disable and (now - said >= _EVERY or not math.isnan(step.validation_loss)):
                said = now
                left = describe_rest((now - start) / (step.step - begun) * (trainer.config.steps - step.step))
                console.print(f"step {step.step} of {trainer.config.steps}: {figures}{left}", highlight=False)
    return trainer.step == trainer.config.steps


def describe_rest(seconds: float) -> str:
    """Words for the time left; none when it is over."""
    if seconds <= 0:
        return ""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 1.95 * size:
            amount = seconds / size
            return f"; about {amount:.1f} {unit} left" if unit != "min" else f"; about {amount:.0f} min left"
    return f"; about {max(1, round(seconds))} s left"


def describe_length(hours: float) -> str:
    """Hours, or minutes where they are few."""
    return f"{hours:.1f} h" if hours >= 1.0 else f"{max(1, round(60 * hours))} min"


def describe(step: Progress) -> str:
    """Loss, and accuracy against chance."""
    return f"loss {step.loss:.3f}, accuracy {step.accuracy:.1%} (chance {step.chance:.1%})"
