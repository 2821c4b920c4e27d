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
_MEANS = ("linear", "deep_dream", "direction")  # over their stretch of the loop, so its parts add up to the whole


def merge(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Add up what is alike: patterns of one layer and time, weights of whatever else is the same.

    Surprise is a constant less what the ear foresees, so the two are one. What stretches of the loop cancel together
    (a whole layer less its two halves) is dropped.

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
    added = [_add(group) for group in groups.values()]
    gone = _gone_over_time(added)
    left = tuple(term for term in added if abs(term.weight) > _LEFT * whole and id(term) not in gone)
    if not left:
        mend = "change a weight, or fire target/clear"
        raise UserError("the target", "asks for the opposite of itself, nothing is left of it", mend, "contradictory")
    return left


def _kind(term: Term) -> tuple[object, ...]:
    """Terms with the same key can be added."""
    return (*_kind_at_any_time(term), term.start, term.length, term.other)


def _kind_at_any_time(term: Term) -> tuple[object, ...]:
    objective = "cpc" if term.objective == "surprise" else term.objective
    pattern = None if term.pattern is None or objective == "linear" else term.pattern.tobytes()
    return objective, term.layer, term.text, pattern


def _add(group: list[Term]) -> Term:
    first = group[0]
    if len(group) == 1:
        return first
    if first.objective != "linear" or all(term.pattern is None for term in group):
        return replace(first, weight=sum(t.weight if t.objective == first.objective else -t.weight for t in group))
    weights = np.array([term.weight for term in group])
    return linear(first, weights @ _patterns(group))


def _gone_over_time(terms: list[Term]) -> set[int]:
    """The ``id`` of those of ``terms`` of which nothing is left if their stretches of the loop are laid together."""
    groups: dict[tuple[object, ...], list[Term]] = {}
    for term in terms:
        if term.objective in _MEANS:
            groups.setdefault(_kind_at_any_time(term), []).append(term)
    gone = set[int]()
    for group in groups.values():
        if len(group) > 1 and _left_over_time(group) <= _LEFT * sum(abs(term.weight) for term in group):
            gone.update(id(term) for term in group)
    return gone


def _left_over_time(group: list[Term]) -> float:
    """What terms of one kind weigh together: the mean over the loop of the sum of their absolute weights."""
    starts, lengths, weights = np.array([(term.start, term.length, term.weight) for term in group]).T
    edges = np.unique(np.concatenate([[0.0, 1.0], starts % 1.0, (starts + lengths) % 1.0]))
    spans, middles = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    inside = (middles[:, None] - starts) % 1.0 < lengths  # (spans, terms)
    shares = inside * (weights / lengths) * spans[:, None]
    return float(np.abs(shares @ _patterns(group)).sum())


def _patterns(group: list[Term]) -> NDArray[np.float64]:
    """(terms, neurons) if they are linear, else (terms, 1): their patterns are the same."""
    linear_ones = group[0].objective == "linear"
    size = next((t.pattern.size for t in group if linear_ones and t.pattern is not None), 1)
    like = np.full(size, 1.0 / size)
    return np.stack([like if t.pattern is None or not linear_ones else t.pattern.astype(np.float64) for t in group])


def linear(like: Term, weights: NDArray[np.floating]) -> Term:
    """``weights`` on the neurons of a layer as a term: its weight is the sum of their absolute values."""
    size = float(np.abs(weights).sum())
    pattern = (weights / size if size > 0 else weights).astype(np.float32)
    return replace(like, weight=size, pattern=pattern)
