"""Charges at points in time are what the formula says, for layers of any rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ear_engine.clip import Clip
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.errors import UserError
from ear_engine.layout.charges import STRONGEST, WEAKEST, check_charges
from ear_engine.layout.heard_loop import hear_loop
from ear_engine.layout.layouts import graph_of
from ear_engine.layout.lights import Lights
from ear_engine.layout.moments import check_points, moment_charges, window_weights
from tests.layout.graphs import convolutions
from tests.layout.loops import heard


class _Statistics:
    """As much of an ear's statistics as charges and lights need."""

    def __init__(self, neurons: int) -> None:
        random = np.random.default_rng(1)
        self.mean = random.random(neurons, np.float32)
        self.variance = random.random(neurons, np.float32) + 0.1
        self.quantiles = np.sort(random.random((neurons, 33), np.float32) * 4.0, axis=1)
        self.floor = np.full(neurons, 0.3, np.float32)


def test_charges_are_windowed_deviations_from_the_mean_in_music() -> None:
    graph = convolutions()
    loop, points = heard(graph), 8
    statistics: Any = _Statistics(graph.vertices)
    found = moment_charges(loop, statistics, points)
    assert len(found) == points
    fine = 22 * 500  # moments at which the window is summed
    moment = (np.arange(fine) + 0.5) / fine
    for number, charges in enumerate(found):
        check_charges(charges, graph)
        away = (moment - number / points + 0.5) % 1.0 - 0.5
        window = np.where(np.abs(away) < 1 / points, 0.5 + 0.5 * np.cos(np.pi * points * away), 0.0)
        for layer, stride in zip(graph.layers, (1, 2, 4), strict=True):
            step = (moment * 22).astype(int) // stride
            heard_then = loop.activations[layer.name][step].astype(np.float64)
            squares = (heard_then - statistics.mean[layer.span]) ** 2
            variance = np.average(squares, axis=0, weights=window) / statistics.variance[layer.span].mean()
            assert np.allclose(charges[layer.span], np.clip(np.sqrt(variance), WEAKEST, STRONGEST), rtol=1e-3)


def test_without_statistics_the_loop_is_its_own_measure() -> None:
    graph = convolutions()
    loop = heard(graph, frames=16)
    loop.activations["layer_2"][:] = 3.0  # never changes
    charges = np.array(moment_charges(loop, None, 2))  # windows of the whole loop
    first = graph.layers[0].span
    values = loop.activations["layer_0"].astype(np.float64)
    window = 0.5 + 0.5 * np.cos(2 * np.pi * (np.arange(16) + 0.5) / 16)
    expected = np.sqrt(
        np.average((values - values.mean(axis=0)) ** 2, axis=0, weights=window) / values.var(axis=0).mean()
    )
    assert np.allclose(charges[0, first], np.clip(expected, WEAKEST, STRONGEST), rtol=0.02)
    assert (charges[:, graph.layers[2].span] == 1.0).all()


@pytest.mark.parametrize("points", [2, 3, 8, 64])
@pytest.mark.parametrize("steps", [1, 3, 11, 176])
def test_windows_weigh_every_moment_alike(points: int, steps: int) -> None:
    starts = np.linspace(0.0, 1.0, steps + 1)
    weights = window_weights(starts, points)
    assert weights.shape == (points, steps)
    assert (weights >= 0.0).all()
    assert np.allclose(weights.sum(axis=1), 1.0)
    assert np.allclose(weights.sum(axis=0), points / steps)


@pytest.mark.parametrize("points", [-1, 0, 1, 65])
def test_too_few_points_and_too_many(points: int) -> None:
    with pytest.raises(UserError, match=rf"time-points {points} is not in 2\.\.64"):
        check_points(points)


def test_an_ear_hears_a_loop_as_the_graph_numbers_it() -> None:
    torch.manual_seed(1)
    ear = Ear(EarConfig(width=0.03)).eval()
    audio = np.random.default_rng(0).standard_normal((2, 50000)).astype(np.float32) * 0.1
    loop = hear_loop(ear, Clip("noise", audio, 44100, 1, "given"))
    graph = graph_of(ear)
    assert [(one.name, one.channels, one.bins, one.offset) for one in loop.index.layers] == [
        (one.name, one.channels, one.places, one.offset) for one in graph.layers
    ]
    assert loop.frames == 48
    assert loop.index.layers[-1].stride == 16
    assert np.allclose(loop.starts(loop.index.layers[-1].name), [0, 1 / 3, 2 / 3, 1])
    for layer in loop.index.layers:
        starts = loop.starts(layer.name)
        assert len(starts) == len(loop.activations[layer.name]) + 1
        assert (starts[0], starts[-1]) == (0.0, 1.0)
        assert (np.diff(starts) > 0).all()
    # what is heard does not depend on where the loop is cut
    cuts = [
        hear_loop(ear, Clip("noise", np.roll(audio[:, :48000], by, axis=1), 44100, 1, "given")) for by in (0, 16000)
    ]
    for name, by in (("encoder_3_conv2", 8), ("autoregressive_8", 1)):
        one, other = (cut.activations[name] for cut in cuts)
        assert np.allclose(np.roll(one, by, axis=0), other, atol=1e-4)


def test_lights_follow_what_fires() -> None:
    graph = convolutions()
    loop = heard(graph, strides=(1, 2, 11))
    loop.activations["layer_0"][5, 3] = 1000.0
    loop.activations["layer_0"][6, 3] = 0.0
    for statistics in (None, _Statistics(graph.vertices)):
        known: Any = statistics
        lights = Lights(loop, known)
        at = lights.at(5 / 22)
        assert at.shape == (graph.vertices,)
        assert at.dtype == np.float32
        assert at.min() > 0.0 and at.max() <= 1.0
        assert at[3] == pytest.approx(1.0)
        assert lights.at(6 / 22)[3] < lights.at(5.5 / 22)[3] < at[3]
        assert np.array_equal(lights.at(1.0 + 5 / 22), lights.at(5 / 22))
        # from the last step to the first without a jump
        assert np.allclose(lights.at(1.0 - 1e-6), lights.at(0.0), atol=1e-3)
