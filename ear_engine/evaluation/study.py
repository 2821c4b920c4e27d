"""What is asked: excerpts with classes, how they are divided, and the tests that one classifier takes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ear_engine.errors import UserError
from ear_engine.evaluation.excerpts import ExcerptSet
from ear_engine.evaluation.splits import Fold, Index
from ear_engine.evaluation.window import Window

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Corpus


@dataclass(frozen=True, eq=False)
class Pairs:
    """Triples of excerpts by number, (pairs,) each: which of two comes after the first?

    Args:
        first: what was heard.
        following: what follows it.
        other: what does not.
    """

    first: Index
    following: Index
    other: Index


@dataclass(frozen=True, eq=False)
class Test:
    """One probe: what a classifier is asked about one set of excerpts.

    Args:
        name: of the probe.
        question: in words.
        excerpts: what it hears.
        labels: (rows,), the true classes; rows are excerpts, or pairs.
        groups: (rows,), what is resampled as one for intervals (a recording, a piece, a stretch of time).
        folds: for each fold of the study, the rows that are predicted.
        leaks: whether training and test share neighbors (the paper's random split).
    """

    __test__ = False  # not pytest's

    name: str
    question: str
    excerpts: ExcerptSet
    labels: Index
    groups: Index
    folds: tuple[Index, ...]
    leaks: bool = False


@dataclass(frozen=True, eq=False)
class Study:
    """One classification problem and its tests.

    Args:
        excerpts: that train.
        classes: their names.
        labels: (rows,), class of each.
        folds: the classifier is fitted once for each.
        tests: what every one of them is asked.
        pairs: if the rows are pairs of excerpts.
    """

    excerpts: ExcerptSet
    classes: tuple[str, ...]
    labels: Index
    folds: tuple[Fold, ...]
    tests: tuple[Test, ...]
    pairs: Pairs | None = None

    def only(self, names: Sequence[str]) -> Study:
        """The same with these tests alone."""
        return replace(self, tests=tuple(test for test in self.tests if test.name in names))

    @cached_property
    def digest(self) -> str:
        """Names everything that decides what a classifier learns and is asked."""
        found = hashlib.sha256("".join([self.excerpts.digest, *(test.excerpts.digest for test in self.tests)]).encode())
        arrays = [self.labels, *(part for fold in self.folds for part in (fold.fit, fold.validation, fold.training))]
        arrays += [part for test in self.tests for part in test.folds]
        if self.pairs is not None:
            arrays += [self.pairs.first, self.pairs.following, self.pairs.other]
        for array in arrays:
            found.update(f"{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        return found.hexdigest()


@dataclass(frozen=True)
class Settings:
    """What all probes share.

    Args:
        window: of every excerpt.
        seed: of splits and changes.
        every: keep one excerpt in so many.
        most: excerpts of one set at most, about.
    """

    window: Window
    seed: int = 0
    every: int = 1
    most: int = 3000


Library = Callable[[str], "Corpus"]
"""Finds a corpus by name."""


def too_little(probe: str, what: str) -> UserError:
    """The error of a probe whose corpus does not have what it needs."""
    return UserError(f"probe {probe!r}", f"needs {what}", "build a larger corpus or leave it out", "too_little_music")


def numbered(names: Sequence[str]) -> tuple[tuple[str, ...], Index]:
    """Distinct names in order, and the number of each item's."""
    classes, labels = np.unique(np.array(names, dtype=str), return_inverse=True)
    return tuple(str(name) for name in classes), labels.astype(np.int64)
