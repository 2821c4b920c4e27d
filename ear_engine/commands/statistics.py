"""``ear-engine statistics``: measure what every neuron of an ear does, and name what it answers to."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console

from ear_engine import platform
from ear_engine.commands.options import at_least
from ear_engine.commands.progress import Stages, open_music
from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.devices import choose_device
from ear_engine.ear.statistics_file import STATISTICS, hash_weights, write_statistics
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.statistics.gather import Options, gather


def run(typed: argparse.Namespace) -> int:
    """Listen, measure, write the file, and say what is in it."""
    platform.reuse_memory()
    folder = find_ear(typed.ear)
    excerpts, seed = at_least("--excerpts", typed.excerpts, 1), at_least("--seed", typed.seed, 0)
    options = Options(excerpts, seed, choose_device(typed.device, ("cuda", "cpu")))
    target = Path(typed.output).expanduser() if typed.output else folder.path / STATISTICS
    _check_target(target)
    ear = load_ear(folder.path)
    console = Console(file=sys.stderr, soft_wrap=True)
    corpus = open_music(typed.corpus, console)
    rate = ear.config.scalogram.sample_rate
    if corpus.sample_rate != rate:
        reason = f"is at {corpus.sample_rate} Hz, but the ear hears {rate} Hz"
        raise UserError(f"corpus {corpus.name!r}", reason, f"build it again at {rate} Hz", "rates_differ")
    with Stages(console) as stages:
        statistics = gather(
            ear,
            corpus.recordings,
            corpus=corpus.name,
            weights=hash_weights(folder.path),
            options=options,
            progress=lambda done, of: stages("listening", done, of),
        )
    write_statistics(statistics, target)
    idle = int((statistics.high <= statistics.low).sum())
    print(
        f"{len(statistics.index)} neurons, {sum(map(len, statistics.region_names.values()))} regions, heard "
        f"{60 * statistics.heard.hours:.0f} min in {statistics.heard.excerpts} excerpts; {idle} neurons never fired.\n"
        f"{target.stat().st_size / 1e6:.1f} MB in {target}"
    )
    return 0


def _check_target(target: Path) -> None:
    """Better now than after minutes."""
    folder = target.parent
    if target.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        reason = "is a folder" if target.is_dir() else "cannot be written there"
        raise UserError(str(target), reason, "name another file with --output", "cannot_write")
