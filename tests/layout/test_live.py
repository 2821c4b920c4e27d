"""The moving map: still in silence, roomier where neurons fire, and never lost."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.layout.attraction import Attraction
from ear_engine.layout.far_fields import quick_field
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.layouts import lay_out, physics_at
from ear_engine.layout.live import LiveMap, settings_of
from ear_engine.layout.map_file import MapFile
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.simulation import Simulation
from tests.layout.graphs import convolutions, layers, pair

FRAME = 1 / 30
FEW = convolutions()
MANY = convolutions(((8, 60), (12, 40), (10, 8)))  # so many that repulsion is summed on a grid
RESTING = LayoutSettings(steps=2000)


def stored_map(graph: NeuronGraph, settings: LayoutSettings = RESTING) -> MapFile:
    return MapFile.of(lay_out(graph, np.ones(graph.vertices), settings).positions, "weights", settings)


@functools.cache
def stored_few() -> MapFile:
    return stored_map(FEW)


@functools.cache
def stored_many() -> MapFile:
    return stored_map(MANY, LayoutSettings())


def live_map(graph: NeuronGraph, stored: MapFile | None = None) -> LiveMap:
    return LiveMap(graph, np.ones(graph.vertices), stored or stored_map(graph))


def play(moving: LiveMap, steps: int, heard: NDArray[np.float32] | None = None, strength: float = 1.0) -> None:
    for _ in range(steps):
        moving.follow(np.zeros(moving.neurons, np.float32) if heard is None else heard, strength, FRAME)
        moving.step()


def moved(moving: LiveMap, stored: MapFile) -> NDArray[np.float64]:
    return np.linalg.norm(moving.positions().astype(np.float64) - stored.positions, axis=1)


def firing(graph: NeuronGraph, neurons: slice, deviations: float = 4.0) -> NDArray[np.float32]:
    heard = np.zeros(graph.vertices, np.float32)
    heard[neurons] = deviations
    return heard


def extent(positions: NDArray[np.float32]) -> float:
    centered = positions.astype(np.float64) - positions.mean(axis=0)
    return float(np.sqrt(np.square(centered).sum(axis=1).mean()))


def room(moving: LiveMap, group: slice) -> float:
    """Mean distance of the neurons of a group to the ten that are nearest to each."""
    positions = moving.positions().astype(np.float64)
    apart = np.sort(np.linalg.norm(positions[group, None] - positions[None], axis=2), axis=1)
    return float(apart[:, 1:11].mean())


def places(graph: NeuronGraph, positions: NDArray[np.float32]) -> NDArray[np.float64]:
    """The middles of neurons that are joined alike and so may change places: those of all channels at a place."""
    middles = [positions[layer.span].reshape(layer.channels, layer.places, -1).mean(axis=0) for layer in graph.layers]
    return np.concatenate(middles).astype(np.float64)


@pytest.mark.parametrize(("graph", "stored"), [(FEW, stored_few), (MANY, stored_many)], ids=["exact", "grid"])
def test_it_begins_as_the_stored_map_and_stays_there_while_nothing_is_heard(
    graph: NeuronGraph, stored: Callable[[], MapFile]
) -> None:
    moving = live_map(graph, stored())
    assert moved(moving, stored()).max() < 1e-6
    play(moving, 100)
    assert moving.steps == 100 and moving.neurons == graph.vertices
    assert moved(moving, stored()).max() < 1e-5


@pytest.mark.parametrize("exponent", [0.25, 0.5, 2.5])
def test_nothing_moves_until_something_is_heard_where_layouts_rest_early(exponent: float) -> None:
    settings = LayoutSettings(exponent=exponent, steps=100)
    stored = stored_map(MANY, settings)
    moving, group = live_map(MANY, stored), MANY.layers[1].span
    play(moving, 200)
    assert moved(moving, stored).max() < 1e-5
    before = room(moving, group)
    play(moving, 30, firing(MANY, group))
    assert room(moving, group) > 1.05 * before  # after so long a rest, too


@pytest.mark.parametrize(
    ("graph", "stored", "near"),
    [(FEW, stored_few, 0.04), (MANY, stored_many, 0.1)],  # many rest in several ways; rounding decides in which
    ids=["exact", "grid"],
)
def test_neurons_that_fire_get_more_room_and_give_it_back(
    graph: NeuronGraph, stored: Callable[[], MapFile], near: float
) -> None:
    moving = live_map(graph, stored())
    group = graph.layers[1].span
    before = room(moving, group)
    play(moving, 60, firing(graph, group))
    assert room(moving, group) > 1.1 * before
    play(moving, 120)
    assert room(moving, group) == pytest.approx(before, rel=near)
    here, home = places(graph, moving.positions()), places(graph, stored().positions)
    assert np.median(np.linalg.norm(here - home, axis=1)) < near


def test_the_louder_the_more_room_up_to_four_deviations() -> None:
    stored, group, rooms = stored_few(), FEW.layers[1].span, []
    for deviations in (-3.0, 0.0, 2.0, 4.0, 400.0):
        moving = live_map(FEW, stored)
        play(moving, 100, firing(FEW, group, deviations))
        rooms.append(room(moving, group))
    low, silent, some, loud, louder = rooms
    assert low == silent < some < loud == louder


def test_strength_0_keeps_it_still() -> None:
    graph = FEW
    stored = stored_map(graph)
    heard, silent = live_map(graph, stored), live_map(graph, stored)
    play(heard, 100, firing(graph, graph.layers[0].span), strength=0.0)
    play(silent, 100)
    np.testing.assert_array_equal(heard.positions(), silent.positions())
    assert np.median(moved(heard, stored)) < 0.01


@pytest.mark.parametrize("exponent", [0.25, 1.75, 4.0])
def test_all_at_once_move_nobody(exponent: float) -> None:
    graph = FEW
    stored = stored_map(graph, dataclasses.replace(RESTING, exponent=exponent))
    loud, silent = live_map(graph, stored), live_map(graph, stored)
    play(loud, 200, np.full(graph.vertices, 9.0, np.float32), strength=4.0)
    play(silent, 200)
    assert np.abs(loud.positions() - silent.positions()).max() < 0.02


def test_what_is_no_number_does_no_harm() -> None:
    graph = FEW
    heard = firing(graph, graph.layers[1].span)
    heard[:4] = np.nan, np.inf, -np.inf, 3e38
    moving = live_map(graph)
    play(moving, 200, heard)
    assert np.isfinite(moving.positions()).all()
    heard[:4] = 0.0, 4.0, 0.0, 4.0  # which means the same
    same = live_map(graph)
    play(same, 200, heard)
    np.testing.assert_array_equal(moving.positions(), same.positions())


def test_one_that_has_left_the_numbers_begins_again_at_the_stored_map() -> None:
    graph = FEW
    stored = stored_map(graph)
    moving = live_map(graph, stored)
    play(moving, 100, firing(graph, graph.layers[1].span))
    assert moved(moving, stored).max() > 0.01
    moving.follow(np.ones(graph.vertices, np.float32), math.nan, FRAME)
    moving.step()
    assert moved(moving, stored).max() < 1e-6
    play(moving, 100, firing(graph, graph.layers[1].span))
    assert np.isfinite(moving.positions()).all() and moved(moving, stored).max() > 0.01


@pytest.mark.parametrize("dimensions", [2, 3])
def test_what_it_tells_has_the_middle_size_and_turn_of_the_stored_map(dimensions: int) -> None:
    graph = FEW
    stored = stored_map(graph, dataclasses.replace(RESTING, dimensions=dimensions))
    moving = live_map(graph, stored)
    random = np.random.default_rng(1)
    for _ in range(600):
        moving.follow(random.normal(0.0, 2.0, graph.vertices).astype(np.float32), 2.0, FRAME)
        moving.step()
    here = moving.positions()
    assert here.shape == (graph.vertices, dimensions) and here.dtype == np.float32
    assert moved(moving, stored).max() > 0.005
    np.testing.assert_allclose(here.mean(axis=0), stored.positions.mean(axis=0), atol=1e-5)
    assert extent(here) == pytest.approx(extent(stored.positions), rel=1e-5)
    products = (here - here.mean(axis=0)).T.astype(np.float64) @ (stored.positions - stored.positions.mean(axis=0))
    left, _, right = np.linalg.svd(products)
    np.testing.assert_allclose(left @ right, np.eye(dimensions), atol=1e-4)  # no turn brings it nearer


def test_a_map_in_space_gives_room_too() -> None:
    graph = FEW
    stored = stored_map(graph, dataclasses.replace(RESTING, dimensions=3))
    moving = live_map(graph, stored)
    group = graph.layers[1].span
    before = room(moving, group)
    play(moving, 100, firing(graph, group))
    assert room(moving, group) > 1.05 * before


@pytest.mark.parametrize("graph", [NeuronGraph(layers((1, 1)), ()), NeuronGraph(layers((2, 1)), ()), pair()])
def test_one_and_two_neurons_have_a_map(graph: NeuronGraph) -> None:
    stored = stored_map(graph)
    moving = live_map(graph, stored)
    play(moving, 50, np.full(graph.vertices, 4.0, np.float32))
    assert moved(moving, stored).max() < 0.05


def test_a_map_with_all_neurons_at_one_place_stays_finite() -> None:
    graph = FEW
    stored = MapFile.of(np.full((graph.vertices, 2), 0.5, np.float32), "", LayoutSettings())
    moving = live_map(graph, stored)
    play(moving, 20, firing(graph, graph.layers[0].span))
    assert np.isfinite(moving.positions()).all()


def test_a_map_of_another_graph_is_refused() -> None:
    with pytest.raises(UserError, match=r"is of 2 neurons, but the ear has 63.*ear-engine layout") as refused:
        live_map(FEW, stored_map(pair()))
    assert refused.value.code == "other_ear"


def test_charges_of_another_graph_are_refused() -> None:
    with pytest.raises(UserError, match="charges"):
        LiveMap(pair(), np.ones(3), stored_map(pair()))


@pytest.mark.parametrize("factor", [0.02, 0.5, 1.0, 40.0])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_fitting_scale_of_a_layout_at_rest_is_found_again(factor: float, dimensions: int) -> None:
    graph = FEW
    settings = dataclasses.replace(RESTING, rest=1e-5, dimensions=dimensions)
    attraction, ones = Attraction(graph), torch.ones(graph.vertices)
    far, physics = quick_field(graph.vertices), physics_at(settings, 0, 1.0)

    def simulation(positions: torch.Tensor) -> Simulation:
        return Simulation(attraction, ones, ones, far, physics, positions)

    resting = simulation(torch.randn(graph.vertices, dimensions, generator=torch.Generator().manual_seed(0)))
    resting.settle(3000, 1e-5)
    assert resting.fitting_scale() == pytest.approx(1.0, abs=0.01)
    assert simulation(resting.positions * factor).fitting_scale() * factor == pytest.approx(1.0, abs=0.02)


def test_the_settings_of_a_map_are_those_it_was_made_with() -> None:
    settings = LayoutSettings(exponent=1.0, centering=0.5, seed=7, dimensions=3)
    assert settings_of(MapFile.of(np.zeros((2, 3), np.float32), "", settings)) == settings


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"exponent": 99.0},
        {"exponent": "1"},
        {"exponent": None},
        {"exponent": math.nan},
        {"seed": 10**400},
        {"softening": [1]},
        {"growth": -(10**400)},
        [1, 2],
        None,
        "text",
    ],
    ids=repr,
)
def test_settings_that_cannot_be_have_their_defaults(settings: Any) -> None:
    stored = MapFile(np.zeros((2, 2), np.float32), "", settings)
    assert settings_of(stored) == LayoutSettings()


def test_settings_of_other_versions_are_passed_over_and_dimensions_are_those_of_the_positions() -> None:
    stored = MapFile(np.zeros((2, 3), np.float32), "", {"exponent": 1.0, "gravity": 9.81, "dimensions": 2, "seed": 1.0})
    found = settings_of(stored)
    assert found == dataclasses.replace(LayoutSettings(), exponent=1.0, seed=1, dimensions=3)
    assert isinstance(found.seed, int)  # as the random generator wants it


@pytest.mark.slow
def test_it_is_stable_for_as_long_as_it_is_played() -> None:
    stored = stored_few()
    moving = live_map(FEW, stored)
    random = np.random.default_rng(2)
    farthest = 0.0
    for number in range(4000):
        heard = random.normal(0.0, 40.0, FEW.vertices).astype(np.float32)
        if number % 500 == 499:
            heard[:] = 1e30 * random.choice([-1.0, 1.0], FEW.vertices)
        moving.follow(heard, 4.0, float(random.choice([0.0, 0.02, 10.0])))
        moving.step()
        if number % 20 == 0:
            here = moving.positions()
            assert np.isfinite(here).all()
            farthest = max(farthest, float(np.abs(here - 0.5).max()))
    assert farthest < 2.5
    loud = moving.positions()
    play(moving, 30)
    assert np.abs(loud - moving.positions()).max() > 0.01  # steps have not become so short that it sticks
    play(moving, 1000)
    assert np.median(moved(moving, stored)) < 0.2 and moved(moving, stored).max() < 0.7
