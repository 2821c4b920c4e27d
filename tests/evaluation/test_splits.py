"""No split lets what belongs together lie on two sides, except the one that says so."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.evaluation.splits import Fold, group_folds, random_split, time_blocks

LENGTH = 100


def sides(fold: Fold, rows: int) -> None:
    """Every fold: fit and validation are apart and inside training, which is apart from test."""
    fit, validation, training, test = map(set, (fold.fit, fold.validation, fold.training, fold.test))
    assert not fit & validation and not training & test
    assert fit | validation <= training <= set(range(rows))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(5, 40), min_size=1, max_size=4), st.integers(1, 3))
def test_blocks_in_time_test_everything_once_and_leave_a_window_between(counts: list[int], every: int) -> None:
    owner = np.repeat(np.arange(len(counts)), counts)
    start = np.concatenate([np.arange(count) * every * LENGTH for count in counts])
    folds = time_blocks(owner, start, LENGTH)
    assert np.array_equal(np.sort(np.concatenate([fold.test for fold in folds])), np.arange(len(owner)))
    for fold in folds:
        sides(fold, len(owner))
        for one, other in ((fold.training, fold.test), (fold.fit, fold.validation)):
            same = owner[one][:, None] == owner[other]
            apart = np.abs(start[one][:, None] - start[other])
            assert (apart[same] >= 2 * LENGTH).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6)), min_size=10, max_size=40), st.integers(0, 9))
def test_groups_stay_on_one_side(pieces: list[tuple[int, int]], seed: int) -> None:
    groups = np.repeat(np.arange(len(pieces)), [count for _, count in pieces])
    labels = np.repeat([label for label, _ in pieces], [count for _, count in pieces])
    folds = group_folds(groups, labels, seed)
    assert np.array_equal(np.sort(np.concatenate([fold.test for fold in folds])), np.arange(len(groups)))
    for fold in folds:
        sides(fold, len(groups))
        parts = [set(groups[part]) for part in (fold.fit, fold.validation, fold.test)]
        assert sum(map(len, parts)) == len(set().union(*parts)) == len(pieces)


def test_classes_are_spread_evenly_over_the_folds() -> None:
    groups = np.repeat(np.arange(50), 4)
    labels = np.repeat(np.arange(5), 40)
    for fold in group_folds(groups, labels, 1):
        assert np.bincount(labels[fold.test]).tolist() == [8] * 5


def test_the_random_split_takes_a_fifth_of_every_class_and_comes_from_its_seed() -> None:
    labels = np.repeat([0, 1], [20, 10])
    (fold,) = random_split(labels, 5)
    sides(fold, 30)
    assert np.bincount(labels[fold.test]).tolist() == [4, 2] == np.bincount(labels[fold.validation]).tolist()
    assert np.array_equal(random_split(labels, 5)[0].test, fold.test)
    assert not np.array_equal(random_split(labels, 6)[0].test, fold.test)
