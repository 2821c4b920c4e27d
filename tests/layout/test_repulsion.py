"""The sum over all pairs, and how near to it the quick ways come."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from ear_engine.layout.barnes_hut import BarnesHut
from ear_engine.layout.far_fields import error_of
from ear_engine.layout.fourier_grid import ACCURATE, FAST, FourierGrid
from ear_engine.layout.graph import Link, NeuronGraph
from ear_engine.layout.layouts import lay_out
from ear_engine.layout.relations import whole, window
from ear_engine.layout.repulsion import Exact, FarField, Kernel, exact_energy, exact_forces
from ear_engine.layout.settings import LayoutSettings
from tests.layout.graphs import layers

COUNT = 4000
QUICK: dict[str, tuple[FarField, float]] = {
    "fast": (FourierGrid(FAST), 1e-2),
    "accurate": (FourierGrid(ACCURATE), 1e-3),
    "tree": (BarnesHut(0.5), 1e-2),
}


def layout(name: str, dimensions: int, count: int = COUNT) -> tuple[Tensor, Tensor]:
    """Positions of RMS radius 1, and charges."""
    generator = torch.Generator().manual_seed(6)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    points = normal(count, dimensions)
    if name == "clusters":
        centers = normal(40, dimensions)
        points = centers[torch.randint(len(centers), (count,), generator=generator)] + 0.05 * points
    elif name == "ring":
        points = points / points.norm(dim=1, keepdim=True) * (1.0 + 0.05 * normal(count, 1))
    points -= points.mean(dim=0)
    return points / points.square().sum(dim=1).mean().sqrt(), torch.rand(count, generator=generator) + 0.5


def error(far: FarField, positions: Tensor, charges: Tensor, kernel: Kernel) -> float:
    """Median, relative."""
    rows = torch.arange(0, len(positions), 16)
    expected = exact_forces(positions.double(), charges.double(), kernel, rows)
    found = far(positions, charges, kernel)[rows]
    return float(((found - expected).norm(dim=1) / expected.norm(dim=1)).median())


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.5])
def test_the_exact_sum_and_its_energy(exponent: float) -> None:
    positions, charges = layout("gaussian", 3, 30)
    kernel = Kernel(exponent, 0.1)
    forces = torch.zeros(30, 3, dtype=torch.float64)
    energy = 0.0
    for i in range(30):
        for j in range(30):
            apart = positions[i].double() - positions[j].double()
            softened = math.sqrt(float(apart.square().sum()) + 0.1**2)
            forces[i] += float(charges[i] * charges[j]) * apart / softened ** (exponent + 1.0)
            if i < j:
                one = -math.log(softened) if exponent == 1.0 else softened ** (1.0 - exponent) / (exponent - 1.0)
                energy += float(charges[i] * charges[j]) * one
    torch.testing.assert_close(Exact()(positions, charges, kernel).double(), forces, rtol=1e-3, atol=1e-4)
    assert exact_energy(positions, charges, kernel) == pytest.approx(energy, rel=1e-5)


def test_forces_are_the_slope_of_the_energy() -> None:
    positions, charges = layout("gaussian", 2, 20)
    positions, charges, kernel = positions.double(), charges.double(), Kernel(1.5, 0.2)
    forces, step = Exact()(positions, charges, kernel), 1e-5
    moved = positions.clone()
    moved[3, 1] += step
    slope = (exact_energy(moved, charges, kernel) - exact_energy(positions, charges, kernel)) / step
    assert float(forces[3, 1]) == pytest.approx(-slope, rel=1e-3)


@pytest.mark.parametrize("exponent", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("name", ["gaussian", "clusters", "ring"])
@pytest.mark.parametrize("way", QUICK)
def test_error_in_a_plane(way: str, name: str, exponent: float) -> None:
    far, most = QUICK[way]
    assert error(far, *layout(name, 2), Kernel(exponent, 0.03)) <= most


@pytest.mark.parametrize("exponent", [1.0, 2.0])
@pytest.mark.parametrize("name", ["gaussian", "ring"])
@pytest.mark.parametrize("way", QUICK)
def test_error_in_space(way: str, name: str, exponent: float) -> None:
    far, most = QUICK[way]
    assert error(far, *layout(name, 3), Kernel(exponent, 0.2)) <= most


def test_how_far_a_grid_is_off_is_measured() -> None:
    """Any positions but those of layouts: two narrow clusters far apart, one vertex far from all, and no law at all."""
    positions, charges = layout("gaussian", 2)
    assert error_of(Exact(), positions, charges, Kernel(1.0, 0.03)) == 0.0
    for fineness, most in ((FAST, 1e-2), (ACCURATE, 1e-3)):
        assert 0.0 < error_of(FourierGrid(fineness), positions, charges, Kernel(1.0, 0.03)) < most
    apart = 0.01 * positions
    apart[::2, 0] += 2.0
    far, kernel = FourierGrid(FAST), Kernel(0.25, 0.008)
    assert error_of(far, apart, charges, kernel) == pytest.approx(error(far, apart, charges, kernel), rel=0.3)
    assert error_of(far, apart, charges, kernel) > 0.05
    lost = positions.clone()
    lost[0, 0] = 1e6
    for fineness in (FAST, ACCURATE):
        assert error_of(FourierGrid(fineness), lost, charges, Kernel(0.25, 126.0)) > 0.1
    one_place = torch.full((2000, 2), 0.3)
    assert math.isfinite(error_of(FourierGrid(FAST), one_place, torch.ones(2000), Kernel(1.0, 0.1)))


@pytest.mark.parametrize("exponent", [0.25, 1.0])
def test_layouts_at_rest_do_not_go_where_a_grid_is_off(exponent: float) -> None:
    sizes = layers((8, 60), (12, 40), (10, 8), (1, 1))  # one that hangs on nothing, and little that centers it
    links = (Link(1, 0, whole(12, 8), window(60, 40, 21)), Link(2, 1, whole(10, 12), window(40, 8, 5, 5)))
    graph = NeuronGraph(sizes, links)
    found = lay_out(graph, np.ones(graph.vertices), LayoutSettings(exponent=exponent, centering=1e-4))
    assert 0.0 < found.error < 3e-3
    assert found.residual < found.settings.rest


@pytest.mark.parametrize("way", QUICK)
def test_what_pushes_is_pushed(way: str) -> None:
    positions, charges = layout("clusters", 2)
    forces = QUICK[way][0](positions, charges, Kernel(1.0, 0.03)).double()
    # a tree's runs push where nothing pushes back
    assert float(forces.sum(dim=0).norm() / forces.norm(dim=1).sum()) < (1e-3 if way == "tree" else 1e-6)


@pytest.mark.parametrize("way", [*QUICK, "exact"])
@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("count", [1, 2, 17, 300])
def test_few_vertices_and_all_at_one_place(way: str, dimensions: int, count: int) -> None:
    far: FarField = QUICK[way][0] if way in QUICK else Exact()
    charges = torch.ones(count)
    assert float(far(torch.full((count, dimensions), 3.7), charges, Kernel(1.0, 0.1)).abs().max()) < 1e-4 * count
    apart = torch.zeros(count, dimensions)
    apart[0] = 1.0
    forces = far(apart, charges, Kernel(1.0, 0.1))
    expected = (count - 1) / (dimensions + 0.01)
    torch.testing.assert_close(forces[0], torch.full((dimensions,), expected), rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize("way", [*QUICK, "exact"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_positions_that_are_no_numbers_are_refused(way: str, bad: float) -> None:
    far: FarField = QUICK[way][0] if way in QUICK else Exact()
    positions, charges = layout("ring", 2, 100)
    positions[7, 1] = bad
    with pytest.raises(FloatingPointError, match="no numbers"):
        far(positions, charges, Kernel(1.0, 0.1))


_NO_KERNELS = [(0.0, 0.1), (-1.0, 0.1), (1.0, 0.0), (math.nan, 0.1), (1.0, math.inf)]


@pytest.mark.parametrize(("exponent", "softening"), _NO_KERNELS)
def test_a_kernel_that_is_none_is_refused(exponent: float, softening: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Kernel(exponent, softening)


@pytest.mark.parametrize("way", QUICK)
def test_twice_the_same(way: str) -> None:
    far = QUICK[way][0]
    positions, charges = layout("clusters", 2)
    first, second = (far(positions, charges, Kernel(1.5, 0.03)) for _ in range(2))
    assert torch.equal(first, second)


def test_a_grid_that_would_be_too_large_softens() -> None:
    positions, charges = layout("ring", 2)
    small, kernel = FourierGrid(replace(ACCURATE, most=1 << 16)), Kernel(1.0, 0.003)
    softening = small.softening(positions, kernel)
    assert 0.003 < softening < 0.1
    assert error(small, positions, charges, kernel) > 3e-3
    assert FourierGrid(ACCURATE).softening(positions, kernel) == pytest.approx(0.003)
    rows = torch.arange(0, COUNT, 16)
    expected = exact_forces(positions.double(), charges.double(), Kernel(1.0, softening), rows)
    found = small(positions, charges, kernel)[rows]
    assert float(((found - expected).norm(dim=1) / expected.norm(dim=1)).median()) < 1e-3


def test_a_tree_that_opens_all_is_the_exact_sum() -> None:
    positions, charges = layout("clusters", 3, 500)
    assert error(BarnesHut(0.0), positions, charges, Kernel(2.0, 0.05)) < 1e-5


def test_far_away_and_in_other_units_it_is_the_same_force() -> None:
    positions, charges = layout("clusters", 2)
    kernel, larger = Kernel(1.5, 0.03), Kernel(1.5, 0.03 * 512.0)
    for far, _ in QUICK.values():
        here = far(positions, charges, kernel)
        there = far(positions * 512.0, charges, larger) * 512.0**1.5
        assert float((here - there).norm() / here.norm()) < 1e-5


@pytest.mark.parametrize("way", ["fast", "accurate"])
def test_a_grid_does_not_move_with_the_outermost_vertex(way: str) -> None:
    far, (positions, charges), kernel = QUICK[way][0], layout("clusters", 2, 1000), Kernel(1.5, 0.03)

    def wrong(at: Tensor) -> Tensor:
        return far(at, charges, kernel) - Exact()(at.double(), charges.double(), kernel)

    before = wrong(positions)
    moved = positions.clone()
    outermost = moved.argmin(dim=0)
    moved[outermost, torch.arange(2)] -= 0.01
    change = wrong(moved) - before
    change[outermost] = 0.0
    assert float(change.norm() / before.norm()) < 0.2


def test_single_precision_keeps_far_vertices_beside_a_large_share_of_near_ones() -> None:
    positions = torch.randn(200, 2, generator=torch.Generator().manual_seed(3)) + 10.0
    charges, kernel = torch.ones(200), Kernel(2.0, 1e-4)
    forces = Exact()(positions, charges, kernel)
    true = Exact()(positions.double(), charges.double(), kernel)
    assert float((forces - true).norm() / true.norm()) < 1e-4
