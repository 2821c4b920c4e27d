"""Whatever is aimed at shines in a viewer elsewhere, as the engine itself resolves it. A real engine, no window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ear_engine.control import target_of
from ear_engine.ear_files import find_ear
from ear_engine.osc.codec import encode
from ear_engine.osc.place import Place
from ear_engine.shared_memory.states import ControlState, StateReader
from ear_engine.targets.facts import EarFacts, load_facts
from ear_engine.targets.resolve import Resolver
from ear_engine.targets.taken import taken
from ear_engine.viewer.asker import Asker
from ear_engine.viewer.client import EngineClient
from tests.viewer.screen import EngineProcess

pytestmark = pytest.mark.slow
_LAYER = "encoder_4_conv1"


class Watched:
    """An engine, and the part of a viewer that asks it what is aimed at."""

    def __init__(self) -> None:
        self.engine = EngineProcess("--target.layer", _LAYER)
        self.arrivals: list[float] = []
        self.asker = Asker("127.0.0.1", lambda: self.arrivals.append(time.perf_counter()))
        self.client = EngineClient(Place("127.0.0.1", self.engine.port), aimed=self.asker.hurry)
        self.control = StateReader(self.engine.session, "control", ControlState)
        facts = load_facts(find_ear("small").path)
        assert facts is not None
        self.facts: EarFacts = facts

    def start(self) -> None:
        self.client.start()
        self.asker.start()
        until(lambda: self.client.snapshot().status.get("http_port"), 30.0)
        self.asker.want(("engine", self.client.snapshot().status["http_port"]), -1)
        until(lambda: self.asker.answered.weights is not None, 60.0)

    def close(self) -> None:
        self.asker.close()
        self.client.close()
        self.engine.kill()

    def send(self, name: str, *values: object) -> None:
        self.client._line.send(encode(f"/ear/{name}", *values))

    @property
    def expected(self) -> np.ndarray:
        """As the dreamer resolves what the control slot says."""
        state = self.control.read()
        assert state is not None
        targets = (target_of(state.values), *state.kept)
        terms = Resolver(self.facts).resolve(targets, float(state.values["playback/beats"]), state.stored)
        return np.ceil(255 * taken(terms, self.facts)) / 255

    @property
    def x(self) -> float:
        """What the engine has stored last."""
        state = self.control.read()
        assert state is not None
        return float(state.values["target/x"])

    @property
    def shown(self) -> np.ndarray:
        weights = self.asker.answered.weights
        return np.zeros(len(self.facts.index)) if weights is None else weights

    def settles(self, by: str, holds: Callable[[np.ndarray], object]) -> None:
        until(lambda: self.asker.answered.by == by and holds(self.shown), 5.0)
        assert np.allclose(self.shown, self.expected, atol=1e-6)

    def inside(self, layer: str) -> np.ndarray:
        return self.shown[self.facts.index[layer].span]


def until(true: Callable[[], object], seconds: float) -> None:
    end = time.perf_counter() + seconds
    while not true():
        assert time.perf_counter() < end, "it does not happen"
        time.sleep(0.005)


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    made = Watched()
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(
    ("name", "value", "by"),
    [
        ("target/depth", 0.37, "depth"),
        ("target/x", 0.3, "map"),
        ("target/neurons", "100-120, 9000", "neurons"),
        ("target/name", "low", "name"),
        ("target/imprint", "dub", "imprint"),
        ("target/objective", "0.7*channel(encoder_4_conv2, 12) - 0.3*surprise()", "objective"),
        ("target/layer", "encoder_2_conv1", "layer"),
    ],
)
def test_every_way_of_aiming_shines(watched: Watched, name: str, value: object, by: str) -> None:
    before = watched.shown
    watched.send(name, value)
    watched.settles(by, lambda shown: shown is not before and shown.any())


def test_a_morph_shines_as_both_of_its_ends(watched: Watched) -> None:
    index = watched.facts.index
    one, other = index["encoder_1_conv1"], index["encoder_5_conv1"]
    for store, layer in (("target/a", one), ("target/b", other)):
        watched.send("target/layer", layer.name)
        watched.settles("layer", lambda shown, layer=layer: shown[layer.span].any())
        watched.send(store)
    watched.send("target/morph", 0.5)
    watched.settles("morph", lambda shown: shown[one.span].any() and shown[other.span].any())
    watched.send("target/morph", 1.0)
    watched.settles("morph", lambda shown: not shown[one.span].any() and shown[other.span].any())


def test_what_is_kept_shines_until_it_is_cleared(watched: Watched) -> None:
    index = watched.facts.index
    one, other = index["encoder_1_conv1"], index["encoder_5_conv1"]
    watched.send("target/layer", one.name)
    watched.settles("layer", lambda shown: shown[one.span].any())
    watched.send("target/keep")
    watched.send("target/objective", f"layer({other.name})")
    watched.settles("objective", lambda shown: shown[one.span].any() and shown[other.span].any())
    watched.send("target/clear")
    watched.settles("objective", lambda shown: not shown[one.span].any() and shown[other.span].any())


def test_a_fader_that_moves_fast_is_followed_to_its_end(watched: Watched) -> None:
    for step in range(400):
        watched.send("target/x", step / 400)
        time.sleep(0.001)
    watched.send("target/x", 0.77)
    until(lambda: watched.x == pytest.approx(0.77), 5.0)  # the engine has come to the end of it
    until(lambda: np.allclose(watched.shown, watched.expected, atol=1e-6), 1.0)


def test_a_neuron_that_is_pointed_at_is_named(watched: Watched) -> None:
    number = watched.facts.index["encoder_3_conv1"].offset + 7
    engine = "engine", watched.client.snapshot().status["http_port"]
    watched.asker.want(engine, number)
    until(lambda: watched.asker.answered.words_for == number, 2.0)
    said = " ".join(watched.asker.answered.words)
    assert "encoder 3 conv1" in said and "channel 0" in said and "Hz" in said and f"neuron {number}" in said
    watched.asker.want(engine, -1)
    until(lambda: watched.asker.answered.words_for == -1 and not watched.asker.answered.words, 2.0)
