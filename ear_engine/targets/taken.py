"""Which neurons a target takes in, and how much each counts: what a picture of the map highlights."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import Layer
from ear_engine.targets.facts import EarFacts
from ear_engine.targets.terms import Term

_EASE = 0.4  # power: neurons of a large layer have a small share each, and shall be seen beside those of a small one


def taken(terms: Iterable[Term], facts: EarFacts) -> NDArray[np.float32]:
    """How much each neuron counts, (neurons,), 0..1; the one that counts most has 1, all have 0 if none does.

    What shall fall counts as much as what shall rise. A likeness takes in what it compares, a direction each neuron by
    its share in the vector; what judges the whole ear (``surprise()``) takes in no neuron more than others, so none.

    Args:
        terms: a target, resolved.
        facts: of the ear that it was resolved for.
    """
    found = np.zeros(len(facts.index), np.float32)
    for term in terms:
        if term.layer:
            layer = facts.index[term.layer]
            found[layer.span] += np.float32(abs(term.weight)) * _shares(term, layer, facts)
    most = float(found.max(initial=0.0))
    return np.power(found / np.float32(most), np.float32(_EASE)) if most > 0.0 else found


def _shares(term: Term, layer: Layer, facts: EarFacts) -> NDArray[np.float32]:
    """Of each neuron of the layer in a term, (neurons of the layer,); their sum is 1."""
    if term.pattern is not None:
        shares = np.abs(term.pattern).astype(np.float32).ravel()
    elif term.objective == "direction":
        vector = np.abs(facts.directions[term.text].vector).astype(np.float32)
        shares = vector if len(vector) == layer.neurons else np.repeat(vector, layer.bins)
    else:
        shares = facts.drawn[layer.span].astype(np.float32)
    whole = float(shares.sum())
    return shares / np.float32(whole) if whole > 0.0 else shares
