"""Figures and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from ear_engine.evaluation.scores import average, error_ratio, outcome, score

RNG = np.random.default_rng(0)


def test_accuracy_and_loss_are_of_what_was_tested() -> None:
    chances = np.array([[0.8, 0.2], [0.4, 0.6], [np.nan, np.nan], [0.5, 0.5]], np.float32)
    found = outcome(chances, np.array([0, 0, 1, 1]))
    assert found.tested.tolist() == [True, True, False, True]
    figures = score(found, np.arange(4))
    assert figures.tested == 3
    assert figures.accuracy.value == pytest.approx(1 / 3)
    assert figures.loss.value == pytest.approx(-(np.log(0.8) + np.log(0.4) + np.log(0.5)) / 3)


def test_who_gives_no_answer_is_worth_nothing_and_so_is_what_is_averaged_with_it() -> None:
    labels, groups = np.zeros(4, np.int64), np.arange(4)
    nothing = outcome(np.full((4, 2), np.nan, np.float32), labels)
    right = outcome(np.tile(np.array([0.9, 0.1], np.float32), (4, 1)), labels)
    assert not nothing.tested.any() and np.isnan(nothing.accuracy) and right.accuracy == 1.0
    figures = score(nothing, groups)
    assert figures.tested == 0
    assert np.isnan(
        [value for part in (figures.accuracy, figures.loss) for value in (part.value, part.low, part.high)]
    ).all()
    assert not average([right, nothing]).tested.any()
    assert np.isnan(error_ratio(nothing, right, groups).value) and np.isnan(error_ratio(right, nothing, groups).value)


def test_a_certain_mistake_costs_much_but_not_everything() -> None:
    found = outcome(np.array([[1.0, 0.0]], np.float32), np.array([1]))
    assert found.loss[0] == pytest.approx(-np.log(1e-7))


def test_intervals_resample_groups_not_rows() -> None:
    labels = np.zeros(400, np.int64)
    own = np.repeat(RNG.integers(0, 2, 20), 20)  # 20 groups, each wholly right or wrong
    found = outcome(np.eye(2, dtype=np.float32)[own], labels)
    together, apart = score(found, np.repeat(np.arange(20), 20)), score(found, np.arange(400))
    assert together.accuracy.value == apart.accuracy.value
    assert together.accuracy.low <= together.accuracy.value <= together.accuracy.high
    widths = [one.accuracy.high - one.accuracy.low for one in (together, apart)]
    assert widths[0] > 3 * widths[1]
    assert score(found, np.arange(400)) == apart


def test_the_ratio_of_errors_compares_the_rows_that_both_were_tested_on() -> None:
    labels = np.zeros(8, np.int64)
    right, wrong, none = [1.0, 0.0], [0.0, 1.0], [np.nan, np.nan]
    one = outcome(np.array([wrong, right, right, right, wrong, wrong, wrong, wrong], np.float32), labels)
    other = outcome(np.array([wrong, wrong, right, right, none, none, none, none], np.float32), labels)
    assert error_ratio(one, other, np.arange(8)).value == 0.5
    assert error_ratio(other, other, np.arange(8)).value == 1.0
    best = outcome(np.array([right] * 8, np.float32), labels)
    assert error_ratio(one, best, np.arange(8)).value == np.inf
    assert error_ratio(best, one, np.arange(8)).value == 0.0
    assert average([one, best]).right.tolist() == [0.5, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5]
