"""Connections found by themselves, against the network's Jacobian."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ear_engine.ear.activations import Recorder, index_layers
from ear_engine.ear.autoregressive import AutoregressiveBlockConfig
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.errors import UserError
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.layouts import lay_out
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.tracing import Traced, trace
from tests.layout.networks import Bottleneck, Drawn, Edges, Pictures, Residual, Sounds, Written, slow_edges


def edges_of(traced: Traced) -> tuple[Edges, NeuronGraph]:
    graph = NeuronGraph.of(traced)
    names = [(layer.name, vertex) for layer in graph.layers for vertex in range(layer.vertices)]
    pairs = graph.edge_list()
    found = {(*names[target], *names[source]) for target, source in pairs}
    assert len(found) == len(pairs) == graph.edges  # none twice
    return found, graph


def check(
    network: nn.Module,
    run: Callable[[], object],
    inputs: dict[str, Tensor],
    axes: str,
    layers: Mapping[str, str] | None = None,
) -> NeuronGraph:
    found, graph = edges_of(trace(network, run, inputs, axes))
    assert found == slow_edges(network, run, inputs, axes, layers)
    return graph


@pytest.mark.parametrize("block", [Residual, Bottleneck])
def test_a_residual_network_for_pictures(block: type[Residual | Bottleneck]) -> None:
    torch.manual_seed(1)
    network, x = Pictures(block).eval(), torch.rand(1, 3, 12, 12)
    graph = check(network, lambda: network(x), {"input": x}, "bcyx", {"output": "bc"})
    assert [layer.name for layer in graph.layers][:4] == ["input", "relu", "layer1_0", "layer1_0_2"]
    assert (graph.layers[-1].name, graph.layers[-1].channels, graph.layers[-1].places) == ("output", 5, 1)
    assert graph.layers[1].places == 6 * 6


def test_a_network_along_time() -> None:
    torch.manual_seed(2)
    network, x = Sounds().eval(), torch.rand(1, 2, 12, 9)
    graph = check(network, lambda: network(x), {"input": x}, "bcft", {"third": "bct", "fourth": "btc"})
    assert [(layer.name, layer.channels, layer.places) for layer in graph.layers] == [
        ("input", 2, 12),
        ("first", 4, 6),
        ("second", 4, 3),
        ("third", 5, 1),
        ("fourth", 3, 1),
    ]


@pytest.mark.parametrize("seed", range(48))
def test_networks_drawn_at_random(seed: int) -> None:
    network = Drawn(seed).eval()
    check(network, lambda: network(network.example), {"input": network.example}, network.axes, network.layers)


def test_vertices_are_numbered_as_neurons_are() -> None:
    ear, features = Ear(EarConfig(width=0.025)).eval(), torch.rand(1, 2, 216, 1024)
    with torch.no_grad(), Recorder(ear).recording() as recorded:
        ear.hear(features, circular=True)
    index = index_layers({"scalogram": features, **recorded}, 1024)
    graph = NeuronGraph.of(trace(ear, lambda: ear.hear(features, circular=True), {"scalogram": features}, "bcft"))
    assert [(layer.name, layer.channels, layer.bins, layer.offset) for layer in index.layers] == [
        (layer.name, layer.channels, layer.places, layer.offset) for layer in graph.layers
    ]


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["max", "blur"])
def test_the_ear(pooling: str) -> None:
    torch.manual_seed(3)
    short = (AutoregressiveBlockConfig(40, 3, 2), AutoregressiveBlockConfig(40, 2, 1))
    config = EarConfig(width=0.025, pooling=pooling, autoregressive=short)  # type: ignore[arg-type]
    ear, features = Ear(config).eval(), torch.rand(1, 2, 216, 64)
    layers = {f"autoregressive_{number}": "bct" for number in range(2)}
    graph = check(ear, lambda: ear.hear(features, circular=True), {"scalogram": features}, "bcft", layers)
    assert graph.layers[1].name == "encoder_0_conv1"
    assert graph.parts().max() == 0


class Made(nn.Module):
    """A network of a function, a nonlinearity, a convolution of four channels, and whatever else it needs."""

    def __init__(self, function: Callable[[Any, Tensor], Any], **parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.act, self.last, self.conv = nn.ReLU(), nn.Tanh(), nn.Conv2d(4, 4, (3, 1), padding=(1, 0))
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Tensor) -> Any:
        return self.function(self, x * 1.0)


def made(function: Callable[[Any, Tensor], Any], **parts: nn.Module) -> tuple[Made, Callable[[], Any], Tensor]:
    torch.manual_seed(7)
    network, x = Made(function, **parts).eval(), torch.rand(1, 4, 6, 3)
    return network, lambda: network(x), x


def added(net: Any, x: Tensor) -> Any:
    y, z = x * 2.0, net.conv(x)
    y[:, :2] += z[:, :2]
    return net.act(y)


def put_together(net: Any, x: Tensor) -> Any:
    y = torch.zeros(1, 4, 6, 3)
    y[:, :2] = net.conv(x)[:, :2]
    y[:, 2:, 1:4] = x[:, 2:, :3]
    return net.act(y)


def put_in_places(net: Any, x: Tensor) -> Any:
    y = net.conv(x)
    y[:, 1] = x[:, 0]
    y[:, 2:, ::2] = x[:, :2, 3:]
    y[..., 0] = x[..., 1]  # of time, all that reaches counts
    return net.act(y)


def written_over(net: Any, x: Tensor) -> Any:
    y = net.conv(x)
    y.copy_(x)
    return net.act(y)


def filled(net: Any, x: Tensor) -> Any:
    y = net.conv(x)
    y[:, :, 2:4].fill_(1.0)
    y[:, 0].zero_()
    return net.act(y)


def written_flat(net: Any, x: Tensor) -> Any:
    y = net.conv(x)
    y.view(1, -1, 3).add_(x.flatten(1, 2))
    return net.act(y)


def written_out(net: Any, x: Tensor) -> Any:
    y = net.conv(x)
    torch.mul(x, 2.0, out=y)
    return net.act(y)


def read_as_data(net: Any, x: Tensor) -> Any:
    return net.act(net.conv(x).data[:, 1:])


@pytest.mark.parametrize(
    "function", [added, put_together, put_in_places, written_over, filled, written_flat, written_out, read_as_data]
)
def test_what_is_written_into_a_view_is_in_the_whole(function: Callable[[Any, Tensor], Any]) -> None:
    network, run, x = made(function)
    if function in (written_out, read_as_data):  # which autograd refuses, or does not follow
        graph = NeuronGraph.of(trace(network, run, {"input": x}, "bcft"))
        assert graph.edges == (4 * 6 if function is written_out else 4 * 3 * (6 + 5 + 5))
    else:
        check(network, run, {"input": x}, "bcft")


def test_parts_written_into_parts_at_random() -> None:
    refused = 0
    for seed in range(60):
        network, x = Written(seed), torch.rand(1, 4, 6, 2)
        try:
            found, _ = edges_of(trace(network, lambda: network(x), {"input": x}, "bcft"))  # noqa: B023
        except UserError as error:
            assert "known" in str(error)
            refused += 1
        else:
            assert found == slow_edges(network, lambda: network(x), {"input": x}, "bcft"), seed  # noqa: B023
    assert refused < 20  # of these, axes cannot be told


def test_a_nonlinearity_in_place_on_a_part_is_heard_in_the_whole() -> None:
    def function(net: Any, x: Tensor) -> Any:
        y = x * 2.0
        net.inplace(y.chunk(2, dim=1)[0])
        return net.last(y)

    network, run, x = made(function, inplace=nn.ReLU(inplace=True))
    found, _ = edges_of(trace(network, run, {"input": x}, "bcft"))
    first = {("inplace", vertex, "input", vertex) for vertex in range(12)}
    then = {("last", vertex, "inplace", vertex) for vertex in range(12)}
    assert found == first | then | {("last", vertex, "input", vertex) for vertex in range(12, 24)}


def on_the_diagonal(net: Any, x: Tensor) -> Any:
    y = torch.zeros(1, 4, 6, 6)
    torch.diagonal(y, dim1=2, dim2=3).copy_(x[..., 0])
    return net.act(y)


def at_numbers(net: Any, x: Tensor) -> Any:
    y = torch.zeros(1, 4, 6, 3)
    y[:, torch.tensor([0, 2])] = x[:, :2]
    return net.act(y)


@pytest.mark.parametrize(("function", "operation"), [(on_the_diagonal, "copy_"), (at_numbers, "index_put_")])
def test_what_cannot_be_said_of_the_whole_is_refused(function: Callable[[Any, Tensor], Any], operation: str) -> None:
    network, run, x = made(function)
    with pytest.raises(UserError, match=rf"layer of the network has connections that are not known \({operation}"):
        trace(network, run, {"input": x}, "bcft")
    found, graph = edges_of(trace(network, run, {"input": x}, "bcft", dense=True))
    assert [layer.name for layer in graph.layers] == ["input", "act"]
    sources = {vertex for _, _, _, vertex in found}
    assert len(found) == len(sources) * graph.layers[1].vertices > 0


def cut(net: Any, x: Tensor) -> Any:
    one, two = x.chunk(2, dim=1)
    _, four, five = net.act(one).split([1, 2, 3], dim=2)
    six, seven = two.tensor_split(2, dim=2)
    return net.last(torch.cat([five[:, :1] + six[:, :1], seven[:, 1:] * net.act(four)[:, :1, :1]], dim=1))


def unbound(net: Any, x: Tensor) -> Any:
    places = net.act(x).unbind(2)
    return net.last(torch.stack([places[0], places[3]], dim=1)[:, 0])


@pytest.mark.parametrize(
    "function",
    [
        cut,
        lambda net, x: net.last(F.pad(net.act(x), (0, 0, 2, 1), mode="circular")),
        lambda net, x: net.last(F.interpolate(net.act(x), size=(9, 3), mode="bilinear")),
        lambda net, x: net.last(F.interpolate(net.act(x), scale_factor=(1.5, 1.0))),
        lambda net, x: net.last(F.interpolate(net.act(x), scale_factor=(0.5, 1.0), mode="nearest-exact")),
        lambda net, x: net.last(net.back(net.act(x))),
        lambda net, x: net.last(net.conv(net.act(x)).softmax(dim=1)),
        lambda net, x: net.last(F.channel_shuffle(net.act(x), 2)),
        lambda net, x: net.last(net.act(x) * net.conv(x).mean(dim=(2, 3))[:, :, None, None]),
        lambda net, x: net.last(x * net.act(net.conv(x).mean(dim=(2, 3), keepdim=True))),
        lambda net, x: net.last(net.act(x).std(dim=3, keepdim=True)),
    ],
)
def test_more_kinds_of_operations(function: Callable[[Any, Tensor], Any]) -> None:
    network, run, x = made(function, back=nn.ConvTranspose2d(4, 6, (3, 1), (3, 1), (1, 0), (2, 0), 2, dilation=(2, 1)))
    graph = check(network, run, {"input": x}, "bcft")
    assert len(graph.layers) > 2


def gate(net: Any, x: Tensor) -> Any:
    weight = net.act(net.narrow(net.conv(x).mean(dim=(2, 3))))
    return net.last(x * weight[:, :, None, None])


def test_a_gate_of_channels_reaches_all_their_places() -> None:
    network, run, x = made(gate, narrow=nn.Linear(4, 4))
    graph = check(network, run, {"input": x}, "bcft", {"act": "bc"})
    assert [layer.places for layer in graph.layers] == [6, 1, 6]


def test_a_network_of_functions_is_one_of_modules() -> None:
    def functions(net: Any, x: Tensor) -> Any:
        return torch.tanh_(net.block(F.relu(net.conv(x)) + x))

    def modules(net: Any, x: Tensor) -> Any:
        return net.last(net.block(net.act(net.conv(x)) + x))

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, (3, 1))

        def forward(self, x: Tensor) -> Tensor:
            return F.leaky_relu(F.hardtanh(self.conv(x)))

    network, run, x = made(functions, block=Block())
    found, graph = edges_of(trace(network, run, {"input": x}, "bcft"))
    assert [layer.name for layer in graph.layers] == ["input", "relu", "block_hardtanh", "block_leaky_relu", "tanh"]
    seen = nn.Sequential(nn.Conv2d(4, 4, (3, 1)), nn.GELU(), nn.GELU())
    network, run, x = made(modules, block=seen)
    names = {"input": "input", "relu": "act", "block_hardtanh": "block", "block_leaky_relu": "block_2", "tanh": "last"}
    expected = slow_edges(network, run, {"input": x}, "bcft")
    assert {(names[a], one, names[b], two) for a, one, b, two in found} == expected


def test_a_network_without_layers_is_refused() -> None:
    network, run, x = made(lambda net, _x: net.act(torch.ones(1, 4, 6, 3)))
    with pytest.raises(UserError, match=r"the network has no nonlinearity that its inputs reach"):
        trace(network, run, {"input": x}, "bcft")


def test_what_depends_on_no_input_is_no_layer() -> None:
    network, run, x = made(lambda net, x: net.last(x + net.act(torch.zeros_like(x))))
    assert [layer.name for layer in trace(network, run, {"input": x}, "bcft").layers] == ["input", "last"]


def test_what_is_returned_is_a_layer_unless_it_is_one() -> None:
    network, run, x = made(lambda net, x: (net.conv(net.act(x)), net.act(x).flatten(1), [x], "a word"))
    assert [layer.name for layer in trace(network, run, {"input": x}, "bcft").layers] == [
        "input",
        "act",
        "act_2",
        "output",
    ]


def test_parts_that_nothing_joins_are_laid_out_and_counted() -> None:
    network, run, x = made(lambda net, x: (net.act(x[:, :1]), net.last(x[:, 2:, :3])))
    graph = NeuronGraph.of(trace(network, run, {"input": x}, "bcft"))
    sizes = np.bincount(graph.parts())
    assert sizes.tolist() == [2] * 12 + [1] * 12
    found = lay_out(graph, np.ones(graph.vertices), LayoutSettings(steps=30, softening=0.1))
    assert np.isfinite(found.positions).all() and len(np.unique(found.positions, axis=0)) == graph.vertices


@pytest.mark.parametrize(
    "norm",
    [nn.LayerNorm([6, 3]), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), nn.BatchNorm2d(4).train(), nn.BatchNorm2d(4)],
)
def test_the_mean_and_deviation_of_a_normalization_are_no_connections(norm: nn.Module) -> None:
    network, run, x = made(lambda net, x: net.last(net.norm(net.conv(net.act(x)))), norm=norm)
    norm.train(norm.training or not isinstance(norm, nn.BatchNorm2d))
    with_norm, _ = edges_of(trace(network, run, {"input": x}, "bcft"))
    network, run, x = made(lambda net, x: net.last(net.conv(net.act(x))))
    without, _ = edges_of(trace(network, run, {"input": x}, "bcft"))
    assert with_norm == without


def test_what_is_not_known_is_named_and_can_be_taken_as_all_to_all() -> None:
    class Sorting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            return self.act(torch.sort(x, dim=2).values)

    network, x = nn.Sequential(Sorting()), torch.rand(1, 2, 5, 3)
    with pytest.raises(UserError, match=r"layer 0 has connections that are not known .*sort"):
        trace(network, lambda: network(x), {"input": x}, "bcft")
    found, _ = edges_of(trace(network, lambda: network(x), {"input": x}, "bcft", dense=True))
    assert len(found) == 10 * 10


@pytest.mark.parametrize(
    ("part", "operation"),
    [
        (nn.PixelShuffle(2), "pixel_shuffle"),
        (nn.GLU(dim=1), "glu"),
        (nn.LogSigmoid(), "log_sigmoid_forward"),
        (nn.LSTM(3, 3), "mkldnn_rnn_layer"),
        (nn.MultiheadAttention(3, 1), "addmm"),
    ],
)
def test_layers_that_are_not_known_are_named_with_their_operation(part: nn.Module, operation: str) -> None:
    def function(net: Any, x: Tensor) -> Any:
        if isinstance(part, nn.LSTM):
            return net.last(net.part(x[0])[0])
        return net.last(net.part(*[x[0]] * 3)[0] if isinstance(part, nn.MultiheadAttention) else net.part(x))

    network, run, x = made(function, part=part)
    with pytest.raises(UserError, match=rf"layer part has connections that are not known \({operation}\b"):
        trace(network, run, {"input": x}, "bcft")


def test_products_of_neurons_with_neurons_are_named() -> None:
    network, run, x = made(lambda net, x: net.last(net.act(x) @ x.transpose(2, 3)))
    with pytest.raises(UserError, match=r"layer of the network has connections that are not known \(bmm\)"):
        trace(network, run, {"input": x}, "bcft")


def test_all_that_an_unknown_operation_gives_is_taken_as_all_to_all() -> None:
    def function(net: Any, x: Tensor) -> Any:
        least, most = torch.aminmax(x, dim=2, keepdim=True)
        return net.act(least), net.last(most)

    network, run, x = made(function)
    with pytest.raises(UserError, match=r"not known \(aminmax\)"):
        trace(network, run, {"input": x}, "bcft")
    found, graph = edges_of(trace(network, run, {"input": x}, "bcft", dense=True))
    assert [layer.name for layer in graph.layers] == ["input", "act", "last"]
    assert len(found) == 2 * 4 * 24
