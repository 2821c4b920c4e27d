"""From probabilities to rows: scores, errors against the best hand-made features and the supervised network."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.evaluation.classifier import majority
from ear_engine.evaluation.probes import Chosen
from ear_engine.evaluation.results import ProbeFacts, Results, Row
from ear_engine.evaluation.scores import Outcome, average, error_ratio, outcome, score
from ear_engine.evaluation.splits import Index
from ear_engine.evaluation.study import Study, Test
from ear_engine.evaluation.window import Window

Chances = NDArray[np.float32]
_ORDER = ("guess", "hand", "untrained", "supervised", "ear", "predictions")


@dataclass(frozen=True, eq=False)
class Candidate:
    """Somebody's answers to a study.

    Args:
        study: what was asked.
        kind, listener, features, dimension: who answered, see :class:`Row`.
        chances: for each test (rows, classes), not a number where untested.
        group: those of one group (seeds) become one row.
    """

    study: Study
    kind: str
    listener: str
    features: str
    dimension: int
    chances: tuple[Chances, ...] = ()
    group: str = ""

    def with_chances(self, chances: Sequence[Chances]) -> Candidate:
        """The same with its answers."""
        return dataclasses.replace(self, chances=tuple(chances))


@dataclass(frozen=True, eq=False)
class _Judged:
    candidate: Candidate
    outcome: Outcome
    span: tuple[float, float] | None


def judge(window: Window, chosen: Chosen, candidates: Sequence[Candidate], seed: int) -> Results:
    """Rows of all probes.

    Args:
        window: of the excerpts.
        chosen: the studies.
        candidates: answers.
        seed: of the bootstrap.
    """
    probes: list[ProbeFacts] = []
    rows: list[Row] = []
    confusions: dict[tuple[str, str], NDArray[np.int64]] = {}
    for study in chosen.studies:
        answers = [c for c in candidates if c.study is study]
        for number, test in enumerate(study.tests):
            guess = Candidate(study, "guess", "most frequent class", "", 0)
            chances = majority(study.labels, len(study.classes), study.folds, test.folds, len(test.labels))
            if study.pairs is not None:  # which of the two is named first is drawn at random
                chances = np.where(np.isfinite(chances), np.float32(0.5), chances)
            judged = [_Judged(guess, outcome(chances, test.labels), None), *_judged(answers, number, test.labels)]
            judged.sort(key=lambda one: _ORDER.index(one.candidate.kind))
            found = _rows(test, judged, seed)
            rows += found
            probes.append(_facts(study, test))
            for answer in answers:
                if answer.kind == "ear" and answer.features == "c" and study.pairs is None:
                    label = f"{answer.listener}: c"
                    confusions[test.name, label] = _confusion(answer.chances[number], test.labels)
    return Results(window.seconds, tuple(probes), tuple(rows), chosen.left_out, (), confusions)


def _judged(answers: Sequence[Candidate], number: int, labels: Index) -> list[_Judged]:
    groups: dict[tuple[str, str, str], list[Candidate]] = {}
    for answer in answers:
        groups.setdefault((answer.kind, answer.group or answer.listener, answer.features), []).append(answer)
    found = []
    for members in groups.values():
        outcomes = [outcome(member.chances[number], labels) for member in members]
        accuracies = [one.accuracy for one in outcomes]
        span = (min(accuracies), max(accuracies)) if len(members) > 1 and np.isfinite(accuracies).all() else None
        found.append(_Judged(members[0], average(outcomes), span))
    return found


def _rows(test: Test, judged: Sequence[_Judged], seed: int) -> list[Row]:
    hand = [one for one in judged if one.candidate.kind == "hand" and one.outcome.tested.any()]
    best = max(hand, key=lambda one: one.outcome.accuracy, default=None)
    taught = next((one for one in judged if one.candidate.kind == "supervised"), None)
    rows = []
    for one in judged:
        who = one.candidate
        by_hand, supervised = (
            None if other is None else error_ratio(one.outcome, other.outcome, test.groups, seed)
            for other in (best, taught)
        )
        figures = score(one.outcome, test.groups, seed)
        rows.append(
            Row(
                test.name,
                who.kind,
                who.listener,
                who.features,
                who.dimension,
                figures,
                by_hand,
                supervised,
                one.span,
            )
        )
    return rows


def _facts(study: Study, test: Test) -> ProbeFacts:
    tested = np.concatenate(test.folds)
    training = round(float(np.mean([len(fold.training) for fold in study.folds])))
    groups = len(np.unique(test.groups[tested]))
    return ProbeFacts(test.name, test.question, study.classes, training, len(tested), groups, test.leaks)


def _confusion(chances: Chances, labels: Index) -> NDArray[np.int64]:
    tested = np.isfinite(chances).all(axis=1)
    counts = np.zeros((chances.shape[1], chances.shape[1]), np.int64)
    np.add.at(counts, (labels[tested], chances[tested].argmax(axis=1)), 1)
    return counts
