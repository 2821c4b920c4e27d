"""Links, counted and taken apart without listing edges, as if they were listed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ear_engine.cli import main
from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.errors import UserError
from ear_engine.layout.attraction import Attraction
from ear_engine.layout.graph import Link, NeuronGraph, VertexLayer, compress, disjoint
from ear_engine.layout.layouts import graph_of
from ear_engine.layout.relations import Relation, product
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.tracing import Traced, trace


@st.composite
def relations(draw: st.DrawFn, rows: int, columns: int) -> Relation:
    bits = draw(st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns))
    return sparse.csr_array(np.array(bits, np.float32).reshape(rows, columns))


@given(st.lists(st.tuples(relations(3, 2), relations(2, 4)), min_size=1, max_size=4))
def test_no_edge_is_in_two_parts_and_none_is_lost(parts: list[tuple[Relation, Relation]]) -> None:
    apart = sum(product(part).toarray() for part in disjoint(parts))
    assert np.array_equal(apart, np.any([product(part).toarray() > 0 for part in parts], axis=0).astype(float))


@given(relations(5, 4))
def test_rows_and_columns_that_are_alike_are_one(relation: Relation) -> None:
    rows, columns, small = compress(relation)
    again = np.zeros((5, 4))
    again[np.ix_(rows >= 0, columns >= 0)] = small.toarray()[np.ix_(rows[rows >= 0], columns[columns >= 0])]
    assert np.array_equal(again, relation.toarray())
    for classes, kept in ((rows, small.toarray()), (columns, small.toarray().T)):
        assert classes.max(initial=-1) + 1 == len(kept) == len(np.unique(kept, axis=0))


@st.composite
def graphs(draw: st.DrawFn) -> NeuronGraph:
    sizes = draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=2, max_size=4))
    layers, offset = [], 0
    for number, (channels, places) in enumerate(sizes):
        layers.append(VertexLayer(str(number), channels, places, offset))
        offset += channels * places
    links = []
    for target in range(1, len(sizes)):
        source = draw(st.integers(0, target - 1))
        (channels, places), (channels_s, places_s) = sizes[target], sizes[source]
        links.append(Link(target, source, draw(relations(channels, channels_s)), draw(relations(places, places_s))))
    return NeuronGraph(tuple(layers), tuple(links))


@given(graphs())
def test_parts_are_those_of_the_edges(graph: NeuronGraph) -> None:
    edges = graph.edge_list()
    assert len(edges) == graph.edges
    joined = sparse.coo_array((np.ones(len(edges)), edges.T), shape=(graph.vertices, graph.vertices))
    count, label = connected_components(joined, directed=False)
    parts = graph.parts()
    assert len(set(zip(parts, label, strict=True))) == count == parts.max() + 1
    sizes = np.bincount(parts)
    assert (np.diff(sizes) <= 0).all()  # the largest first


@given(graphs())
def test_groups_are_joined_if_an_edge_joins_them(graph: NeuronGraph) -> None:
    group, first = np.zeros(graph.vertices, np.int64), 0
    for layer in graph.layers:
        group[layer.span] = first + np.arange(layer.vertices) % layer.places
        first += layer.places
    target, source = group[graph.edge_list()].T
    expected = np.unique(np.stack([source, target], axis=1), axis=0)
    found = graph.group_pairs()
    assert np.array_equal(found, expected) and found.dtype == np.int32


def test_a_network_without_nonlinearities_is_refused() -> None:
    with pytest.raises(UserError, match="has no nonlinearity"):
        NeuronGraph.of(Traced((), ()))


def test_counts_of_the_papers_ear() -> None:
    ear, features = Ear(EarConfig()).eval(), torch.rand(1, 2, 216, 64)
    graph = NeuronGraph.of(trace(ear, lambda: ear.hear(features, circular=True), {"scalogram": features}, "bcft"))
    assert (graph.vertices, graph.edges, len(graph.group_pairs())) == (42_608, 27_471_200, 5_725)
    attraction = Attraction(graph)
    # one of them joins channels one to one, which are no groups
    assert (attraction.groups, attraction.group_links) == (965, 5_724)
    assert not graph.parts().any()


@pytest.mark.slow
def test_the_command_says_how_many_parts_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_ear(Ear(EarConfig(width=0.03)), tmp_path / "tiny", "tiny", "a tiny ear")

    def in_parts(ear: Ear, **options: Any) -> NeuronGraph:
        graph = graph_of(ear, **options)
        return replace(graph, links=tuple(link for link in graph.links if link.source > 0))

    monkeypatch.setattr("ear_engine.commands.layout.LayoutSettings", partial(LayoutSettings, steps=20, softening=0.1))
    words = ["layout", "--ear", str(tmp_path / "tiny")]
    assert main(words) == 0
    assert "falls into" not in capsys.readouterr().out
    monkeypatch.setattr("ear_engine.commands.layout.graph_of", in_parts)
    assert main(words) == 0
    assert "It falls into 433 parts that no edge joins, 432 of them single neurons." in capsys.readouterr().out
