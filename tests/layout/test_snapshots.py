"""The map in time moves no more than its charges make it."""

from __future__ import annotations

import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.layout.layouts import lay_out
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.snapshots import between, lay_out_snapshots
from tests.layout.graphs import convolutions

SETTINGS = LayoutSettings(exponent=1.5, centering=0.1)


def test_the_same_charges_stay_where_they_are() -> None:
    graph = convolutions()
    told: list[tuple[int, int]] = []
    found = lay_out_snapshots(
        graph, [np.ones(graph.vertices)] * 3, SETTINGS, progress=lambda done, every: told.append((done, every))
    )
    assert found.shape == (3, graph.vertices, 2)
    assert np.abs(np.diff(found, axis=0)).max() < 0.05
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_stronger_charges_take_more_room() -> None:
    graph = convolutions()
    more = np.ones(graph.vertices)
    more[graph.layers[1].span] = 3.0
    found = lay_out_snapshots(graph, [np.ones(graph.vertices), more], SETTINGS)

    def spread(positions: np.ndarray, layer: int) -> float:
        return float(np.sqrt(positions[graph.layers[layer].span].var(axis=0).sum()))

    assert spread(found[1], 1) / spread(found[1], 0) > 1.1 * spread(found[0], 1) / spread(found[0], 0)
    assert (found >= 0).all() and (found <= 1).all()


def test_they_begin_where_they_are_told_and_constant_charges_do_not_move() -> None:
    graph = convolutions()
    rested: list[np.ndarray] = []
    ones = np.ones(graph.vertices)
    still = lay_out(graph, ones, SETTINGS, settled=lambda _level, positions: rested.append(positions))
    told: list[tuple[int, int]] = []
    found = lay_out_snapshots(
        graph,
        [ones] * 3,
        SETTINGS,
        start=rested[-1],
        circular=True,
        progress=lambda done, every: told.append((done, every)),
    )
    assert np.abs(found - still.positions).max() < 0.05
    assert told[:4] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert len(told) <= 6  # twice round at most


@pytest.mark.parametrize(("steps", "rests"), [(3000, True), (3, False)])
def test_what_is_left_of_the_forces_is_told_of_every_point(steps: int, rests: bool) -> None:
    graph = convolutions()
    charges = [np.ones(graph.vertices) for _ in range(3)]
    for point, one in enumerate(charges):
        one[graph.layers[point].span] = 3.0
    left: dict[int, float] = {}
    lay_out_snapshots(graph, charges, LayoutSettings(steps=steps), circular=True, rested=left.__setitem__)
    assert sorted(left) == [0, 1, 2]
    assert all((0.0 < residual < LayoutSettings().rest) == rests for residual in left.values())


def test_a_loop_ends_where_it_begins() -> None:
    graph = convolutions()
    charges = [np.ones(graph.vertices) for _ in range(6)]
    for point, one in enumerate(charges):
        one[graph.layers[point % 3].span] = 2.5
    found = lay_out_snapshots(graph, charges, SETTINGS, circular=True)
    steps = np.median(np.linalg.norm(np.roll(found, -1, axis=0) - found, axis=2), axis=1)
    assert found.shape == (6, graph.vertices, 2)
    assert steps.min() > 0.005  # it moves
    assert steps[-1] < 2.0 * np.median(steps)  # from the last to the first as from any to the next
    # charges come again after three points, and so do places
    assert np.median(np.linalg.norm(found[0] - found[3], axis=1)) < 0.5 * np.median(steps)


def test_curves_go_through_every_snapshot() -> None:
    snapshots = np.random.default_rng(0).random((4, 5, 2)).astype(np.float32)
    for number in range(4):
        assert np.allclose(between(snapshots, number), snapshots[number], atol=1e-6)
        assert np.allclose(between(snapshots, number + 4, circular=True), snapshots[number], atol=1e-6)
    assert np.array_equal(between(snapshots, 9.0), snapshots[3])
    # no kink: the slope from the left is that from the right
    step = 1e-3
    for circular, time in ((False, 1.0), (False, 2.0), (True, 0.0), (True, 3.0)):
        left, here, right = (between(snapshots, time + at, circular=circular) for at in (-step, 0.0, step))
        assert np.allclose((here - left) / step, (right - here) / step, atol=0.05)


def test_no_point_in_time() -> None:
    with pytest.raises(UserError, match="are none"):
        lay_out_snapshots(convolutions(), [])
