"""Boxes of the screen that can have light: all that shines is inside, and much that does not is outside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.viewer.camera import Camera, View
from ear_engine.viewer.lit import TILE, WHOLE, Boxes, LitPlaces

NO_CURVES = np.zeros((0, 9, 2))


def covers(boxes: Boxes, size: tuple[int, int], points: np.ndarray) -> np.ndarray:
    """Whether each place, pixels from the bottom left, is in a box."""
    at = points / np.array(size)
    inside = [((at >= box[:2] - 1e-6) & (at <= box[2:] + 1e-6)).all(axis=1) for box in boxes]
    return np.any(inside, axis=0) if inside else np.zeros(len(points), bool)


@given(
    seed=st.integers(0, 1000),
    count=st.integers(1, 30),
    width=st.integers(1, 400),
    height=st.integers(1, 300),
    ratio=st.sampled_from([1.0, 2.0]),
    zoom=st.floats(0.1, 60.0),
    turn=st.floats(-3.0, 3.0),
    reach=st.floats(0.0, 90.0),
)
def test_what_is_near_a_neuron_is_in_a_box(
    seed: int, count: int, width: int, height: int, ratio: float, zoom: float, turn: float, reach: float
) -> None:
    draw = np.random.default_rng(seed)
    places = draw.random((count, 2))
    camera = Camera(width, height, ratio)
    camera.view = View((0.4, 0.6), zoom, turn)
    size = round(width * ratio), round(height * ratio)
    boxes = LitPlaces(places, NO_CURVES).boxes(camera, reach, None)
    angle = draw.random(count) * 2.0 * np.pi
    near = camera.to_screen(places) * ratio
    near[:, 1] = size[1] - near[:, 1]
    near += reach * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    seen = ((near >= 0.0) & (near <= np.array(size))).all(axis=1)
    assert covers(boxes, size, near[seen]).all()


def test_links_are_in_boxes_all_along() -> None:
    bent = np.array([[[0.0, 0.0], [0.5, 0.1], [1.0, 1.0]]])
    camera = Camera(600, 600)
    boxes = LitPlaces(np.array([[0.0, 0.0], [1.0, 1.0]]), bent).boxes(camera, 3.0, 3.0)
    share = np.linspace(0.0, 1.0, 500)[:, None]
    along = np.concatenate([bent[0, :-1][:, None] + share[None] * np.diff(bent[0], axis=0)[:, None]]).reshape(-1, 2)
    at = camera.to_screen(along)
    at[:, 1] = 600 - at[:, 1]
    assert covers(boxes, (600, 600), at).all()
    assert not covers(boxes, (600, 600), np.array([[100.0, 500.0], [550.0, 60.0]])).any()


def test_boxes_do_not_overlap_and_leave_the_empty_out() -> None:
    places = np.random.default_rng(0).random((200, 2)) * [1.0, 0.2]
    boxes = LitPlaces(places, NO_CURVES).boxes(Camera(800, 800), 5.0, None)
    tiles = np.zeros((800 // TILE, 800 // TILE), int)
    for left, low, right, high in np.round(boxes * 800 / TILE).astype(int):
        tiles[low:high, left:right] += 1
    assert tiles.max() == 1
    assert 0.1 < tiles.mean() < 0.4


def test_nothing_in_view_is_no_box_and_much_too_near_is_all() -> None:
    camera = Camera(300, 200)
    camera.view = View((9.0, 9.0), 1.0)
    lit = LitPlaces(np.random.default_rng(0).random((50, 2)), NO_CURVES)
    assert len(lit.boxes(camera, 10.0, None)) == 0
    camera.view = View((0.5, 0.5), 1000.0)
    assert (lit.boxes(camera, 10.0, None) == WHOLE).all()


@pytest.mark.parametrize("count", [0, 1])
def test_maps_of_hardly_anything(count: int) -> None:
    boxes = LitPlaces(np.full((count, 2), 0.5), NO_CURVES).boxes(Camera(64, 64), 4.0, 4.0)
    assert len(boxes) == count
