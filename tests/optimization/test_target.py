"""Regions resolved for an ear."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.ear.activations import Layer, NeuronIndex, Recorder
from ear_engine.ear.network import Ear
from ear_engine.optimization.target import RegionObjective, Selection, bin_frequencies, select
from tests.optimization.helpers import region

INDEX = NeuronIndex([Layer("scalogram", 2, 216, 1, 0), Layer("top", 24, 1, 16, 432)])


@given(st.floats(0, 1), st.floats(0, 1))
def test_at_least_one_channel_and_never_outside(center: float, width: float) -> None:
    chosen = select(region("top", channel=center, channel_width=width), INDEX, {}, 8).channels
    assert 0 <= chosen.start < chosen.stop <= 24
    assert chosen.stop - chosen.start == max(1, round(width * 24))


@given(st.floats(20, 20000), st.floats(20, 20000))
def test_a_frequency_span_takes_the_bins_inside_or_the_nearest(low: float, high: float) -> None:
    centers = [40.0 * 2 ** (i / 24) for i in range(216)]
    chosen = select(region("scalogram", freq_low=low, freq_high=high), INDEX, {"scalogram": centers}, 8).bins
    inside = [i for i, hertz in enumerate(centers) if min(low, high) <= hertz <= max(low, high)]
    if inside:
        assert (chosen.start, chosen.stop) == (inside[0], inside[-1] + 1)
    else:
        nearest = min(range(216), key=lambda i: abs(np.log(centers[i] / np.sqrt(low * high))))
        assert chosen.stop - chosen.start == 1
        assert abs(chosen.start - nearest) <= 1


def test_bin_frequencies_are_where_the_layers_listen(ear: Ear) -> None:
    """The center of what a position sees, found by the gradient to the scalogram, is the frequency that is stated."""
    centers = bin_frequencies(ear.config)
    recorder = Recorder(ear, inputs=("scalogram",))
    features = torch.rand(1, 2, 216, 32, requires_grad=True)
    names = [name for name in recorder.names if name.startswith("encoder")]
    with recorder.recording(names, raw=True) as trace:
        ear.hear(features, circular=True)
    for name in names:
        bins = trace[name].shape[2]
        assert len(centers[name]) == bins
        middle = bins // 2
        (seen,) = torch.autograd.grad(trace[name][0, :, middle].square().sum(), features, retain_graph=True)
        heard = seen.abs().sum(dim=(0, 1, 3)).nonzero().flatten()
        place = float(heard[0] + heard[-1]) / 2
        stated = 24 * np.log2(centers[name][middle] / 40.0)
        assert abs(place - stated) <= 5  # bins; max pooling passes the gradient of one of two on


def test_the_objective_is_the_mean_over_the_region_in_units_of_the_spread() -> None:
    values = torch.rand(2, 4, 3, 8)
    selection = Selection("x", slice(1, 3), slice(0, 2), 0.25, 0.5, 2.0)
    got = RegionObjective(selection, 0.5)({"x": values}, torch.zeros(2))
    assert float(got) == pytest.approx(2.0 * float(values[:, 1:3, 0:2, 2:6].mean()) / 0.5, rel=1e-5)


def test_a_shifted_copy_is_judged_at_the_shifted_time() -> None:
    values = torch.rand(1, 1, 1, 8)
    selection = Selection("x", slice(0, 1), slice(0, 1), 0.75, 0.5, 1.0)
    got = RegionObjective(selection, 1.0)({"x": values}, torch.tensor([0.25]))
    assert float(got) == pytest.approx(float(values[..., 0:4].mean()), rel=1e-5)


def test_a_dead_unit_counts_a_quarter() -> None:
    values = torch.tensor([-1.0, 1.0]).view(1, 2, 1, 1)
    selection = Selection("x", slice(0, 2), slice(0, 1), 0.0, 1.0, 1.0)
    assert float(RegionObjective(selection, 1.0)({"x": values}, torch.zeros(1))) == pytest.approx((1 - 0.25) / 2)
