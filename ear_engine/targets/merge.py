"""Many weighted parts to few terms: what is alike is added, what cancels is dropped or refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.targets.terms import Term

NOTHING = 1e-9
"""A weight that counts as 0: alone, or as a share of the largest beside it."""
_LEFT = 1e-6  # of what there was before


def merge(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Add up what is alike: patterns of one layer and time, weights of whatever else is the same.

    Raises:
        UserError: all weights are as good as 0 (``empty_target``), or nothing is left of them (``contradictory``).
    """
    parts = tuple(terms)
    largest = max((abs(term.weight) for term in parts), default=0.0)
    if largest <= NOTHING:
        raise UserError("the target", "weighs nothing", "give it a weight other than 0", "empty_target")
    parts = tuple(term for term in parts if abs(term.weight) > NOTHING * max(1.0, largest))
    whole = sum(abs(term.weight) for term in parts)
    groups: dict[tuple[object, ...], list[Term]] = {}
    for term in parts:
        groups.setdefault(_kind(term), []).append(term)
    added = (_add(group) for group in groups.values())
    left = tuple(term for term in added if abs(term.weight) > _LEFT * whole)
    if not left:
        mend = "change a weight, or fire target/clear"
        raise UserError("the target", "asks for the opposite of itself, nothing is left of it", mend, "contradictory")
    return left


def _kind(term: Term) -> tuple[object, ...]:
    """Terms with the same key can be added."""
    common = (term.objective, term.layer, term.start, term.length, term.other, term.text)
    if term.objective == "linear":
        return common
    return (*common, None if term.pattern is None else term.pattern.tobytes())


def _add(group: list[Term]) -> Term:
    first = group[0]
    if len(group) == 1:
        return first
    if first.objective != "linear" or all(term.pattern is None for term in group):
        return replace(first, weight=sum(term.weight for term in group))
    size = next(term.pattern.size for term in group if term.pattern is not None)
    total = np.zeros(size, np.float64)
    for term in group:
        total += term.weight * (term.pattern if term.pattern is not None else np.full(size, 1.0 / size))
    return linear(first, total)


def linear(like: Term, weights: NDArray[np.floating]) -> Term:
    """``weights`` on the neurons of a layer as a term: its weight is the sum of their absolute values."""
    size = float(np.abs(weights).sum())
    pattern = (weights / size if size > 0 else weights).astype(np.float32)
    return replace(like, weight=size, pattern=pattern)
