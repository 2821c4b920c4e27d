"""A whole evaluation: listen, classify in many processes while supervised networks learn, judge."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.evaluation import classifier
from ear_engine.evaluation.cache import Cache, code_digest
from ear_engine.evaluation.excerpts import ExcerptSet
from ear_engine.evaluation.judging import Candidate, judge
from ear_engine.evaluation.listeners import UNTRAINED_READ_OUTS, EarListener, Hand, Listener, untrained
from ear_engine.evaluation.listening import Report, feature_file, listen
from ear_engine.evaluation.predictions import predicted_chances
from ear_engine.evaluation.probes import choose
from ear_engine.evaluation.results import Results
from ear_engine.evaluation.study import Library, Settings, Study
from ear_engine.evaluation.supervised import Lessons, SupervisedTeacher
from ear_engine.evaluation.window import window_for

Chances = NDArray[np.float32]
_CLASSIFIER = ("evaluation/classifier.py",)
_SUPERVISED = ("evaluation/supervised.py", "evaluation/changes.py")
_PREDICTIONS = ("evaluation/predictions.py",)
_BATCH = {"cpu": 16, "cuda": 96, "mps": 32}


@dataclass(frozen=True)
class Plan:
    """How an evaluation is made.

    Args:
        probes: names; all if none.
        device: of torch, for listening and supervised training.
        workers: processes that classify, and threads that read.
        seed: of splits, changes, untrained ears.
        quick: a fifth of the excerpts, one untrained ear, no supervised network.
        untrained: ears of each shape that have heard nothing.
        supervised_folds: of each study in which a network learns from scratch; 0 is none.
        lessons: how it learns.
        batch: excerpts heard at once; what suits the device if None.
    """

    probes: tuple[str, ...] = ()
    device: str = "cpu"
    workers: int = 1
    seed: int = 0
    quick: bool = False
    untrained: int = 3
    supervised_folds: int = 0
    lessons: Lessons = field(default_factory=Lessons)
    batch: int | None = None

    @property
    def heard_at_once(self) -> int:
        """Excerpts."""
        return self.batch or _BATCH.get(self.device.partition(":")[0], _BATCH["cpu"])


def evaluate(
    ears: Sequence[EarListener], library: Library, cache: Cache, plan: Plan, report: Report | None = None
) -> Results:
    """Measure what can be read from these ears.

    Args:
        ears: at least one; all hear at one sample rate and hop.
        library: finds corpora by name.
        cache: for features and predictions.
        plan: how.
        report: of progress.

    Raises:
        UserError: no probe can be made, or one that was asked for, or a package is missing.
    """
    classifier.require_scikit_learn()
    tell: Report = report or (lambda what, done, of: None)
    window = window_for([one.ear.config for one in ears])
    settings = Settings(window, plan.seed, every=5 if plan.quick else 1)
    chosen = choose(plan.probes, library, settings)
    shapes = list(dict.fromkeys(one.ear.config for one in ears))
    nobodies = [
        EarListener(
            _untrained_name(shape.width, len(shapes)),
            untrained(shape, plan.seed + number),
            UNTRAINED_READ_OUTS,
            group=f"untrained {index}",
        )
        for index, shape in enumerate(shapes)
        for number in range(1 if plan.quick else plan.untrained)
    ]
    listeners: list[Listener] = [Hand(ears[0].scalogram, window.span), *nobodies, *ears]
    sets = {part.digest: part for study in chosen.studies for part in _sets(study)}
    listen(
        listeners,
        list(sets.values()),
        cache,
        device=plan.device,
        batch=plan.heard_at_once,
        threads=plan.workers,
        report=tell,
    )
    runner = _Runner(cache, plan, tell)
    with runner:
        for study in chosen.studies:
            for listener in listeners:
                runner.classify(study, listener)
        candidates: list[Candidate] = []
        folds = 0 if plan.quick else plan.supervised_folds
        if folds:
            lessons = replace(plan.lessons, folds=folds)
            teacher = SupervisedTeacher(shapes[0], lessons, device=plan.device, threads=plan.workers, seed=plan.seed)
            candidates += runner.supervise(chosen.studies, teacher)
        candidates += runner.predict(chosen.studies, ears)
        candidates += runner.collect()
    return judge(window, chosen, candidates, plan.seed)


def _untrained_name(width: float, shapes: int) -> str:
    return "untrained ear" if shapes == 1 else f"untrained ear, width {width:g}"


def _sets(study: Study) -> list[ExcerptSet]:
    return [study.excerpts, *(test.excerpts for test in study.tests)]


class _Runner:
    """Classifies in processes; what was classified before comes from the cache."""

    def __init__(self, cache: Cache, plan: Plan, tell: Report) -> None:
        self._cache = cache
        self._plan = plan
        self._tell = tell
        self._pool: ProcessPoolExecutor | None = None
        self._found: dict[int, Candidate] = {}
        self._waiting: dict[Future[list[Chances]], tuple[int, Candidate, Path]] = {}
        self._count = 0

    def __enter__(self) -> _Runner:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def classify(self, study: Study, listener: Listener) -> None:
        """Fit a classifier to everything that is read from a listener."""
        files = [feature_file(self._cache, listener, excerpts) for excerpts in _sets(study)]
        kind = "hand" if isinstance(listener, Hand) else "untrained" if _is_untrained(listener) else "ear"
        group = listener.group if isinstance(listener, EarListener) else ""
        for name, parts in listener.read_outs.items():
            features = [classifier.Features(file, parts) for file in files]
            task = classifier.Task(
                features[0],
                study.labels,
                len(study.classes),
                study.folds,
                tuple((file, test.folds) for file, test in zip(features[1:], study.tests, strict=True)),
                None if study.pairs is None else _pair_rows(study),
            )
            dimension = features[0].dimension() * (1 if study.pairs is None else 2)
            candidate = Candidate(study, kind, listener.name, name, dimension, group=group)
            key = "|".join((*(file.name for file in files), *parts))
            path = self._cache.path("classified", study.digest, key, code_digest(*_CLASSIFIER))
            self._submit(candidate, path, task)

    def _submit(self, candidate: Candidate, path: Path, task: classifier.Task) -> None:
        number, self._count = self._count, self._count + 1
        known = self._cache.read(path)
        if known is not None:
            self._found[number] = candidate.with_chances([known[str(i)] for i in range(len(candidate.study.tests))])
            return
        if self._plan.workers < 2:
            future: Future[list[Chances]] = Future()
            future.set_result(classifier.run(task))
            self._tell("classifying", len(self._waiting) + 1, 0)
        else:
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self._plan.workers, mp_context=context)
            future = self._pool.submit(classifier.run, task)
        self._waiting[future] = (number, candidate, path)

    def collect(self) -> list[Candidate]:
        """Wait for all, and keep what they found; in the order they were submitted."""
        for done, future in enumerate(as_completed(self._waiting), 1):
            number, candidate, path = self._waiting[future]
            chances = future.result()
            self._cache.write(path, {str(i): values for i, values in enumerate(chances)})
            self._found[number] = candidate.with_chances(chances)
            self._tell("classifying", done, len(self._waiting))
        return [self._found[number] for number in sorted(self._found)]

    def supervise(self, studies: Sequence[Study], teacher: SupervisedTeacher) -> list[Candidate]:
        """Train from scratch, study after study (not on pairs)."""
        found = []
        asked = [study for study in studies if study.pairs is None]
        for number, study in enumerate(asked):
            key = repr((teacher.config, teacher.lessons, teacher.seed))
            path = self._cache.path("supervised", study.digest, key, code_digest(*_SUPERVISED))
            known = self._cache.read(path)
            if known is None:
                chances = teacher.run(study)
                self._cache.write(path, {str(i): values for i, values in enumerate(chances)})
            else:
                chances = [known[str(i)] for i in range(len(study.tests))]
            found.append(Candidate(study, "supervised", "supervised from scratch", "", 0, tuple(chances)))
            self._tell("supervised", number + 1, len(asked))
        teacher.forget()
        return found

    def predict(self, studies: Sequence[Study], ears: Sequence[EarListener]) -> list[Candidate]:
        """Each ear's own predictions, in studies of pairs."""
        found = []
        asked = [(study, ear) for study in studies if study.pairs is not None for ear in ears]
        for number, (study, ear) in enumerate(asked):
            path = self._cache.path("predicted", study.digest, ear.digest, code_digest(*_PREDICTIONS))
            known = self._cache.read(path)
            if known is None:
                plan = self._plan
                chances = predicted_chances(
                    ear.ear, study, device=plan.device, batch=plan.heard_at_once, threads=plan.workers
                )
                self._cache.write(path, {"0": chances})
            else:
                chances = known["0"]
            found.append(Candidate(study, "predictions", ear.name, "its own predictions", 0, (chances,)))
            self._tell("predicting", number + 1, len(asked))
        return found


def _pair_rows(study: Study) -> NDArray[np.int64]:
    assert study.pairs is not None
    return np.stack([study.pairs.first, study.pairs.following, study.pairs.other])


def _is_untrained(listener: Listener) -> bool:
    return isinstance(listener, EarListener) and listener.group.startswith("untrained")
