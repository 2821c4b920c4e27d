"""A linear classifier on fixed features: what a probe measures with. Needs scikit-learn, of the extra ``train``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError

STRENGTHS = tuple(float(10.0**power) for power in range(-4, 2))
"""Inverse regularization strengths C that are tried."""
FOLDS = 3
_ITERATIONS = 3000


@dataclass(frozen=True)
class Scores:
    """On the test part: share of right answers (0..1) and mean negative log-likelihood (nats)."""

    accuracy: float
    loss: float


def require_scikit_learn() -> None:
    """Say so at once where scikit-learn is missing.

    Raises:
        UserError: it is.
    """
    if find_spec("sklearn") is None:
        mend = "run `pip install 'ear-engine[train]'`, or `make install` in a checkout"
        raise UserError("scikit-learn, which probes need,", "is not installed", mend, "missing_package")


def classify(
    features: NDArray[np.float32], labels: NDArray[np.int64], training: NDArray[np.bool_], test: NDArray[np.bool_]
) -> Scores:
    """Multinomial logistic regression on standardized features.

    Standardization, regularization and weights come from the training part alone. C is the one of :data:`STRENGTHS`
    with the lowest loss in cross-validation inside it; its folds are blocks in the order of the rows, so where rows
    follow time, what validates lies at another time than what trains.

    Args:
        features: (rows, dimension).
        labels: (rows,), classes from 0; each has at least :data:`FOLDS` rows to train.
        training, test: (rows,), which rows are which.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=_ITERATIONS))
    search = GridSearchCV(
        model, {"logisticregression__C": STRENGTHS}, scoring="neg_log_loss", cv=StratifiedKFold(FOLDS)
    )
    wide = features.astype(np.float64)
    with threadpool_limits(limits=1):  # matrices are small: on a busy machine two threads were 8 times slower than one
        search.fit(wide[training], labels[training])
    chances = search.predict_proba(wide[test])
    right = search.classes_[chances.argmax(1)] == labels[test]
    return Scores(float(right.mean()), float(log_loss(labels[test], chances, labels=search.classes_)))


def guess(labels: NDArray[np.int64], training: NDArray[np.bool_], test: NDArray[np.bool_]) -> Scores:
    """What is reached without listening: always the most frequent class; the loss of the classes' frequencies."""
    shares = np.bincount(labels[training], minlength=int(labels.max()) + 1) / training.sum()
    return Scores(float((labels[test] == shares.argmax()).mean()), float(-np.log(shares[labels[test]]).mean()))
