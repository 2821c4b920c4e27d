"""The classifier on fixed features: multinomial logistic regression, its strength chosen inside the training part.

Needs scikit-learn, of the extra ``train``. Nothing here imports torch: it runs in processes of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.evaluation.cache import load, shapes
from ear_engine.evaluation.splits import Fold, Index

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Inverse regularization strengths C, tried in this order until the validation loss has risen twice."""
ITERATIONS = 300
_PATIENCE = 2
_RANK = 1e-6  # eigenvalues of the Gram matrix below this share of the largest are rounding

Values = NDArray[np.float32]


def require_scikit_learn() -> None:
    """Say so at once where scikit-learn is missing.

    Raises:
        UserError: it is.
    """
    if find_spec("sklearn") is None:
        mend = "run `pip install 'ear-engine[train]'`, or `make install` in a checkout"
        raise UserError("scikit-learn, which probes need,", "is not installed", mend, "missing_package")


@dataclass(frozen=True, eq=False)
class Features:
    """Features in a file: parts side by side."""

    path: Path
    parts: tuple[str, ...]

    def load(self) -> Values:
        """(excerpts, dimension), float32."""
        arrays = load(self.path, self.parts)
        return np.concatenate([arrays[part] for part in self.parts], axis=1).astype(np.float32, copy=False)

    def dimension(self) -> int:
        """How many; only the file's header is read."""
        return sum(shapes(self.path)[part][1] for part in self.parts)


@dataclass(frozen=True, eq=False)
class Task:
    """What one process does: fit one study's classifier to one kind of features, and take its tests.

    Args:
        features: of the study's excerpts.
        labels: (rows,), classes from 0.
        classes: how many.
        folds: of the study.
        tests: features of each test's excerpts, and the rows of each fold.
        pairs: (3, pairs), numbers of excerpts, where rows are pairs.
    """

    features: Features
    labels: Index
    classes: int
    folds: tuple[Fold, ...]
    tests: tuple[tuple[Features, tuple[Index, ...]], ...]
    pairs: Index | None = None


def run(task: Task) -> list[Values]:
    """Probabilities for every test, (rows, classes); rows that no fold tests are not numbers.

    Where features are not finite (an ear that diverged), none is: there is nothing to be fitted.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1):  # one core a process
        return _run(task)


def _run(task: Task) -> list[Values]:
    values = task.features.load()
    tests = [(values if f.path == task.features.path else f.load(), folds) for f, folds in task.tests]
    rows = [task.pairs.shape[1] if task.pairs is not None else len(test) for test, _ in tests]
    found = [np.full((count, task.classes), np.nan, np.float32) for count in rows]
    if not all(np.isfinite(part).all() for part in (values, *(test for test, _ in tests))):
        return found
    for number, fold in enumerate(task.folds):
        if task.pairs is not None:
            design = pair_design(values, task.pairs, fold.training, task.labels)
            fitted = fit(design, task.labels, fold, intercept=False)
            for out, (_, folds) in zip(found, tests, strict=True):
                out[folds[number]] = fitted.predict(design[folds[number]], task.classes)
        else:
            fitted = fit(values, task.labels, fold)
            for out, (test, folds) in zip(found, tests, strict=True):
                out[folds[number]] = fitted.predict(test[folds[number]], task.classes)
    return found


def pair_design(values: Values, pairs: Index, training: Index, labels: Index) -> Values:
    """What tells which of two excerpts follows: (pairs, 2 x dimension).

    The relation of two excerpts is the product and the absolute difference of their standardized features; a row is
    the relation to the excerpt named first minus the relation to the one named second (where the label is 1 the true
    one is named first), so that a linear model without intercept treats both alike.
    """
    used = np.unique(pairs[:, training])
    mean, deviation = _standard(values[used])
    scaled = (values - mean) / deviation
    heard, following, other = (scaled[part] for part in pairs)
    difference = np.concatenate(
        [heard * (following - other), np.abs(heard - following) - np.abs(heard - other)], axis=1
    )
    return np.asarray(difference * np.where(labels == 1, 1, -1)[:, None], np.float32)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A classifier with its standardization."""

    mean: Values
    deviation: Values
    rotation: Values | None
    model: Any

    def predict(self, values: Values, classes: int) -> Values:
        """Probabilities, (rows, classes); a class that never trained has 0."""
        scaled = (values - self.mean) / self.deviation
        if self.rotation is not None:
            scaled = scaled @ self.rotation
        chances = np.zeros((len(values), classes), np.float32)
        if len(values):
            chances[:, self.model.classes_] = self.model.predict_proba(scaled)
        return chances


def fit(values: Values, labels: Index, fold: Fold, *, intercept: bool = True) -> Fitted:
    """Choose C on the fold's validation part, then fit all of its training part.

    Features are standardized over the training part. Where they are more than the rows, they are rotated onto the
    rows' span, which changes nothing: the solution lies there, and its norm is the same.
    """
    mean, deviation = _standard(values[fold.training])
    if not intercept:
        mean = np.zeros_like(mean)
    scaled = (values[fold.training] - mean) / deviation
    rotation = None
    if scaled.shape[1] > scaled.shape[0]:
        rotation = span(scaled)
        scaled = scaled @ rotation
    place = {int(row): number for number, row in enumerate(fold.training)}
    fitting, validating = (
        np.array([place[int(row)] for row in part], np.int64) for part in (fold.fit, fold.validation)
    )
    known = labels[fold.training]
    strength = choose(scaled, known, fitting, validating, intercept=intercept)
    model = _model(intercept).set_params(C=strength)
    fit_quietly(model, scaled, known)
    return Fitted(mean, deviation, rotation, model)


def choose(values: Values, labels: Index, fitting: Index, validating: Index, *, intercept: bool = True) -> float:
    """The C with the lowest validation loss; each fit starts from the one before."""
    if len(np.unique(labels[fitting])) < 2 or not len(validating):
        return STRENGTHS[len(STRENGTHS) // 2]
    model = _model(intercept)
    losses: list[float] = []
    for strength in STRENGTHS:
        model.set_params(C=strength)
        fit_quietly(model, values[fitting], labels[fitting])
        chances = model.predict_proba(values[validating])
        column = {int(label): number for number, label in enumerate(model.classes_)}
        right = [chances[row, column[int(c)]] if int(c) in column else 0.0 for row, c in enumerate(labels[validating])]
        losses.append(float(-np.log(np.maximum(right, 1e-7)).mean()))
        if len(losses) - int(np.argmin(losses)) > _PATIENCE:
            break
    return STRENGTHS[int(np.argmin(losses))]


def span(values: Values) -> Values:
    """Orthonormal basis of the rows' span, (dimension, rank): ``values @ basis`` keeps all inner products."""
    gram = (values @ values.T).astype(np.float64)
    squares, vectors = np.linalg.eigh(gram)
    kept = squares > _RANK * squares[-1]
    return np.asarray(values.T @ (vectors[:, kept] / np.sqrt(squares[kept])).astype(np.float32), np.float32)


def _standard(values: Values) -> tuple[Values, Values]:
    mean = values.mean(axis=0, dtype=np.float64)
    deviation = values.std(axis=0, dtype=np.float64)
    constant = deviation <= 1e-6 * np.abs(mean) + 1e-12  # its rounding is not information
    return mean.astype(np.float32), np.where(constant, np.inf, deviation).astype(np.float32)


def _model(intercept: bool) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=ITERATIONS, warm_start=True, fit_intercept=intercept, tol=1e-4)


def fit_quietly(model: Any, values: Values, labels: Index) -> None:
    """Fit; at the weakest regularization the last digits may need more steps than are worth it."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(values, labels)


def majority(labels: Index, classes: int, folds: Sequence[Fold], tests: Sequence[Index], count: int) -> Values:
    """Probabilities of guessing: the classes' frequencies in each fold's training part."""
    chances = np.full((count, classes), np.nan, np.float32)
    for fold, test in zip(folds, tests, strict=True):
        chances[test] = np.bincount(labels[fold.training], minlength=classes) / len(fold.training)
    return chances
