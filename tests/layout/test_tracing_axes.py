"""Axes of tensors through matrices, changes of shape in place, stacks and comparisons, against the Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ear_engine.errors import UserError
from ear_engine.layout.heard_layers import Layers
from ear_engine.layout.layouts import lay_out
from ear_engine.layout.relations import identity
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.structure import Structure, Term, Unknown
from ear_engine.layout.tracing import trace
from tests.layout.test_tracing import check, edges_of, made


class Mixer(nn.Module):
    """A matrix over places, then one over channels, each beside what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.places, self.channels = nn.Linear(6, 6), nn.Linear(4, 4)
        self.act, self.last = nn.ReLU(), nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.places(self.act(x * 1.0))
        return self.last(x + self.channels(x.transpose(1, 2)).transpose(1, 2))


def test_a_matrix_over_places_leaves_channels_apart() -> None:
    torch.manual_seed(4)
    network, x = nn.Sequential(nn.ReLU(), nn.Linear(6, 5), nn.Tanh()), torch.rand(1, 4, 6)
    graph = check(network, lambda: network(x * 1.0), {"input": x}, "bcx")
    assert [(layer.channels, layer.places) for layer in graph.layers] == [(4, 6), (4, 6), (4, 5)]
    assert graph.edges == 24 + 4 * 6 * 5
    mixer = Mixer()
    graph = check(mixer, lambda: mixer(x), {"input": x}, "bcx")
    found = lay_out(graph, np.ones(graph.vertices), LayoutSettings(steps=30))
    assert np.isfinite(found.positions).all()


def test_a_matrix_over_places_weighs_what_its_weights_do() -> None:
    torch.manual_seed(5)
    matrix = nn.Linear(6, 5)
    network, x = nn.Sequential(nn.ReLU(), matrix, nn.Tanh()), torch.rand(1, 4, 6)
    weights = matrix.weight.detach().abs().numpy()
    traced = trace(network, lambda: network(x), {"input": x}, "bcx", weighted=True)
    (last,) = (one for one in traced.connections if one.target == "2")
    np.testing.assert_allclose(last.places.toarray(), weights, rtol=1e-6)
    np.testing.assert_array_equal(last.channels.toarray(), np.eye(4))
    one = x[:, 0].clone()  # has no channels
    traced = trace(network, lambda: network(one), {"input": one}, "bx", weighted=True)
    last_ones = [part for part in traced.connections if part.target == "2"]
    summed = sum(part.channels.toarray() @ part.places.toarray() for part in last_ones)
    np.testing.assert_allclose(summed, weights, rtol=1e-6)


def test_a_matrix_over_several_axes_beside_channels_is_refused() -> None:
    network, run, x = made(lambda net, x: net.last(net.matrix(net.act(x).flatten(2))), matrix=nn.Linear(18, 5))
    with pytest.raises(
        UserError, match=r"layer matrix has .*\(addmm a matrix over several axes, with channels apart\)"
    ):
        trace(network, run, {"input": x}, "bcyx")


@pytest.mark.parametrize(
    ("axes", "shape", "function"),
    [
        ("tbc", (5, 1, 4), lambda net, x: net.last(net.matrix(net.act(x)))),
        ("btc", (1, 1, 4), lambda net, x: net.last(net.matrix(net.act(x)))),
        ("btc", (3, 1, 4), lambda net, x: net.last(net.matrix(net.act(x)))),
        (
            "bcft",
            (1, 4, 6, 1),
            lambda net, x: net.last(net.matrix(net.act(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)),
        ),
    ],
)
@pytest.mark.parametrize("bias", [True, False])
def test_a_batch_or_a_time_of_one_place_is_no_axis_of_a_matrix(
    axes: str, shape: tuple[int, ...], function: Callable[[Any, Tensor], Any], bias: bool
) -> None:
    network, _, _ = made(function, matrix=nn.Linear(4, 3, bias=bias))
    x = torch.rand(shape)
    check(network, lambda: network(x), {"input": x}, axes)


def turned_in_place(net: Any, x: Tensor) -> Any:
    y = net.conv(net.act(x)) * 1.0
    y.transpose_(1, 2)
    y[:, :2] *= 2.0
    return net.last(y.transpose(1, 2))


def turned_and_written(net: Any, x: Tensor) -> Any:
    a = net.act(x)
    y = net.conv(a) * 1.0
    y.transpose_(1, 2)
    y[:, :, 1:3] = a.transpose(1, 2)[:, :, :2]
    return net.last(y.transpose(1, 2))


def put_and_squeezed(net: Any, x: Tensor) -> Any:
    y = net.conv(net.act(x)) * 1.0
    y.squeeze_(0)
    y.unsqueeze_(1)
    return net.last(y[:, 0][None])


def matrix_turned(net: Any, x: Tensor) -> Any:
    y = net.act(x)[0, :, :, 0] * 1.0
    y.t_()
    return net.last(y.t()[None, :, :, None])


@pytest.mark.parametrize("function", [turned_in_place, turned_and_written, put_and_squeezed, matrix_turned])
def test_shapes_that_change_in_place_are_followed(function: Callable[[Any, Tensor], Any]) -> None:
    network, run, x = made(function)
    check(network, run, {"input": x}, "bcft")


def test_a_convolution_over_what_was_turned_in_place_is_refused() -> None:
    def function(net: Any, x: Tensor) -> Any:
        y = net.conv(net.act(x[:, :, :4])) * 1.0
        y.transpose_(1, 2)
        return net.last(net.conv(y))

    network, run, x = made(function)
    with pytest.raises(UserError, match=r"layer conv has .*over something that is no channel"):
        trace(network, run, {"input": x}, "bcft")


def test_an_unknown_operation_in_place_reaches_everything() -> None:
    network, run, x = made(lambda net, x: net.act(net.conv(x).cumsum_(2)))
    with pytest.raises(UserError, match=r"not known \(cumsum_\)"):
        trace(network, run, {"input": x}, "bcft")
    found, _ = edges_of(trace(network, run, {"input": x}, "bcft", dense=True))
    assert len(found) == 24 * 24


def beside(dim: int, then: Callable[[Any, Tensor], Tensor]) -> Callable[[Any, Tensor], Any]:
    def function(net: Any, x: Tensor) -> Any:
        y = net.act(x)
        return net.last(then(net, torch.stack([y, net.conv(y)], dim=dim)))

    return function


@pytest.mark.parametrize(
    "function",
    [
        beside(2, lambda _net, pair: pair.flatten(1, 2)),
        beside(1, lambda net, pair: net.wide(pair.flatten(1, 2))),
        beside(3, lambda _net, pair: pair.flatten(2, 3)),
        beside(0, lambda _net, pair: pair.sum(0)),
        beside(-1, lambda _net, pair: pair[..., 0] * 2.0),
        beside(1, lambda _net, pair: pair[:, 1]),
        lambda net, x: net.last(net.two(torch.stack([x.mean(1), net.act(x).amax(1) * 2.0], dim=1))),
        lambda net, x: net.last(torch.stack((net.act(x) * 1.0).unbind(1)[::-1], dim=1)),
        lambda net, x: net.last(torch.stack([torch.zeros(1, 4, 6, 3), net.act(x) * 1.0], dim=1)[:, 1:].sum(1)),
    ],
)
def test_stacks(function: Callable[[Any, Tensor], Any]) -> None:
    network, run, x = made(function, wide=nn.Conv2d(8, 4, (3, 1), padding=(1, 0)), two=nn.Conv2d(2, 4, 1))
    if "amax" in getattr(function, "__code__").co_names:  # noqa: B009  # whose gradient is only the winner's
        found, _ = edges_of(trace(network, run, {"input": x}, "bcft"))
        assert len([one for one in found if one[0] == "last"]) == 24 * 4 * 2
        return
    check(network, run, {"input": x}, "bcft")


def test_a_stack_of_what_may_be_times_is_refused() -> None:
    network, run, x = made(lambda net, x: net.last(torch.stack(net.act(x).unbind(3), dim=3)))
    with pytest.raises(UserError, match=r"\(stack of tensors that may be those of several times\)"):
        trace(network, run, {"input": x}, "bcft")


@pytest.mark.parametrize(
    "function",
    [
        lambda net, x: net.last(torch.where((y := net.act(x) * 1.0) > 0.5, y, net.conv(y))),
        lambda net, x: net.last((y := net.act(x) * 1.0) * (y > 0.2)),
        lambda net, x: net.last(net.act(x) + (net.conv(x) * 1.0).sign() + (x > net.conv(x)).float()),
    ],
)
def test_a_comparison_is_no_connection(function: Callable[[Any, Tensor], Any]) -> None:
    network, run, x = made(function)
    check(network, run, {"input": x}, "bcft")


def test_what_does_not_fit_is_not_taken() -> None:
    with pytest.raises(Unknown, match="an axis twice"):
        Structure.of_layer("one", ((("c", 4),), (("c", 5),)), False).check()
    wrong = Structure(((("c", 20),), (("x", 1),)), (Term("one", {"c": identity(5), "x": identity(1)}),))
    with pytest.raises(Unknown, match="5 places of axis c"):
        wrong.check()
    layers = Layers(False)
    layers.add("one", ((("c", 5),), (("x", 1),)), None)
    with pytest.raises(UserError, match=r"layer two joins \(5, 5\) channels"):
        layers.add("two", wrong.dims, wrong)
