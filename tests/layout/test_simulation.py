"""Vertices come to rest where the formula says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from ear_engine.layout.attraction import Attraction
from ear_engine.layout.graph import NeuronGraph
from ear_engine.layout.layouts import lay_out
from ear_engine.layout.repulsion import Exact, Kernel, exact_energy
from ear_engine.layout.simulation import Physics, Simulation, radius
from tests.layout.graphs import convolutions, layers, pair


def start(graph: NeuronGraph, physics: Physics, dimensions: int = 2, charges: Tensor | None = None) -> Simulation:
    ones = torch.ones(graph.vertices)
    positions = torch.randn(graph.vertices, dimensions, generator=torch.Generator().manual_seed(3))
    return Simulation(Attraction(graph), ones if charges is None else charges, ones, Exact(), physics, positions)


def settle(simulation: Simulation, residual: float = 1e-5, steps: int = 3000) -> Simulation:
    for _ in range(steps):
        if simulation.step() < residual:
            return simulation
    raise AssertionError(f"a residual of {simulation.residual} after {steps} steps")


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_two_vertices_rest_at_the_distance_of_the_formula(exponent: float, dimensions: int) -> None:
    physics = Physics(exponent, centering=0.1, softening=0.02)
    simulation = settle(start(pair(), physics, dimensions))
    # q² / (d² + s²)^((k + 1) / 2) = w + l / 2, with s a share of the RMS radius, d / 2
    expected = (1.0 + 0.1 / 2) ** (-1.0 / (exponent + 1.0)) / (1.0 + 0.02**2 / 4) ** 0.5
    first, second = simulation.positions
    assert float((first - second).norm()) == pytest.approx(expected, rel=1e-3)
    assert float((first + second).norm()) < 1e-3  # centering


def test_charges_push_farther() -> None:
    charges = torch.tensor([2.0, 4.0])
    simulation = settle(start(pair(), Physics(2.0, 0.1, 0.001), charges=charges))
    first, second = simulation.positions
    assert float((first - second).norm()) == pytest.approx((8.0 / 1.05) ** (1 / 3), rel=1e-3)


class OneLaw(Simulation):
    """Whose softening does not go with the radius, so that one energy is that of all steps."""

    @property
    def kernel(self) -> Kernel:
        return Kernel(self.physics.exponent, self.physics.softening)


@pytest.mark.parametrize("exponent", [1.0, 2.0, 3.0])
def test_energy_falls_and_motion_ends(exponent: float) -> None:
    graph = convolutions()
    physics = Physics(exponent, 0.05, 0.013)
    ones = torch.ones(graph.vertices)
    positions = torch.randn(graph.vertices, 2, generator=torch.Generator().manual_seed(3))
    simulation = OneLaw(Attraction(graph), ones, ones, Exact(), physics, positions)

    def energy() -> float:
        p = simulation.positions
        centering = physics.centering * simulation.attraction.degree.mean()
        springs = simulation.attraction.energy(p, simulation.attraction(p))
        repulsion = exact_energy(p, simulation.charges, simulation.kernel)
        return float(springs + 0.5 * centering * p.square().sum()) + repulsion

    energies = [energy()]
    for _ in range(4):
        for _ in range(15):
            simulation.step()
        energies.append(energy())
    settle(simulation, 1e-3)
    energies.append(energy())
    assert energies[1] < energies[0]
    slack = 0.01 * abs(energies[-1])
    assert all(after < before + slack for before, after in itertools.pairwise(energies))
    assert energies[-1] <= min(energies) + slack


def test_dense_places_do_not_hold_up_the_rest() -> None:
    """Groups begin with all their vertices beside each other: their repulsion is many times as stiff as springs."""
    graph = convolutions(((20, 7), (30, 5), (25, 1)))
    ones = torch.ones(graph.vertices)
    random = torch.Generator().manual_seed(3)
    middles = torch.randn(graph.vertices, 2, generator=random)[torch.arange(graph.vertices) // 20]
    positions = middles + 0.01 * torch.randn(graph.vertices, 2, generator=random)
    simulation = Simulation(Attraction(graph), ones, ones, Exact(), Physics(2.5, 0.05, 0.005), positions)
    settle(simulation, 1e-2, steps=2000)


def test_one_vertex_rests_wherever_it_is() -> None:
    alone = NeuronGraph(layers((1, 1)), ())
    found = lay_out(alone, np.ones(1))
    assert found.residual == 0.0
    assert found.positions.tolist() == [[0.5, 0.5]]


def test_it_fills_space() -> None:
    simulation = settle(start(convolutions(), Physics(2.0, 0.05, 0.01), 3), 1e-3)
    assert (simulation.positions.std(dim=0) > 0.1 * radius(simulation.positions)).all()


def test_the_same_start_ends_the_same() -> None:
    runs = []
    for _ in range(2):
        simulation = start(convolutions(), Physics(2.0, 0.05, 0.01))
        for _ in range(40):
            simulation.step()
        runs.append(simulation.positions)
    assert torch.equal(*runs)
