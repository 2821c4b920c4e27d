"""``ear-engine evaluate``: what can be read from ears, probe by probe, against hand-made features."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ear_engine import platform
from ear_engine.commands.options import count_workers, open_library
from ear_engine.commands.progress import progress_bar
from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.devices import choose_device
from ear_engine.ear_files import EarFolder, find_ear
from ear_engine.evaluation.cache import Cache
from ear_engine.evaluation.classifier import require_scikit_learn
from ear_engine.evaluation.evaluate import Plan, evaluate
from ear_engine.evaluation.listeners import EarListener
from ear_engine.evaluation.pictures import draw_pictures, require_matplotlib
from ear_engine.evaluation.report import probes, table2, write_report


def run(typed: argparse.Namespace) -> int:
    """Measure; print Markdown or JSON; write tables and pictures."""
    require_scikit_learn()
    if typed.out is not None:
        require_matplotlib()
    platform.reuse_memory()
    workers = count_workers(typed.workers)
    device = choose_device(typed.device)
    library = open_library(typed.corpora)
    console = Console(file=sys.stderr, soft_wrap=True)
    folders = [find_ear(name) for name in typed.ear or ["small"]]
    ears = [
        EarListener(name, load_ear(folder.path), folder=folder.path)
        for name, folder in zip(_names(folders), folders, strict=True)
    ]
    folds = (1 if device == "cuda" else 0) if typed.supervised is None else typed.supervised
    plan = Plan(tuple(typed.probe), device, workers, typed.seed, typed.quick, supervised_folds=folds)
    cache = Cache(Path(typed.cache).expanduser() if typed.cache else platform.user_cache_dir() / "evaluation")
    with progress_bar(console) as bar:
        tasks = {
            what: bar.add_task(what, total=None, figures="", visible=False)
            for what in ("listening", "supervised", "predicting", "classifying")
        }
        results = evaluate(
            ears,
            library,
            cache,
            plan,
            lambda what, done, of: bar.update(tasks[what], completed=done, total=of or None, visible=True),
        )
    results = dataclasses.replace(
        results, descriptions=dict(zip(_names(folders), [f.description for f in folders], strict=True))
    )
    for name, why in results.left_out.items():
        console.print(f"left out: {name} ({why})", markup=False, highlight=False)
    if typed.out is not None:
        out = Path(typed.out).expanduser()
        written = [*write_report(results, out), *draw_pictures(results, out)]
        console.print(f"{len(written)} files in {out}.", markup=False, highlight=False)
    print(json.dumps(results.as_json(), indent=1) if typed.json else f"{table2(results)}\n\n{probes(results)}")
    return 0


def _names(folders: Sequence[EarFolder]) -> list[str]:
    """Names of ears, those that occur twice with the folder they lie in."""
    plain = [folder.name for folder in folders]
    named = [
        name if plain.count(name) == 1 else f"{folder.path.parent.name}/{name}"
        for name, folder in zip(plain, folders, strict=True)
    ]
    return [name if named.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(named, 1)]
