"""``ear-engine ablate``: train variants of a recipe, several seeds each, and compare what can be read from them."""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from rich.console import Console

from ear_engine.commands.options import at_least, count_workers, open_library
from ear_engine.commands.progress import progress_bar
from ear_engine.commands.train import find_recipe, open_mix
from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.devices import choose_device
from ear_engine.errors import UserError
from ear_engine.evaluation.cache import Cache
from ear_engine.evaluation.classifier import require_scikit_learn
from ear_engine.evaluation.evaluate import Plan, evaluate
from ear_engine.evaluation.listeners import UNTRAINED_READ_OUTS, EarListener
from ear_engine.evaluation.probes import choose
from ear_engine.evaluation.report import percent
from ear_engine.evaluation.results import Results, Row
from ear_engine.evaluation.study import Library, Settings
from ear_engine.evaluation.window import window_for
from ear_engine.training.ablation import EAR, Ablation, Run, Trained, find_trained, read_ablation, train_run
from ear_engine.training.recipe import excerpt_samples
from ear_engine.training.trainer import make_folder
from ear_engine.whole_files import replacing


def run(typed: argparse.Namespace) -> int:
    """Train what is missing, then judge; print a Markdown table."""
    require_scikit_learn()
    jobs, workers = at_least("--jobs", typed.jobs, 1), count_workers(typed.workers)
    ablation = read_ablation(find_recipe(typed.config))
    device = choose_device(typed.device)
    out = Path(typed.out).expanduser()
    make_folder(out)
    console = Console(file=sys.stderr, soft_wrap=True)
    library = open_library(typed.corpora)
    done = {one.name: find_trained(one, out / one.name) for one in ablation.runs}
    _check(ablation, typed.corpus, library, console)
    todo = [one for one in ablation.runs if done[one.name] is None]
    with progress_bar(console) as bar:
        task = bar.add_task("training", total=len(done), completed=len(done) - len(todo), figures="")
        for number, (one, found) in enumerate(_train_all(todo, typed.corpus, out, device, jobs), 1):
            done[one.name] = found
            bar.advance(task)
            if bar.disable:
                how = " (diverged)" if found.diverged else ""
                console.print(f"{number} of {len(todo)} runs: {one.name}{how}", markup=False, highlight=False)
    trained = {name: found for name, found in done.items() if found is not None}
    ears = [
        EarListener(one.name, load_ear(out / one.name / EAR), UNTRAINED_READ_OUTS, group=one.variant)
        for one in ablation.runs
        if not trained[one.name].diverged
    ]
    if not ears:
        raise UserError("the ablation", "has no ear to judge: all runs diverged", "lower learning_rate", "diverged")
    results = evaluate(ears, library, Cache(out / "cache"), Plan(ablation.probes, device, workers))
    text = table(ablation, results, trained)
    for name, content in (("ablation.md", text), ("ablation.json", json.dumps(results.as_json(), indent=1))):
        with replacing(out / name) as file:
            file.write(f"{content}\n".encode())
    print(text)
    return 0


def _check(ablation: Ablation, corpora: Sequence[str], library: Library, console: Console) -> None:
    """Better now than after hours: is there music for every recipe and every probe?

    Raises:
        UserError: there is not, or a probe does not exist.
    """
    asked = {(excerpt_samples(one.config), one.config.ear.scalogram.sample_rate): one for one in ablation.runs}
    for number, one in enumerate(asked.values()):
        open_mix(corpora, one.config, console if number == 0 else Console(quiet=True))
    choose(ablation.probes, library, Settings(window_for([one.config.ear for one in ablation.runs])))


def _train_all(
    runs: Sequence[Run], corpora: Sequence[str], out: Path, device: str, jobs: int
) -> Iterator[tuple[Run, Trained]]:
    """Train in processes of their own; yield each run as it ends. If one fails, those that have begun end first."""
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(_train, one, list(corpora), out / one.name, device): one for one in runs}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BrokenProcessPool as error:
            reason, mend = "ended in the middle (killed, or out of memory)", "try fewer --jobs; finished runs stay"
            raise UserError("a process that trains", reason, mend, "worker_died") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _train(one: Run, corpora: list[str], folder: Path, device: str) -> Trained:
    return train_run(one, open_mix(corpora, one.config, Console(quiet=True)), folder, device)


def table(ablation: Ablation, results: Results, trained: Mapping[str, Trained]) -> str:
    """Markdown: a row a variant; mean over seeds and, in brackets, least and largest, of c's accuracy in each probe.

    Args:
        ablation: what was compared.
        results: of the ears that did not diverge, seeds of a variant in one group.
        trained: what became of every run, by name.
    """
    probes = [probe.name for probe in results.probes]
    lines = [
        f"| variant | validation | {' | '.join(probes)} |",
        f"|---|---:|{'---:|' * len(probes)}",
    ]
    hand = [_best(results.of(probe), "hand") for probe in probes]
    lines.append(f"| best hand-made feature | | {' | '.join(_cell(row) for row in hand)} |")
    nobody = [_best([r for r in results.of(probe) if r.features == "c"], "untrained") for probe in probes]
    lines.append(f"| untrained c | | {' | '.join(_cell(row) for row in nobody)} |")
    for variant in ablation.variants:
        own = [one.name for one in ablation.runs if one.variant == variant]
        whole = [trained[name].accuracy for name in own if not trained[name].diverged]
        heard = [
            next((row for row in results.of(probe) if row.listener in own and row.features == "c"), None)
            for probe in probes
        ]
        lost = f" ({len(own) - len(whole)} of {len(own)} diverged)" if len(whole) < len(own) else ""
        mean = percent(sum(whole) / len(whole) if whole else math.nan)
        lines.append(f"| {variant}{lost} | {mean} | {' | '.join(_cell(row) for row in heard)} |")
    return "\n".join(lines)


def _best(rows: Sequence[Row], kind: str) -> Row | None:
    answered = [row for row in rows if row.kind == kind and row.score.tested]
    return max(answered, key=lambda row: row.score.accuracy.value, default=None)


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    span = "" if row.span is None else f" [{100 * row.span[0]:.1f}, {100 * row.span[1]:.1f}]"
    return f"{percent(row.score.accuracy.value)}{span}"
