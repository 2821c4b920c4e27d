"""Figures from predictions: accuracy, loss, bootstrap intervals over groups, and ratios of errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.evaluation.splits import Index

RESAMPLES = 1000
_LEAST = 1e-7  # probability below which a wrong certainty is not punished further


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Score:
    """What predictions are worth.

    Args:
        accuracy: share that is right, 0..1.
        loss: mean negative log-likelihood, nats.
        tested: rows; where there are none (an ear that diverged gives no answers), figures are not numbers.
    """

    accuracy: Interval
    loss: Interval
    tested: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """Per row of a test: whether it was right (1 or 0; not a number where untested), and its loss."""

    right: NDArray[np.float64]
    loss: NDArray[np.float64]

    @property
    def tested(self) -> NDArray[np.bool_]:
        """(rows,), which rows were predicted."""
        return np.isfinite(self.right)

    @property
    def accuracy(self) -> float:
        """Share that is right of what was tested; not a number where nothing was."""
        return float(self.right[self.tested].mean()) if self.tested.any() else float("nan")


def outcome(chances: NDArray[np.float32], labels: Index) -> Outcome:
    """Judge probabilities (rows, classes) by the true classes (rows,)."""
    tested = np.isfinite(chances).all(axis=1)
    right = np.full(len(labels), np.nan)
    loss = np.full(len(labels), np.nan)
    right[tested] = chances[tested].argmax(axis=1) == labels[tested]
    own = chances[tested, labels[tested]].astype(np.float64)
    loss[tested] = -np.log(np.maximum(own, _LEAST))
    return Outcome(right, loss)


def average(outcomes: list[Outcome]) -> Outcome:
    """Mean over several classifiers (seeds) of the same rows."""
    return Outcome(np.mean([o.right for o in outcomes], axis=0), np.mean([o.loss for o in outcomes], axis=0))


def score(found: Outcome, groups: Index, seed: int = 0) -> Score:
    """Accuracy and loss with intervals from resampling whole groups."""
    tested = found.tested
    if not tested.any():
        nothing = Interval(np.nan, np.nan, np.nan)
        return Score(nothing, nothing, 0)
    draws, _ = _resampled(groups[tested], [found.right[tested], found.loss[tested]], seed)
    count = draws[:, 0]
    accuracy, loss = (
        _interval(float(values[tested].mean()), drawn / count)
        for values, drawn in zip((found.right, found.loss), (draws[:, 1], draws[:, 2]), strict=True)
    )
    return Score(accuracy, loss, int(tested.sum()))


def error_ratio(found: Outcome, reference: Outcome, groups: Index, seed: int = 0) -> Interval:
    """Error over the reference's error on the rows that both were tested on.

    Infinite where the reference alone makes none, 1 where both make none; resamples without an error of the reference
    do not enter the interval.
    """
    both = found.tested & reference.tested
    if not both.any():
        return Interval(np.nan, np.nan, np.nan)
    own, theirs = 1.0 - found.right[both], 1.0 - reference.right[both]
    draws, sums = _resampled(groups[both], [own, theirs], seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = draws[:, 1] / draws[:, 2]
        value = 1.0 if sums[1] == sums[2] else float(sums[1] / sums[2])
    return _interval(value, ratios[np.isfinite(ratios)])


def _resampled(
    groups: Index, values: list[NDArray[np.float64]], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of (1, *values) over resampled groups, (resamples, 1 + values), and over all rows."""
    _, number = np.unique(groups, return_inverse=True)
    size = int(number.max(initial=-1)) + 1
    table = np.stack(
        [np.bincount(number, weights=column, minlength=size) for column in (np.ones(len(number)), *values)], 1
    )
    rng = np.random.default_rng((seed, 4))
    weights = rng.multinomial(size, np.full(size, 1.0 / size), size=RESAMPLES)
    return np.asarray(weights @ table, np.float64), np.asarray(table.sum(axis=0), np.float64)


def _interval(value: float, draws: NDArray[np.float64]) -> Interval:
    if not len(draws):
        return Interval(value, value, value)
    low, high = np.quantile(draws, (0.025, 0.975))
    return Interval(value, float(low), float(high))
