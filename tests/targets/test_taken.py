"""Which neurons shine for a target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ear_engine.targets.choices import by_disc, by_weights
from ear_engine.targets.directions import Direction
from ear_engine.targets.extents import Window
from ear_engine.targets.facts import EarFacts
from ear_engine.targets.resolve import Resolver
from ear_engine.targets.taken import taken
from ear_engine.targets.terms import Term
from tests.targets.ears import target
from tests.web.ears import INDEX, N, facts

LAYERS = INDEX.layers


@pytest.fixture(scope="module")
def known() -> EarFacts:
    return facts()


def test_neurons_count_alike_wherever_they_are_listed(known: EarFacts) -> None:
    weights = np.zeros(N, np.float32)
    chosen = [LAYERS[1].offset, LAYERS[1].offset + 1, LAYERS[1].offset + 2, LAYERS[2].offset]
    weights[chosen] = 1.0
    found = taken(by_weights(weights, known, Window()), known)
    assert np.flatnonzero(found).tolist() == sorted(chosen) and np.allclose(found[chosen], 1.0)


def test_a_disc_shines_less_toward_its_edge_across_layers(known: EarFacts) -> None:
    found = taken(by_disc(0.5, 0.5, 0.3, known, Window()), known)
    away = np.hypot(*(known.positions - 0.5).T)
    inside = (away < 0.3) & known.drawn
    assert np.array_equal(found > 0.0, inside)
    order = np.argsort(away[inside])
    assert (np.diff(found[inside][order]) <= 1e-6).all() and found.max() == 1.0


def test_what_shall_fall_shines_and_what_is_nowhere_does_not(known: EarFacts) -> None:
    layer = LAYERS[1]
    found = taken((Term("linear", -0.5, layer.name, np.eye(1, layer.neurons, 3, dtype=np.float32)[0]),), known)
    assert np.flatnonzero(found).tolist() == [layer.offset + 3]
    assert not taken((Term("surprise", 1.0),), known).any() and not taken((), known).any()


def test_small_shares_of_a_large_layer_are_seen_beside_a_small_one(known: EarFacts) -> None:
    big, small = max(LAYERS, key=lambda one: one.neurons), min(LAYERS, key=lambda one: one.neurons)
    found = taken((Term("likeness", 0.5, big.name, text="a"), Term("likeness", 0.5, small.name, text="a")), known)
    assert found[small.span].min() == 1.0
    assert (found[big.span][known.drawn[big.span]] > (small.neurons / big.neurons) ** 0.5).all()


def test_a_direction_shines_by_its_vector(known: EarFacts) -> None:
    layer = next(one for one in LAYERS if one.channels > 1 and one.name != "scalogram")
    vector = np.zeros(layer.channels, np.float32)
    vector[1] = -1.0
    with_one = replace(known, directions={"slow": Direction(layer.name, vector)})
    found = taken((Term("direction", 1.0, layer.name, text="slow"),), with_one)
    first = layer.offset + layer.bins
    assert np.flatnonzero(found).tolist() == list(range(first, first + layer.bins))


def test_kept_targets_shine_too(known: EarFacts) -> None:
    one, other = (
        target(by="neurons", neurons=str(LAYERS[1].offset)),
        target(by="neurons", neurons=str(LAYERS[2].offset)),
    )
    found = taken(Resolver(known).resolve((one, other), 8.0), known)
    assert np.flatnonzero(found).tolist() == [LAYERS[1].offset, LAYERS[2].offset]
