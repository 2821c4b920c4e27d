"""``ear-engine probe``: what a linear classifier can tell from what an ear hears, against plain features."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys

from rich.console import Console

from ear_engine import platform
from ear_engine.commands.progress import open_music, progress_bar
from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear_files import find_ear
from ear_engine.training.linear import require_scikit_learn
from ear_engine.training.probe import probe, samples_needed


def run(typed: argparse.Namespace) -> int:
    """Measure, and print a Markdown table or JSON."""
    require_scikit_learn()
    platform.reuse_memory()
    ear = load_ear(find_ear(typed.ear).path)
    console = Console(file=sys.stderr, soft_wrap=True)
    corpus = open_music(typed.corpus, samples_needed(ear.config), ear.config.scalogram.sample_rate, console)
    recordings = sorted(corpus.training + corpus.validation, key=lambda recording: recording.path)
    with progress_bar(console) as bar:
        tasks = {what: bar.add_task(what, total=None, figures="") for what in ("listening", "classifying")}
        result = probe(
            ear, recordings, progress=lambda what, done, of: bar.update(tasks[what], completed=done, total=of)
        )
    if typed.json:
        print(json.dumps({"ear": typed.ear, **dataclasses.asdict(result)}, indent=1))
    else:
        print(
            f"{result.recordings} recordings, {result.excerpts} excerpts of 4 s; "
            f"in time {result.training} train and {result.test} test.\n\n{result.markdown()}"
        )
    return 0
