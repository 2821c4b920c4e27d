"""``ear-engine ablate``: train variants of a recipe, several seeds each, and compare what can be read from them."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console

from ear_engine.commands.evaluate import _BATCH, _library
from ear_engine.commands.progress import progress_bar
from ear_engine.commands.train import choose_device, find_recipe, open_mix
from ear_engine.ear.checkpoint import load_ear
from ear_engine.errors import UserError
from ear_engine.evaluation.cache import Cache
from ear_engine.evaluation.evaluate import Plan, evaluate
from ear_engine.evaluation.listeners import UNTRAINED_READ_OUTS, EarListener
from ear_engine.evaluation.results import Results, Row
from ear_engine.training.ablation import EAR, Ablation, Run, read_ablation, train_run
from ear_engine.training.trainer import make_folder

_DONE = "validation.json"
Validation = dict[str, list[tuple[float, float]]]
"""Loss and accuracy of every seed, by variant."""


def run(typed: argparse.Namespace) -> int:
    """Train what is missing, then judge; print a Markdown table."""
    ablation = read_ablation(find_recipe(typed.config))
    if typed.jobs < 1:
        raise UserError(f"--jobs {typed.jobs}", "is below 1", "use a whole number from 1", "bad_value")
    device = choose_device(typed.device)
    out = Path(typed.out).expanduser()
    make_folder(out)
    console = Console(file=sys.stderr, soft_wrap=True)
    with progress_bar(console) as bar:
        task = bar.add_task("training", total=len(ablation.runs), figures="")
        todo = [one for one in ablation.runs if not (out / one.name / _DONE).exists()]
        bar.update(task, completed=len(ablation.runs) - len(todo))
        for done, name in enumerate(_train_all(todo, typed.corpus, out, device, typed.jobs), 1):
            bar.advance(task)
            if bar.disable:
                console.print(f"{done} of {len(todo)} runs: {name}", markup=False, highlight=False)
    ears = [
        EarListener(one.name, load_ear(out / one.name / EAR), UNTRAINED_READ_OUTS, group=one.variant)
        for one in ablation.runs
    ]
    plan = Plan(ablation.probes, device, typed.workers or os.cpu_count() or 1, batch=_BATCH[device])
    results = evaluate(ears, _library(typed.corpora, console), Cache(out / "cache"), plan)
    text = table(ablation, results, _validation(ablation, out))
    (out / "ablation.md").write_text(text + "\n", encoding="utf-8")
    (out / "ablation.json").write_text(json.dumps(results.as_json(), indent=1) + "\n", encoding="utf-8")
    print(text)
    return 0


def _train_all(runs: Sequence[Run], corpora: Sequence[str], out: Path, device: str, jobs: int) -> Iterator[str]:
    """Train in processes of their own; yield the name of each run as it ends."""
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(_train, one, list(corpora), out / one.name, device): one.name for one in runs}
        for future in as_completed(waiting):
            future.result()
            yield waiting[future]


def _train(one: Run, corpora: list[str], folder: Path, device: str) -> None:
    music = open_mix(corpora, one.config, Console(quiet=True))
    loss, accuracy = train_run(one, music, folder, device)
    (folder / _DONE).write_text(json.dumps([loss, accuracy]), encoding="utf-8")


def _validation(ablation: Ablation, out: Path) -> Validation:
    found: Validation = {}
    for one in ablation.runs:
        loss, accuracy = json.loads((out / one.name / _DONE).read_text())
        found.setdefault(one.variant, []).append((loss, accuracy))
    return found


def table(ablation: Ablation, results: Results, validation: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Markdown: a row a variant; mean over seeds and, in brackets, least and largest, of c's accuracy in each probe."""
    probes = [probe.name for probe in results.probes]
    lines = [
        f"| variant | validation | {' | '.join(probes)} |",
        f"|---|---:|{'---:|' * len(probes)}",
    ]
    hand = [_best(results.of(probe), "hand") for probe in probes]
    lines.append(f"| best hand-made feature | | {' | '.join(_percent(row) for row in hand)} |")
    nobody = [_best([r for r in results.of(probe) if r.features == "c"], "untrained") for probe in probes]
    lines.append(f"| untrained c | | {' | '.join(_percent(row) for row in nobody)} |")
    for variant in ablation.variants:
        accuracies = [accuracy for _, accuracy in validation[variant]]
        name = next(one.name for one in ablation.runs if one.variant == variant)  # of the first seed: rows are means
        rows = [
            next((row for row in results.of(probe) if row.listener == name and row.features == "c"), None)
            for probe in probes
        ]
        mean = sum(accuracies) / len(accuracies)
        lines.append(f"| {variant} | {mean:.1%} | {' | '.join(_percent(row) for row in rows)} |")
    return "\n".join(lines)


def _best(rows: Sequence[Row], kind: str) -> Row | None:
    return max((row for row in rows if row.kind == kind), key=lambda row: row.score.accuracy.value, default=None)


def _percent(row: Row | None) -> str:
    if row is None:
        return ""
    span = "" if row.span is None else f" [{100 * row.span[0]:.1f}, {100 * row.span[1]:.1f}]"
    return f"{row.score.accuracy.value:.1%}{span}"
