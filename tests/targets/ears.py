"""A small ear whose neurons are known, without torch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ear_engine.control import target_of
from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.states import Target
from ear_engine.targets.facts import EarFacts, make_facts


@dataclass(frozen=True)
class Way:
    layer: str


INDEX = NeuronIndex(
    [
        Layer("scalogram", 2, 24, 1, 0),
        Layer("first", 4, 12, 2, 48),
        Layer("second", 6, 5, 4, 96),
        Layer("top", 10, 1, 16, 126),
    ]
)
FREQUENCIES = {
    "scalogram": [100.0 * 2 ** (i / 4) for i in range(24)],
    "first": [120.0 * 2 ** (i / 2) for i in range(12)],
    "second": [200.0 * 2**i for i in range(5)],
}
FACTS: EarFacts = make_facts(INDEX, FREQUENCIES, directions={"fast": Way("second")})


def target(**changes: object) -> Target:
    """The default target, changed."""
    return replace(target_of(ParameterTree().values), layer="first", **changes)  # type: ignore[arg-type]
