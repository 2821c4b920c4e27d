"""Sums of groups pull as the edges do, one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from ear_engine.ear.autoregressive import AutoregressiveBlockConfig
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.layout.attraction import Attraction
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.relations import product
from ear_engine.layout.tracing import trace
from tests.layout.networks import Drawn, Pictures, Sounds


def edges(graph: NeuronGraph) -> tuple[Tensor, Tensor, Tensor]:
    """Of all links: targets, sources and weights, (edges,) each."""
    targets, sources, weights = [], [], []
    for link in graph.links:
        both = product([link.channels, link.places]).tocoo()
        targets.append(torch.from_numpy(both.row.astype("int64")) + graph.layers[link.target].offset)
        sources.append(torch.from_numpy(both.col.astype("int64")) + graph.layers[link.source].offset)
        weights.append(torch.from_numpy(both.data).double())
    return torch.cat(targets), torch.cat(sources), torch.cat(weights)


def check(graph: NeuronGraph, dimensions: int = 2) -> None:
    attraction = Attraction(graph)
    positions = torch.randn(graph.vertices, dimensions, generator=torch.Generator().manual_seed(1))
    forces = attraction(positions)
    target, source, weight = edges(graph)
    apart = positions.double()[source] - positions.double()[target]
    expected = torch.zeros(graph.vertices, dimensions, dtype=torch.float64)
    expected.index_add_(0, target, weight[:, None] * apart).index_add_(0, source, -weight[:, None] * apart)
    scale = float(expected.abs().max())
    assert float((forces - expected).abs().max()) < 2e-6 * scale
    assert float(forces.double().sum(dim=0).abs().max()) < 1e-5 * scale
    degree = torch.zeros(graph.vertices, dtype=torch.float64)
    degree.index_add_(0, target, weight).index_add_(0, source, weight)
    torch.testing.assert_close(attraction.degree[:, 0].double(), degree, rtol=1e-5, atol=1e-5)
    energy = 0.5 * (weight * apart.square().sum(dim=1)).sum()
    assert float(attraction.energy(positions, forces)) == pytest.approx(float(energy), rel=1e-4)


def short_ear() -> Ear:
    short = (AutoregressiveBlockConfig(40, 3, 2), AutoregressiveBlockConfig(40, 2, 1))
    return Ear(EarConfig(width=0.025, autoregressive=short)).eval()


def graph_of(network: nn.Module, run: Callable[[Tensor], object], x: Tensor, axes: str, weighted: bool) -> NeuronGraph:
    return NeuronGraph.of(trace(network, lambda: run(x), {"input": x}, axes, weighted=weighted))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_networks_drawn_at_random(seed: int, weighted: bool) -> None:
    network = Drawn(seed).eval()
    check(graph_of(network, network, network.example, network.axes, weighted), 2 + seed % 2)


@pytest.mark.parametrize("weighted", [False, True])
def test_every_kind_of_connection(weighted: bool) -> None:
    torch.manual_seed(4)
    pictures, sounds, ear = Pictures().eval(), Sounds().eval(), short_ear()
    check(graph_of(pictures, pictures, torch.rand(1, 3, 12, 12), "bcyx", weighted))
    check(graph_of(sounds, sounds, torch.rand(1, 2, 12, 9), "bcft", weighted), 3)
    check(graph_of(ear, lambda x: ear.hear(x, circular=True), torch.rand(1, 2, 216, 64), "bcft", weighted))


def test_weights_are_those_of_the_convolutions() -> None:
    torch.manual_seed(5)
    first, second = nn.Conv2d(3, 4, (3, 2), padding=(1, 0)), nn.Conv2d(4, 6, (3, 1), stride=(2, 1), groups=2)
    network = nn.Sequential(nn.Sequential(first, nn.ReLU()), nn.Sequential(second, nn.ReLU()))
    graph = graph_of(network, network, torch.rand(1, 3, 9, 5), "bcft", True)
    assert [(layer.channels, layer.places) for layer in graph.layers] == [(3, 9), (4, 9), (6, 4)]
    positions = torch.randn(graph.vertices, 2)
    expected = torch.zeros(graph.vertices, 2, dtype=torch.float64)
    for number, module in enumerate((first, second)):
        source, target = graph.layers[number], graph.layers[number + 1]
        weight = module.weight.detach().abs().sum(dim=3).double()  # time is no part of a neuron
        stride, pad, groups = module.stride[0], int(module.padding[0]), module.groups

        def hear(x: Tensor, w: Tensor = weight, s: int = stride, p: int = pad, g: int = groups) -> Tensor:
            return nn.functional.conv1d(x, w, stride=s, padding=p, groups=g)

        for axis in range(2):
            at = positions[:, axis].double()
            here, there = (at[layer.span].view(1, layer.channels, -1) for layer in (target, source))
            one = torch.ones_like(there).requires_grad_()
            heard = hear(one)
            pulled = hear(there) - heard.detach() * here
            # each source is pulled by every target that hears it: the transposed convolution
            (back,) = torch.autograd.grad(heard, one, here, retain_graph=True)
            (count,) = torch.autograd.grad(heard, one, torch.ones_like(heard))
            expected[target.span, axis] += pulled.flatten()
            expected[source.span, axis] += (back - count * there).flatten()
    torch.testing.assert_close(Attraction(graph)(positions).double(), expected, rtol=1e-5, atol=1e-5)
