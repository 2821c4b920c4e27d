"""``ear-engine evaluate``: what can be read from ears, probe by probe, against hand-made features."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from rich.console import Console

from ear_engine import platform
from ear_engine.commands.progress import progress_bar
from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear_files import EarFolder, find_ear
from ear_engine.errors import UserError
from ear_engine.evaluation.cache import Cache
from ear_engine.evaluation.classifier import require_scikit_learn
from ear_engine.evaluation.evaluate import Plan, evaluate
from ear_engine.evaluation.listeners import EarListener
from ear_engine.evaluation.pictures import draw_pictures, require_matplotlib
from ear_engine.evaluation.report import probes, table2, write_report
from ear_engine.evaluation.study import Library

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Corpus

_BATCH = {"cpu": 16, "cuda": 96, "mps": 32}


def run(typed: argparse.Namespace) -> int:
    """Measure; print Markdown or JSON; write tables and pictures."""
    require_scikit_learn()
    if typed.out is not None:
        require_matplotlib()
    platform.reuse_memory()
    if typed.workers is not None and typed.workers < 1:
        raise UserError(f"--workers {typed.workers}", "is below 1", "use a whole number from 1", "bad_value")
    device = _device(typed.device)
    workers = typed.workers or os.cpu_count() or 1
    console = Console(file=sys.stderr, soft_wrap=True)
    folders = [find_ear(name) for name in typed.ear or ["small"]]
    ears = [
        EarListener(name, load_ear(folder.path), folder=folder.path)
        for name, folder in zip(_names(folders), folders, strict=True)
    ]
    folds = (1 if device == "cuda" else 0) if typed.supervised is None else typed.supervised
    plan = Plan(
        tuple(typed.probe), device, workers, typed.seed, typed.quick, supervised_folds=folds, batch=_BATCH[device]
    )
    cache = Cache(Path(typed.cache).expanduser() if typed.cache else platform.user_cache_dir() / "evaluation")
    with progress_bar(console) as bar:
        tasks = {
            what: bar.add_task(what, total=None, figures="", visible=False)
            for what in ("listening", "supervised", "predicting", "classifying")
        }
        results = evaluate(
            ears,
            _library(typed.corpora, console),
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


def _library(corpora: str | None, console: Console) -> Library:
    """Finds corpora by name: first stores in the folder that was named, then as all commands do."""
    from ear_engine.corpora.catalog import find_corpus
    from ear_engine.corpora.store import open_corpus

    root = None if corpora is None else Path(corpora).expanduser()
    if root is not None and not root.is_dir():
        raise UserError(f"--corpora {corpora}", "is not a folder", "name one that holds stores", "not_found")
    failed: dict[str, UserError] = {}

    @lru_cache
    def find(name: str) -> Corpus:
        if root is not None and (root / name).is_dir():
            return open_corpus(root / name)
        return find_corpus(name)

    def library(name: str) -> Corpus:
        if name in failed:
            raise failed[name]
        try:
            return find(name)
        except UserError as error:
            failed[name] = error
            raise

    return library


def _device(wanted: str) -> str:
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there[wanted]:
        raise UserError(f"device {wanted!r}", "is not available here", "use --device auto", "no_device")
    return wanted
