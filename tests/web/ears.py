"""What is known of the ear whose loops :mod:`tests.osc.synthetic` writes: a map with links, and statistics."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.ear.ranks import LEVELS
from ear_engine.ear.statistics import TOP, Heard, Statistics
from ear_engine.layout.map_file import MapFile
from ear_engine.targets.facts import EarFacts, make_facts
from tests.osc.synthetic import LAYERS

_places: list[Layer] = []
for _layer in LAYERS:
    _first = sum(k.neurons for k in _places)
    _places.append(Layer(_layer.name, _layer.channels, _layer.bins, 1, _first))
INDEX = NeuronIndex(_places)
N = len(INDEX)
LINKS = np.array([[0, 216], [1, 216], [1, 217], [216, 366]], np.int32)


def statistics() -> Statistics:
    """Activations from 0 to 8, some neurons off half of the time; two excerpts each."""
    random = np.random.default_rng(3)
    quantiles = np.sort(random.uniform(0.0, 8.0, (N, len(LEVELS))).astype(np.float32), axis=1)
    floor = np.where(np.arange(N) % 2, 0.5, 0.0).astype(np.float32)
    plain = random.uniform(0.0, 1.0, N).astype(np.float32)
    known: dict[str, Any] = {
        "index": INDEX,
        "weights": "ab" * 32,
        "heard": Heard("music", 1.0, 100, 0, ("first piece", "second piece")),
        "region_names": {k.name: tuple(f"{k.name} {c}" for c in range(k.channels)) for k in INDEX.layers},
        "low": quantiles[:, 0],
        "high": quantiles[:, -1],
        "floor": floor,
        "quantiles": quantiles,
        "frequency": np.linspace(50.0, 5000.0, N, dtype=np.float32),
        "excerpt_recording": np.tile(np.array([0, 1, -1, -1, -1], np.int32), (N, 1))[:, :TOP],
        "excerpt_seconds": np.full((N, TOP), 2.5, np.float32),
        "excerpt_activation": np.full((N, TOP), 7.5, np.float32),
        "region_bins": np.zeros((sum(k.channels for k in INDEX.layers), 2), np.int32),
    }
    return Statistics(**{name.name: known.get(name.name, plain) for name in fields(Statistics)})


def stored(dimensions: int = 2) -> MapFile:
    """A map with what is joined."""
    positions = np.random.default_rng(1).random((N, dimensions), np.float32)
    return MapFile(positions, "ab" * 32, {}, None, INDEX.layers, LINKS)


def facts(dimensions: int = 2, known: bool = True) -> EarFacts:
    """All that is known."""
    return make_facts(INDEX, {}, statistics() if known else None, stored(dimensions))
