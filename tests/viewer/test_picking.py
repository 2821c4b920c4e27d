"""Picking finds what a search through all neurons finds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ear_engine.viewer.picking import Picker

seeds = st.integers(0, 10_000)
counts = st.sampled_from([1, 2, 7, 50, 400])
unit = st.floats(-0.3, 1.3)
points = st.tuples(unit, unit)


def places_of(seed: int, count: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    places = rng.random((count, 2), np.float32)
    places[: count // 4] = np.round(places[: count // 4], 1)  # some lie on each other, and on edges
    return places


@given(seeds, counts, points, st.floats(0.0, 2.0))
def test_the_nearest(seed: int, count: int, point: tuple[float, float], radius: float) -> None:
    places = places_of(seed, count)
    away = ((places.astype(np.float64) - point) ** 2).sum(axis=1)
    best = int(away.argmin())
    assert Picker(places).nearest(point, radius) == (best if away[best] <= radius * radius else None)


@given(seeds, counts, points, points)
def test_in_a_box(seed: int, count: int, start: tuple[float, float], end: tuple[float, float]) -> None:
    places = places_of(seed, count)
    low, high = np.minimum(start, end), np.maximum(start, end)
    expected = [n for n, (x, y) in enumerate(places) if low[0] <= x <= high[0] and low[1] <= y <= high[1]]
    assert Picker(places).in_box(start, end).tolist() == expected


@given(seeds, counts, st.lists(points, min_size=0, max_size=12))
def test_in_a_lasso(seed: int, count: int, corners: list[tuple[float, float]]) -> None:
    places = places_of(seed, count)
    expected = [n for n, (x, y) in enumerate(places.astype(np.float64)) if crossings(x, y, corners) % 2]
    assert Picker(places).in_polygon(corners).tolist() == expected


def crossings(x: float, y: float, corners: list[tuple[float, float]]) -> int:
    """Edges to the right of a place."""
    found = 0
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if min(y0, y1) <= y < max(y0, y1) and x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)):
            found += 1
    return found


@given(seeds, counts, st.lists(points, min_size=0, max_size=6), st.floats(0.0, 0.5))
def test_under_a_brush(seed: int, count: int, path: list[tuple[float, float]], radius: float) -> None:
    places = places_of(seed, count).astype(np.float64)
    steps = list(pairwise(path)) or [(one, one) for one in path]
    away = np.full(count, np.inf)
    for start, end in steps:
        a, along = np.array(start), np.array(end) - start
        for number, place in enumerate(places):
            share = min(max((place - a) @ along / max(along @ along, 1e-300), 0.0), 1.0)
            away[number] = min(away[number], float(np.hypot(*(place - a - share * along))))
    found = Picker(places).near_path(path, radius)
    sure, maybe = np.flatnonzero(away <= radius - 1e-9), np.flatnonzero(away <= radius + 1e-9)
    assert set(sure) <= set(found) <= set(maybe)
    assert found.tolist() == sorted(found)


def test_of_a_map_in_space_the_first_two_axes_are_seen() -> None:
    assert Picker(np.array([[0.1, 0.1, 0.9], [0.8, 0.8, 0.1]])).nearest((0.8, 0.7), 0.2) == 1


def test_a_map_without_neurons_has_nothing_to_pick() -> None:
    picker = Picker(np.zeros((0, 2), np.float32))
    assert picker.nearest((0.5, 0.5), 1.0) is None
    assert not len(picker.in_box((0, 0), (1, 1)))
    assert not len(picker.in_polygon([(0, 0), (1, 0), (1, 1)]))
    assert not len(picker.near_path([(0.5, 0.5)], 1.0))
