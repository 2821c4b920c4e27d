"""The classifier finds what is there and no more, and its shortcuts change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.evaluation import classifier
from ear_engine.evaluation.classifier import fit, majority, pair_design, require_scikit_learn, span
from ear_engine.evaluation.splits import Fold, group_folds


def rows(count: int = 120) -> tuple[np.ndarray, Fold]:  # type: ignore[type-arg]
    labels = np.arange(count) % 3
    return labels, group_folds(np.arange(count), labels, 0)[0]


def test_it_finds_what_is_there_and_no_more() -> None:
    rng = np.random.default_rng(0)
    labels, fold = rows()
    telling = np.eye(3)[labels] + 0.2 * rng.standard_normal((len(labels), 3))
    constant = np.ones((len(labels), 1))
    found = fit(np.hstack([1e-6 * telling, constant]).astype(np.float32), labels, fold)
    chances = found.predict(np.hstack([1e-6 * telling, constant]).astype(np.float32)[fold.test], 3)
    assert (chances.argmax(1) == labels[fold.test]).mean() > 0.9
    nothing = rng.standard_normal((len(labels), 8)).astype(np.float32)
    blind = fit(nothing, labels, fold).predict(nothing[fold.test], 4)
    assert blind.shape == (len(fold.test), 4) and blind.sum(1) == pytest.approx(1.0, abs=1e-5)
    assert -np.log(blind[np.arange(len(fold.test)), labels[fold.test]]).mean() < 1.5


def test_the_test_part_decides_nothing() -> None:
    rng = np.random.default_rng(1)
    labels, fold = rows()
    values = rng.standard_normal((len(labels), 10)).astype(np.float32)
    other = values.copy()
    other[fold.test] = 1000.0
    probe = values[fold.test]
    assert np.array_equal(fit(values, labels, fold).predict(probe, 3), fit(other, labels, fold).predict(probe, 3))


def test_rotating_wide_features_onto_the_rows_changes_no_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    labels, fold = rows(60)
    values = (np.eye(3)[labels] @ rng.standard_normal((3, 200)) + 2 * rng.standard_normal((60, 200))).astype(np.float32)
    wide = fit(values, labels, fold)
    assert wide.rotation is not None and wide.rotation.shape[1] < len(fold.training)
    monkeypatch.setattr(classifier, "span", lambda values: np.eye(200, dtype=np.float32))
    plain = fit(values, labels, fold)
    assert wide.predict(values[fold.test], 3) == pytest.approx(plain.predict(values[fold.test], 3), abs=0.02)


def test_the_span_keeps_all_inner_products() -> None:
    values = np.random.default_rng(3).standard_normal((20, 50)).astype(np.float32)
    values[7] = values[3]
    basis = span(values)
    assert basis.shape == (50, 19)
    turned = values @ basis
    assert turned @ turned.T == pytest.approx(values @ values.T, abs=1e-3)


def test_a_relation_of_pairs_only_changes_its_sign_when_the_two_are_swapped() -> None:
    values = np.random.default_rng(4).standard_normal((9, 5)).astype(np.float32)
    pairs = np.arange(9).reshape(3, 3)
    training = np.arange(3)
    one = pair_design(values, pairs, training, np.array([1, 1, 1]))
    assert one.shape == (3, 10)
    assert np.array_equal(one, -pair_design(values, pairs[[0, 2, 1]], training, np.array([1, 1, 1])))
    assert np.array_equal(one, -pair_design(values, pairs, training, np.array([0, 0, 0])))


def test_guessing_gives_the_frequencies_of_the_training_part() -> None:
    labels = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    part = np.arange(4)
    fold = Fold(part, part[:0], part, np.arange(4, 7))
    chances = majority(labels, 2, [fold], [fold.test], 8)
    assert chances[4:7].tolist() == [[0.75, 0.25]] * 3
    assert np.isnan(chances[[0, 1, 2, 3, 7]]).all()


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="scikit-learn, which probes need, is not installed; run `pip install"):
        require_scikit_learn()
