"""``ear-engine gallery``: a page of dreams to look at and listen to."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from ear_engine.commands.progress import progress_bar
from ear_engine.ear.statistics import FRONT_END
from ear_engine.ear_files import find_ear
from ear_engine.offline.dreaming import Progress, layers_of
from ear_engine.offline.gallery import Piece, make, plan
from ear_engine.offline.request import Request


def run(typed: argparse.Namespace) -> int:
    """Dream them all; say each as it is done."""
    ear = find_ear(typed.ear)
    folder = Path(typed.output).expanduser()
    base = Request(ear=ear.path, beats=typed.beats, steps=typed.steps, seed=typed.seed, device=typed.device)
    layers = [name for name in layers_of(ear.path) if name != FRONT_END]
    pieces = plan(base, typed.clip, typed.target, layers)
    bar = progress_bar(Console(stderr=True))
    task = bar.add_task("dreaming", total=None, figures="")

    def shown(piece: Piece, number: int) -> Progress:
        def progress(done: int, every: int, objective: float) -> None:
            figures = f"{piece.name}, objective {objective:.2f}"
            bar.update(task, completed=number * every + done, total=every * len(pieces), figures=figures)

        return progress

    with bar:
        for piece in make(pieces, folder, f"What {ear.name} dreams", shown):
            print(f"{piece.name}: {piece.caption}", flush=True)
    print(f"open {folder / 'index.html'}")
    return 0
