"""Links as curves, lights of a loop made ready, and how much detail is drawn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ear_engine.viewer.curves import drawn_links, group_centers, link_curves, needed_points
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.points import density_gain
from ear_engine.viewer.quality import DETAILS, Governor
from tests.viewer.maps import FRAMES, lights, spread


def test_curves_go_from_group_to_group_and_bend_toward_their_layers() -> None:
    picture = spread((2, 9), (3, 5))
    curves = link_curves(picture.index, picture.positions, picture.links, 7)
    centers = group_centers(picture.index, picture.positions)
    for group in range(14):
        assert centers[group] == pytest.approx(picture.positions[picture.groups == group].mean(axis=0), abs=1e-6)
    assert curves.shape == (45, 7, 2)
    assert curves[:, 0] == pytest.approx(centers[picture.links[:, 0]], abs=1e-6)
    assert curves[:, -1] == pytest.approx(centers[picture.links[:, 1]], abs=1e-6)
    straight = (curves[:, 0] + curves[:, -1]) / 2.0
    inward = abs(straight[:, 0] - 0.5) - abs(curves[:, 3, 0] - 0.5)
    assert (inward > -1e-6).all()
    assert inward.max() > 0.05


def test_of_very_many_links_some_are_drawn_the_same_each_time() -> None:
    picture = spread((1, 40), (1, 40), (1, 2))
    drawn = drawn_links(picture)
    kept = {tuple(one) for one in drawn.tolist()}
    assert len(kept) == len(drawn) < len(picture.links)
    assert kept <= {tuple(one) for one in picture.links.tolist()}
    assert sum(target >= 80 for _, target in kept) == 80  # of few, all
    assert (drawn == drawn_links(picture)).all()
    assert not len(drawn_links(spread((1, 2), links=False)))


def test_a_groups_activity_is_the_mean_of_its_neurons_and_flashes() -> None:
    picture = spread((3, 4), (5, 2))
    ranks = np.random.default_rng(2).random((FRAMES, len(picture.index)))
    loop = PreparedLoop.of(picture.index, lights(picture, ranks))
    means = np.stack([np.round(255 * ranks)[:, picture.groups == group].mean(axis=1) for group in range(6)], axis=1)
    assert (loop.groups.argmax(axis=0) == means.argmax(axis=0)).all()
    assert loop.groups.max(axis=0) == pytest.approx(means.max(axis=0) / 255.0, rel=1e-5)
    now = np.empty(6, np.float32)
    loop.activity(2.5 / FRAMES, now)
    assert now == pytest.approx((loop.groups[2] + loop.groups[3]) / 2.0, rel=1e-5)
    loop.activity((FRAMES - 0.5) / FRAMES, now)
    assert now == pytest.approx((loop.groups[-1] + loop.groups[0]) / 2.0, rel=1e-5)


def test_rows_of_ranks_begin_where_every_driver_reads() -> None:
    picture = spread((1, 5))
    loop = PreparedLoop.of(picture.index, lights(picture, np.linspace(0.0, 1.0, FRAMES)[:, None]))
    assert loop.ranks.shape == (FRAMES, 8)
    assert (loop.neurons, loop.frames) == (5, FRAMES)
    assert loop.extremes[:, :5].tolist() == [[0] * 5, [255] * 5]
    assert loop.frame(1.0) == (0, 1, 0.0)
    assert loop.frame(-0.5 / FRAMES) == (FRAMES - 1, 0, 0.5)


def test_crowded_neurons_are_dimmed_and_lonely_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    crowd, alone = 0.5 + 0.004 * rng.random((500, 2)), rng.random((300, 2))
    gain = density_gain(np.concatenate([crowd, alone]).astype(np.float32))
    assert gain[:500].max() <= np.median(gain[500:])
    assert density_gain(np.zeros((0, 2), np.float32)).shape == (0,)
    assert density_gain(np.array([[0.5, 0.5]], np.float32)).tolist() == [1.0]


def test_late_frames_cost_detail_and_room_brings_it_back() -> None:
    governor = Governor(10.0)
    for _ in range(200):
        governor.took(30.0)
    assert governor.detail == DETAILS[-1]
    for _ in range(400):
        governor.took(8.0)
    assert governor.detail == DETAILS[-1]  # in time, but without room
    for _ in range(2000):
        governor.took(2.0)
    assert governor.detail == DETAILS[0]


def test_lines_through_the_needed_points_stay_near_the_curve() -> None:
    angle = np.linspace(0.0, 2.0, 9)
    bent = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    straight = np.stack([angle, 2.0 * angle], axis=1)
    curves = np.stack([bent, straight, np.zeros((9, 2))]).astype(np.float32)
    needed = needed_points(curves, 0.04)
    assert needed[:, [0, -1]].all()
    assert needed.sum(axis=1).tolist() == [
        5,
        2,
        2,
    ]  # of a circle a chord of half a radian is off by 1 - cos(1/4) = 0.031
    for curve, kept in zip(curves, needed, strict=True):
        ends = np.flatnonzero(kept)
        for start, end in itertools.pairwise(ends):
            chord, away = curve[end] - curve[start], curve[start:end] - curve[start]
            across = abs(away[:, 0] * chord[1] - away[:, 1] * chord[0])
            assert (across <= 0.0401 * np.hypot(*chord)).all()
    assert needed_points(curves, 0.0)[0].all()
