"""The camera: screen and map agree whatever is seen, and flights arrive."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.viewer.camera import Camera, View

unit = st.floats(-0.5, 1.5)
points = st.tuples(unit, unit)
sizes = st.integers(1, 4000)
views = st.builds(View, points, st.floats(0.1, 500.0), st.floats(-7.0, 7.0))


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    camera = Camera(draw(sizes), draw(sizes), draw(st.sampled_from([1.0, 1.5, 2.0])))
    camera.view = draw(views)
    return camera


def near(value: object, other: object, tolerance: float = 1e-6) -> bool:
    return bool(np.allclose(np.asarray(value), np.asarray(other), rtol=1e-6, atol=tolerance))


@given(cameras(), st.lists(points, min_size=1, max_size=5))
def test_world_to_screen_and_back(camera: Camera, places: list[tuple[float, float]]) -> None:
    assert near(camera.to_world(camera.to_screen(places)), places)


@given(cameras(), points)
def test_the_matrix_says_the_same_as_the_screen(camera: Camera, place: tuple[float, float]) -> None:
    x, y = camera.to_screen(place)
    clip = camera.matrix().astype(np.float64) @ [*place, 1.0]
    screen = ((clip[0] + 1.0) / 2.0 * camera.width, (1.0 - clip[1]) / 2.0 * camera.height)
    assert near(screen, (x, y), 1e-3 + 1e-5 * camera.scale)


@given(cameras(), st.tuples(st.floats(0, 3000), st.floats(0, 3000)), st.floats(0.2, 5.0))
def test_zooming_keeps_what_is_under_the_cursor(camera: Camera, cursor: tuple[float, float], factor: float) -> None:
    before, zoom = camera.to_world(cursor), camera.view.zoom
    camera.zoom_at(cursor, factor)
    assert near(camera.to_screen(before), cursor, 1e-4)
    assert camera.view.zoom == pytest.approx(min(max(zoom * factor, 0.05), 2000.0))


@given(cameras(), st.tuples(st.floats(0, 3000), st.floats(0, 3000)), st.floats(-4.0, 4.0))
def test_turning_keeps_what_it_turns_about(camera: Camera, cursor: tuple[float, float], angle: float) -> None:
    before = camera.to_world(cursor)
    camera.rotate(angle, cursor)
    assert near(camera.to_screen(before), cursor, 1e-4)


@given(cameras(), st.floats(-900, 900), st.floats(-900, 900))
def test_a_drag_takes_the_map_along(camera: Camera, right: float, down: float) -> None:
    place = camera.to_world((10.0, 20.0))
    camera.pan(right, down)
    assert near(camera.to_screen(place), (10.0 + right, 20.0 + down), 1e-4)


@given(cameras(), st.lists(points, min_size=1, max_size=20))
def test_what_is_fitted_is_all_seen(camera: Camera, places: list[tuple[float, float]]) -> None:
    camera.view = camera.fitted(places)
    screen = camera.to_screen(places)
    slack = 1e-6 * max(camera.width, camera.height)
    assert (screen >= -slack).all()
    assert (screen <= np.array([camera.width, camera.height]) + slack).all()


def test_without_neurons_the_whole_map_is_fitted() -> None:
    camera = Camera(1280, 720)
    assert camera.fitted(np.zeros((0, 2))) == camera.fitted([(0.0, 0.0), (1.0, 1.0)])


@given(cameras(), views)
def test_flights_begin_here_and_arrive_there(camera: Camera, goal: View) -> None:
    start = camera.view
    camera.fly_to(goal, 5.0, 2.0)
    camera.advance(5.0)
    assert near(camera.view.center, start.center, 1e-4)
    assert camera.view.zoom == pytest.approx(start.zoom, rel=1e-5)
    for now in np.linspace(5.0, 7.0, 9):
        camera.advance(float(now))
        assert all(map(math.isfinite, (*camera.view.center, camera.view.zoom, camera.view.rotation)))
        assert camera.view.zoom > 0.0
    assert camera.view == goal
    assert not camera.flying


def test_moving_the_camera_ends_a_flight() -> None:
    camera = Camera(1000, 1000)
    camera.fly_to(View((0.2, 0.2), 30.0), 0.0)
    camera.advance(0.3)
    assert camera.flying
    camera.pan(5.0, 0.0)
    seen = camera.view
    camera.advance(0.6)
    assert camera.view == seen


def test_far_flights_zoom_out_on_their_way() -> None:
    camera = Camera(1000, 1000)
    camera.view = View((0.1, 0.1), 50.0)
    camera.fly_to(View((0.9, 0.9), 50.0), 0.0, 1.0)
    camera.advance(0.5)
    assert camera.view.zoom < 10.0


def test_a_screen_without_size_breaks_nothing() -> None:
    camera = Camera(0, 0)
    assert np.isfinite(camera.to_world(camera.to_screen((0.3, 0.4)))).all()
    assert np.isfinite(camera.matrix()).all()
    assert camera.fitted([(0.5, 0.5)]).zoom > 0.0


def test_a_box_on_the_screen_has_its_corners_in_the_map() -> None:
    camera = Camera(800, 600)
    camera.rotate(0.7)
    corners = camera.to_screen(camera.box((10, 20), (200, 300)))
    assert near(corners, [(10, 20), (200, 20), (200, 300), (10, 300)])
