"""``ear-engine directions``: find directions in an ear that mean something in music, and name them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from ear_engine import platform
from ear_engine.commands.listings import print_table
from ear_engine.commands.options import at_least, open_library
from ear_engine.commands.progress import Stages
from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.devices import choose_device
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.evaluation.classifier import require_scikit_learn
from ear_engine.evaluation.directions import Found, ask, choose, listen
from ear_engine.evaluation.questions import CORPORA, questions
from ear_engine.targets.directions import DIRECTIONS, write_directions


def run(typed: argparse.Namespace) -> int:
    """Listen, ask, write what is answered clearly, and say how clearly."""
    require_scikit_learn()
    platform.reuse_memory()
    excerpts, seed = at_least("--excerpts", typed.excerpts, 1), at_least("--seed", typed.seed, 0)
    device = choose_device(typed.device, ("cuda", "cpu"))
    library = open_library(typed.corpora)
    folder = find_ear(typed.ear)
    statistics = load_statistics(folder.path)
    if statistics is None:
        mend = f"make them with `ear-engine statistics --ear {typed.ear}`"
        reason = "has no statistics, which directions are measured in"
        raise UserError(f"ear {folder.name!r}", reason, mend, "no_statistics")
    ear = load_ear(folder.path)
    recordings = [one for name in typed.corpus or CORPORA for one in library(name).recordings]
    found = []
    with Stages(Console(file=sys.stderr, soft_wrap=True)) as stages:
        averages = listen(
            ear,
            statistics,
            recordings,
            most=excerpts,
            device=device,
            progress=lambda done, of: stages("listening", done, of),
        )
        asked = questions(recordings)
        for number, question in enumerate(asked):
            stages("asking", number, len(asked))
            answer = ask(question, averages, seed)
            found += [answer] if answer is not None else []
        stages("asking", len(asked), len(asked))
    titles = ("Direction", "Layer", "Right, %", "95 % interval", "Recordings", "")
    print_table(titles, [_row(one) for one in found], right=("Right, %", "Recordings"))
    made = choose(found)
    target = Path(typed.output).expanduser() if typed.output else folder.path / DIRECTIONS
    write_directions(made, statistics.weights, target)
    print(f"\n{len(made)} directions in {target}. Guessing is right in 50 %.")
    return 0


def _row(one: Found) -> tuple[str, ...]:
    names = " / ".join(name for name in one.question.names if name)
    interval = f"{100 * one.low:.1f} to {100 * one.high:.1f}"
    kept = "kept" if one.clear else "not clear, left out"
    return names, one.layer, f"{100 * one.accuracy:.1f}", interval, str(one.recordings), kept
