"""``ear-engine dream``: one loop from start to end, written as a file."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from ear_engine.commands.options import typed_parameters
from ear_engine.commands.progress import progress_bar
from ear_engine.errors import UserError
from ear_engine.offline.dreaming import Progress, Request, dream_all
from ear_engine.parameters import ParameterTree, Value
from ear_engine.setfile import SetFile, overlay, read_set

_LINES = 10  # said where there is no terminal


def run(typed: argparse.Namespace) -> int:
    """Dream, write, and say what came of it."""
    output = Path(typed.output).expanduser()
    if output.suffix.lower() != ".wav":
        raise UserError(f"--output {typed.output}", "is not a WAV file", "end its name with .wav", "bad_value")
    tree = ParameterTree()
    chosen = SetFile() if typed.set is None else read_set(Path(typed.set).expanduser(), tree)
    values: dict[str, Value] = overlay(chosen.values, typed_parameters(typed, tree), tree)
    clip = values.pop("source/clip", None)
    seed = typed.seed if typed.seed is not None else chosen.seed
    request = Request(
        ear=typed.ear or chosen.ear or "small",
        clip=str(typed.clip or clip or chosen.clip or "beat"),
        target=typed.target or "",
        beats=typed.beats,
        steps=typed.steps,
        preset=typed.preset or "",
        values=values,
        seed=seed or 0,
        device=typed.device,
        variants=typed.variants,
    )
    with shown_progress("dreaming") as progress:
        dreamed = dream_all(request, progress)
    for number, one in enumerate(dreamed, start=1):
        path = output if len(dreamed) == 1 else output.with_stem(f"{output.stem}_{number}")
        print(f"{one.save(path)}: {one.title}, {one.audio.shape[1] / one.sample_rate:.2f} s")
        if typed.picture is not None:
            print(one.picture(_picture_path(path, typed.picture, len(dreamed) > 1)))
    start, end = dreamed[0].objective[:8].mean(), dreamed[0].objective[-8:].mean()
    print(f"objective {start:.2f} → {end:.2f} deviations above music's mean, {len(dreamed[0].objective)} steps")
    return 0


def _picture_path(audio: Path, typed: str, several: bool) -> Path:
    if not typed:
        return audio.with_suffix(".png")
    path = Path(typed).expanduser()
    number = re.search(r"_\d+$", audio.stem) if several else None
    return path if number is None else path.with_stem(path.stem + number.group())


@contextmanager
def shown_progress(what: str) -> Iterator[Progress]:
    """A bar on a terminal, ten lines elsewhere; both on stderr."""
    console = Console(stderr=True)
    bar = progress_bar(console)
    task = bar.add_task(what, total=None, figures="")
    said = 0

    def progress(done: int, every: int, objective: float) -> None:
        nonlocal said
        bar.update(task, completed=done, total=every, figures=f"objective {objective:.2f}")
        if not console.is_terminal and done * _LINES // every > said:
            said = done * _LINES // every
            print(f"{what}: {done} of {every} steps, objective {objective:.2f}", file=sys.stderr, flush=True)

    with bar:
        yield progress
