"""Coarse graphs weigh what fine ones do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from ear_engine.layout.attraction import Attraction
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.multilevel import Level, levels
from tests.layout.graphs import convolutions, pair


def _weight(graph: NeuronGraph) -> float:
    return sum(float(link.channels.sum()) * float(link.places.sum()) for link in graph.links)


@pytest.fixture
def found() -> list[Level]:
    graph = convolutions(((5, 14), (6, 9), (7, 1)))
    return levels(graph, np.random.default_rng(1).uniform(0.1, 3.0, graph.vertices), fewest=5)


def test_charges_sizes_and_weights_are_kept(found: list[Level]) -> None:
    finest = found[0]
    assert len(found) > 4
    assert found[-1].graph.vertices <= 5
    for level in found:
        assert len(level.charges) == len(level.sizes) == level.graph.vertices
        assert level.charges.sum() == pytest.approx(finest.charges.sum())
        assert level.sizes.sum() == finest.graph.vertices
        assert _weight(level.graph) == pytest.approx(_weight(finest.graph), rel=1e-5)


def test_every_vertex_is_in_one_of_its_own_layer(found: list[Level]) -> None:
    for fine, coarse in itertools.pairwise(found):
        assert set(fine.parent) == set(range(coarse.graph.vertices))
        for before, after in zip(fine.graph.layers, coarse.graph.layers, strict=True):
            inside = fine.parent[before.span]
            assert inside.min() == after.offset
            assert inside.max() == after.offset + after.vertices - 1
    assert len(found[-1].parent) == 0


def test_a_coarse_graph_pulls_as_its_members_would_at_one_place(found: list[Level]) -> None:
    for fine, coarse in itertools.pairwise(found):
        positions = torch.randn(coarse.graph.vertices, 2, generator=torch.Generator().manual_seed(0))
        parent = torch.from_numpy(fine.parent)
        pull = Attraction(fine.graph)(positions[parent])
        summed = torch.zeros_like(positions).index_add_(0, parent, pull)
        assert torch.allclose(Attraction(coarse.graph)(positions), summed, rtol=1e-4, atol=1e-3)


def test_what_cannot_get_smaller_stays() -> None:
    (only,) = levels(pair(), np.ones(2), fewest=1)
    assert only.graph.vertices == 2
