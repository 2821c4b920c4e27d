"""Connections found by themselves, against the network's Jacobian."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from ear_engine.ear.activations import Recorder, index_layers
from ear_engine.ear.autoregressive import AutoregressiveBlockConfig
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.errors import UserError
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.tracing import Traced, trace
from tests.layout.networks import Drawn, Edges, Pictures, Sounds, slow_edges


def edges_of(traced: Traced) -> tuple[Edges, NeuronGraph]:
    graph = NeuronGraph.of(traced)
    names = [(layer.name, vertex) for layer in graph.layers for vertex in range(layer.vertices)]
    pairs = graph.edge_list()
    found = {(*names[target], *names[source]) for target, source in pairs}
    assert len(found) == len(pairs) == graph.edges  # none twice
    return found, graph


def check(network: nn.Module, run: Callable[[], object], inputs: dict[str, Tensor], axes: str) -> NeuronGraph:
    found, graph = edges_of(trace(network, run, inputs, axes))
    assert found == slow_edges(network, run, inputs, axes)
    return graph


@pytest.mark.slow
def test_a_residual_network_for_pictures() -> None:
    torch.manual_seed(1)
    network, x = Pictures().eval(), torch.rand(1, 3, 20, 20)
    graph = check(network, lambda: network(x), {"input": x}, "bcyx")
    assert [layer.name for layer in graph.layers][:5] == ["input", "relu", "layer1", "layer1_2", "layer2"]
    assert graph.layers[1].places == 10 * 10


def test_a_network_along_time() -> None:
    torch.manual_seed(2)
    network, x = Sounds().eval(), torch.rand(1, 2, 12, 9)
    graph = check(network, lambda: network(x), {"input": x}, "bcft")
    assert [(layer.name, layer.channels, layer.places) for layer in graph.layers] == [
        ("input", 2, 12),
        ("first", 4, 6),
        ("second", 4, 3),
        ("third", 5, 1),
        ("fourth", 3, 1),
    ]


@pytest.mark.parametrize("seed", range(12))
def test_networks_drawn_at_random(seed: int) -> None:
    network = Drawn(seed).eval()
    x = torch.rand(1, network.channels, 40, 2)
    check(network, lambda: network(x), {"input": x}, "bcft")


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
    graph = check(ear, lambda: ear.hear(features, circular=True), {"scalogram": features}, "bcft")
    assert graph.layers[1].name == "encoder_0_conv1"
    assert graph.parts().max() == 0


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
