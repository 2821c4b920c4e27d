"""Layouts are measured as it is said: graphs of the sizes asked for, energies and neighborhoods as the slow way has."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse
from torch import Tensor

from ear_engine.benchmarks import layout, layout_peers, layout_runs
from ear_engine.benchmarks.layout import Case, Subject
from ear_engine.benchmarks.layout_graphs import encoder, load
from ear_engine.benchmarks.layout_quality import by_chance, energy, force_error, neighborhood_preservation
from ear_engine.benchmarks.layout_steps import PAIRS, TREE, motion
from ear_engine.benchmarks.report import markdown
from ear_engine.layout.attraction import Attraction
from ear_engine.layout.charges import balanced
from ear_engine.layout.graph import Link, NeuronGraph
from ear_engine.layout.layouts import lay_out
from ear_engine.layout.multilevel import levels
from ear_engine.layout.relations import identity, pick, whole
from ear_engine.layout.repulsion import Exact, Kernel
from ear_engine.layout.settings import LayoutSettings
from ear_engine.layout.simulation import Physics, Simulation
from tests.layout.graphs import convolutions, layers

SIDE = 12


def lattice() -> tuple[NeuronGraph, Tensor]:
    """A square lattice, each vertex with an edge to those beside it, and where it belongs."""
    one = whole(1, 1)
    before = pick(np.arange(SIDE) - 1, SIDE)
    links = [Link(row, row, one, before) for row in range(SIDE)]
    links += [Link(row, row - 1, one, identity(SIDE)) for row in range(1, SIDE)]
    places = torch.cartesian_prod(torch.arange(SIDE), torch.arange(SIDE)).float()
    return NeuronGraph(layers(*[(1, SIDE)] * SIDE), tuple(links)), places


@pytest.mark.parametrize("vertices", [300, 1000, 10_000, 200_000, 1_000_000])
def test_encoders_are_as_large_as_asked_for(vertices: int) -> None:
    graph = encoder(vertices)
    assert graph.vertices == pytest.approx(vertices, rel=0.08)
    assert len(graph.layers) == 12
    first, last = graph.layers[0], graph.layers[-1]
    assert last.channels >= 20 * first.channels
    assert first.places >= 20 * last.places
    mean = graph.edges / graph.vertices
    assert 0.2 < mean / math.sqrt(vertices) < 3.0


def test_an_encoder_hears_neighboring_places_and_its_edges_are_all_there_once() -> None:
    graph = encoder(1000)
    assert not graph.parts().any()
    edges = graph.edge_list()
    assert len(edges) == graph.edges == len(np.unique(edges, axis=0))
    beside, past = graph.links[0].places.toarray(), graph.links[3].places.toarray()
    apart = np.abs(np.subtract.outer(np.arange(len(beside)), np.arange(len(beside))))
    assert ((apart <= 2) == (beside == 1.0)).all()
    assert (past.sum(axis=1) == 1.0).all()


def test_graphs_are_found_by_name() -> None:
    graph, charges = load("300")
    again = load("300")[1]
    assert charges.shape == (graph.vertices,)
    assert charges.min() > 0.0
    assert np.array_equal(charges, again)


def test_all_neighborhoods_of_a_lattice_are_preserved_where_it_belongs_and_few_at_random() -> None:
    graph, places = lattice()
    attraction = Attraction(graph)
    assert neighborhood_preservation(attraction, places) == pytest.approx(1.0)
    anywhere = torch.rand(places.shape, generator=torch.Generator().manual_seed(5))
    assert neighborhood_preservation(attraction, anywhere) < 0.1
    assert by_chance(attraction, graph.vertices) == pytest.approx(2 * graph.edges / SIDE**2 / (SIDE**2 - 1))


def test_neighborhoods_are_those_of_all_edges() -> None:
    graph = convolutions()
    count, edges = graph.vertices, graph.edge_list()
    joined = sparse.coo_array((np.ones(len(edges)), edges.T), shape=(count, count)).toarray()
    joined = (joined + joined.T) > 0
    places = np.random.default_rng(2).normal(size=(count, 2))
    shares = []
    for vertex in range(count):
        away = np.linalg.norm(places - places[vertex], axis=1)
        nearest = [other for other in np.argsort(away) if other != vertex][: joined[vertex].sum()]
        shares.append(joined[vertex, nearest].mean())
    found = neighborhood_preservation(Attraction(graph), torch.from_numpy(places).float())
    assert found == pytest.approx(np.mean(shares))


@pytest.mark.parametrize("exponent", [1.0, 1.75])
def test_energy_is_the_direct_sum_and_forces_are_its_slope(exponent: float) -> None:
    graph = convolutions()
    random = torch.Generator().manual_seed(3)
    positions = torch.randn(graph.vertices, 2, generator=random)
    charges, sizes = (torch.rand(graph.vertices, generator=random) + 0.5 for _ in range(2))
    physics, attraction = Physics(exponent, 0.05, 0.1), Attraction(graph)
    simulation = Simulation(attraction, charges, sizes, Exact(), physics, positions)
    softening = simulation.kernel.softening

    p = positions.double().requires_grad_()
    total: Any = 0.0
    for one in range(graph.vertices):
        for other in range(one):
            apart = ((p[one] - p[other]).square().sum() + softening**2).sqrt()
            pair = -apart.log() if exponent == 1.0 else apart ** (1.0 - exponent) / (exponent - 1.0)
            total = total + charges[one].double() * charges[other].double() * pair
    for link in graph.links:
        target, source = graph.layers[link.target], graph.layers[link.source]
        weights = np.kron(link.channels.toarray(), link.places.toarray())
        for i, j in zip(*weights.nonzero(), strict=True):
            total = total + 0.5 * weights[i, j] * (p[target.offset + i] - p[source.offset + j]).square().sum()
    edge = float(attraction.degree.sum() / sizes.sum())
    total = total + 0.5 * 0.05 * edge * (sizes.double() @ p.square().sum(dim=1))

    assert energy(attraction, charges, sizes, physics, positions, softening) == pytest.approx(total.item(), rel=1e-5)
    (slope,) = torch.autograd.grad(total, p)
    torch.testing.assert_close(simulation.forces(positions).double(), -slope, rtol=1e-4, atol=1e-3)


def test_an_error_of_three_per_cent_is_one() -> None:
    random = torch.Generator().manual_seed(1)
    positions, charges = torch.randn(500, 2, generator=random), torch.rand(500, generator=random) + 0.5

    def off(positions: Tensor, charges: Tensor, kernel: Kernel) -> Tensor:
        return 1.03 * Exact()(positions, charges, kernel)

    kernel = Kernel(1.75, 0.01)
    assert force_error(off, positions, charges, kernel) == pytest.approx(0.03, rel=1e-2)
    assert force_error(Exact(), positions, charges, kernel) < 1e-5


def test_what_is_driven_here_moves_as_layouts_do() -> None:
    graph, charges = load("300")
    settings = LayoutSettings(steps=4)
    rested: list[Any] = []
    lay_out(graph, charges, settings, settled=lambda _level, positions: rested.append(positions))
    degree = Attraction(graph).degree[:, 0].double().numpy()
    found = levels(graph, balanced(charges, degree, settings.balance))
    *_, end = motion(found, settings, Exact())
    np.testing.assert_allclose(end.positions.double().numpy(), rested[-1], rtol=1e-3, atol=1e-4)


def test_peers_lay_out_and_what_they_do_not_do_is_counted() -> None:
    graph, attraction = encoder(300), Attraction(encoder(300))
    present = layout_peers.installed()
    assert layout_peers.IGRAPH in present  # `make test` installs it
    for peer in present:
        laid = layout_peers.lay_out(peer, graph, 60.0)
        assert laid.iterations == peer.iterations
        kept = neighborhood_preservation(attraction, torch.from_numpy(laid.positions).float())
        assert kept > 3 * by_chance(attraction, graph.vertices)
        less = layout_peers.lay_out(peer, graph, 0.0)
        assert less.iterations < peer.iterations
        assert less.seconds > less.iteration * (peer.iterations - 1)


def test_a_peer_that_is_not_installed_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for peer in layout_peers.PEERS:
        monkeypatch.setitem(sys.modules, peer.module, None)
    assert layout_peers.installed() == []
    said = capsys.readouterr().err
    assert "igraph" in said
    assert "pip install 'ear-engine[bench]'" in said
    assert len(said.splitlines()) == 1


def test_a_fresh_process_has_as_many_threads() -> None:
    assert layout_runs.in_fresh_process(torch.get_num_threads) == 1


def here(function: Callable[..., object], *args: object, **kwargs: object) -> object:
    """In place of a process of its own."""
    return function(*args, **kwargs)


SMALL = LayoutSettings(softening=0.05, steps=3)


@pytest.mark.slow
def test_layouts_are_measured_against_all_pairs_a_tree_and_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "in_fresh_process", here)
    name = layout_peers.IGRAPH.name
    subject = Subject("300", 1, True, (name,), True, (("1 %", 1e-9), ("0.1 %", 1e9)), 1e9, 1e9)
    rows = layout.run(None, Case((subject,), "300", 0.1, SMALL))
    assert len({row.case for row in rows}) == len(rows)
    assert all(row.part == "layout" and row.value >= 0.0 for row in rows)
    assert [row.target for row in rows if "median error" in row.case] == [*[1.0] * 3, *[0.1] * 3, *[None] * 3]
    steps = [row for row in rows if ": step, " in row.case]
    assert [row.met for row in steps] == [False, None, True, None]
    assert [(PAIRS in row.case, TREE in row.case) for row in steps] == [(True, False), (False, True)] * 2
    assert all(row.reference and row.ratio for row in steps)
    against = [row for row in rows if name in row.case]
    assert [(row.unit, row.met) for row in against][:2] == [("s", True), ("%", None)]
    assert all(row.reference for row in against)
    assert [row.target for row in rows if "final energy" in row.case] == [2.0]
    assert "nearest on the map" in markdown(rows, {}, "test")


def test_layouts_are_measured_without_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "in_fresh_process", here)
    monkeypatch.setattr(layout_peers, "installed", list)
    subject = Subject("300", 1, False, (layout_peers.IGRAPH.name,), False, (), 1e9)
    rows = layout.run(1, Case((subject,), "300", 0.1, SMALL))
    assert not any("igraph" in row.case or TREE in row.case or "median error" in row.case for row in rows)
    whole_layout = next(row for row in rows if row.case.endswith("whole layout"))
    assert (whole_layout.reference, whole_layout.met) == (None, True)
