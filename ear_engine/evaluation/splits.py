"""Which excerpts a classifier is fitted to, which choose its settings, and which test it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]
BLOCKS = 5
RANDOM_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows by number.

    Args:
        fit: the part of ``training`` that candidates are fitted to, one for each setting tried.
        validation: the part of ``training`` that chooses among them, apart from ``fit`` as ``test`` is from it.
        training: what the chosen one is fitted to.
        test: what is predicted.
    """

    fit: Index
    validation: Index
    training: Index
    test: Index


def time_blocks(owner: Index, start: Index, length: int, blocks: int = BLOCKS) -> tuple[Fold, ...]:
    """Each recording is cut into ``blocks`` stretches of time; every one tests once.

    A whole window lies between any two excerpts on different sides: neighbors of a test excerpt do not train.

    Args:
        owner: recording of each excerpt.
        start: its first sample.
        length: samples of an excerpt.
        blocks: folds.
    """
    block = np.zeros(len(owner), np.int64)
    for recording in np.unique(owner):
        own = np.flatnonzero(owner == recording)
        own = own[np.argsort(start[own], kind="stable")]
        block[own] = np.arange(len(own)) * blocks // len(own)
    folds = []
    for number in range(blocks):
        test = block == number
        training = ~test & ~_near(test, owner, start, length)
        validation = training & (block == (number + 1) % blocks)
        fit = training & ~validation & ~_near(validation, owner, start, length)
        folds.append(_fold(fit, validation, training, test))
    return tuple(folds)


def _near(chosen: NDArray[np.bool_], owner: Index, start: Index, length: int) -> NDArray[np.bool_]:
    near = np.zeros(len(owner), np.bool_)
    for recording in np.unique(owner[chosen]):
        own = np.flatnonzero(owner == recording)
        apart = np.abs(start[own][:, None] - start[own][chosen[own]][None, :])
        near[own] = (apart < 2 * length).any(axis=1)
    return near


def deal_groups(groups: Index, labels: Index, folds: int, seed: int) -> Index:
    """Deal whole groups into folds so that each class is spread as evenly as they allow.

    Args:
        groups: (rows,), which rows stay together (the renderings of one piece).
        labels: (rows,), class of each row.
        folds: how many.
        seed: of the order among groups of one size.

    Returns:
        (rows,), the fold of each.
    """
    rng = np.random.default_rng((seed, 1))
    fold = np.zeros(len(groups), np.int64)
    names, first, counts = np.unique(groups, return_index=True, return_counts=True)
    rest = rng.permutation(len(names))
    order = rest[np.argsort(-counts[rest], kind="stable")]
    filled = np.zeros((int(labels.max(initial=0)) + 1, folds))
    for which in order:
        label = labels[first[which]]
        target = int(np.lexsort((filled.sum(axis=0), filled[label]))[0])
        filled[label, target] += counts[which]
        fold[groups == names[which]] = target
    return fold


def group_folds(groups: Index, labels: Index, seed: int, folds: int = BLOCKS) -> tuple[Fold, ...]:
    """No group on two sides; the next fold validates."""
    dealt = deal_groups(groups, labels, folds, seed)
    result = []
    for number in range(folds):
        test, validation = dealt == number, dealt == (number + 1) % folds
        result.append(_fold(~test & ~validation, validation, ~test, test))
    return tuple(result)


def random_split(labels: Index, seed: int) -> tuple[Fold, ...]:
    """The paper's: a random fifth of every class tests, whatever lies beside it; as many of the rest validate."""
    rng = np.random.default_rng((seed, 2))
    place = np.zeros(len(labels))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        place[rng.permutation(own)] = (np.arange(len(own)) + 0.5) / len(own)
    test = place < RANDOM_SHARE
    validation = ~test & (place < 2 * RANDOM_SHARE)
    return (_fold(~test & ~validation, validation, ~test, test),)


def _fold(*masks: NDArray[np.bool_]) -> Fold:
    return Fold(*(np.flatnonzero(mask) for mask in masks))
