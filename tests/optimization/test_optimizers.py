"""Optimizers: where they point, what they remember, and that the number of steps in a beat does not matter."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ear_engine.optimization.optimizers.adam import Adam
from ear_engine.optimization.optimizers.base import Optimizer
from ear_engine.optimization.optimizers.momentum import Momentum
from ear_engine.optimization.optimizers.normalized import NormalizedGradient
from ear_engine.optimization.optimizers.sign import Sign
from ear_engine.plugins import Registry

ALL = [NormalizedGradient, Momentum, Adam, Sign]


def noise(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def run(optimizer: Optimizer, gradients: list[torch.Tensor], beats: float) -> torch.Tensor:
    """The last direction, after steps of ``beats`` beats each."""
    state = optimizer.start(gradients[0])
    direction = gradients[0]
    for gradient in gradients:
        direction, state = optimizer.direction(gradient, state, optimizer.numbers(beats))
    return direction


def rms(x: torch.Tensor) -> float:
    return float(x.square().mean().sqrt())


def climb(optimizer: Optimizer, steps: int, beats: float = 2.0, rate: float = 0.25) -> torch.Tensor:
    """From 0 towards the top of a hill that is ten times steeper in some coordinates than in others."""
    top, steep = noise(1, 400), 10.0 ** torch.linspace(-0.5, 0.5, 400)
    place = torch.zeros_like(top)
    state = optimizer.start(place)
    for _ in range(int(steps * beats)):
        direction, state = optimizer.direction(steep * (top - place), state, optimizer.numbers(1 / steps))
        place = place + direction * (rate / steps / rms(direction))
    return place


@pytest.mark.parametrize("kind", ALL)
def test_5_and_500_steps_a_beat_end_at_the_same_place(kind: type[Optimizer]) -> None:
    few, many = climb(kind(), 5), climb(kind(), 500)
    assert rms(few) > 0.3
    assert rms(few - many) < 0.1 * rms(many)


@pytest.mark.parametrize("kind", ALL)
def test_every_method_climbs(kind: type[Optimizer]) -> None:
    top = noise(1, 400)
    assert rms(climb(kind(), 20) - top) < 0.75 * rms(top)


@pytest.mark.parametrize("kind", ALL)
def test_the_scale_of_a_gradient_does_not_matter(kind: type[Optimizer]) -> None:
    gradients = [noise(2, 100, seed=seed) for seed in range(6)]
    scaled = [gradient * 1e-6 for gradient in gradients]
    assert torch.allclose(run(kind(), gradients, 0.1), run(kind(), scaled, 0.1), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ALL)
def test_rows_do_not_know_of_each_other(kind: type[Optimizer]) -> None:
    gradients = [noise(2, 100, seed=seed) * torch.tensor([[1.0], [100.0]]) for seed in range(6)]
    alone = run(kind(), [gradient[:1] for gradient in gradients], 0.1)
    assert torch.allclose(run(kind(), gradients, 0.1)[:1], alone, atol=1e-6)


@pytest.mark.parametrize("kind", ALL)
def test_no_gradient_gives_no_direction(kind: type[Optimizer]) -> None:
    assert not run(kind(), [torch.zeros(1, 10)] * 3, 0.1).any()


@pytest.mark.parametrize("kind", ALL)
def test_numbers_keep_their_shape_and_long_steps_forget(kind: type[Optimizer]) -> None:
    short, long = kind().numbers(1e-4), kind().numbers(1e3)
    assert short.shape == long.shape
    assert short.dtype == torch.float32
    assert bool((short > 0.999).all())
    assert bool((long < 1e-6).all())


@pytest.mark.parametrize(("kind", "half_life"), [(NormalizedGradient, 0.25), (Momentum, 1.0)])
@pytest.mark.parametrize("steps", [1, 7, 100])
def test_after_its_half_life_an_average_is_half_new(kind: type[Optimizer], half_life: float, steps: int) -> None:
    old, new = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    optimizer = kind()
    state = optimizer.start(old)
    _, state = optimizer.direction(old, state, optimizer.numbers(1000.0))
    direction = old
    for _ in range(steps):
        direction, state = optimizer.direction(new, state, optimizer.numbers(half_life / steps))
    assert torch.allclose(direction, torch.ones(1, 2), atol=1e-4)


def test_sign_moves_every_coordinate_equally_and_those_without_gradient_not() -> None:
    gradient = torch.tensor([[3.0, -1e-3, 0.0, 1e-6]])
    assert run(Sign(), [gradient], 0.1).tolist() == [[1.0, -1.0, 0.0, 1.0]]


def test_adam_points_where_the_textbook_goes() -> None:
    """Kingma & Ba, algorithm 1, with the rates that have these half-lives at equal steps."""
    beats, scales = 0.1, 10.0 ** torch.linspace(-0.5, 0.5, 300)
    gradients = [(noise(1, 300, seed=seed) + 0.5) * scales for seed in range(20)]
    first, second = 0.5 ** (beats / 0.25), 0.5 ** (beats / 4.0)
    mean = square = np.zeros(300)
    for gradient in gradients:
        values = gradient[0].double().numpy() / rms(gradient)
        mean = first * mean + (1 - first) * values
        square = second * square + (1 - second) * values**2
    step = mean / (1 - first**20) / np.sqrt(square / (1 - second**20))
    ours = run(Adam(), gradients, beats)[0].numpy()
    assert np.allclose(ours, step / np.sqrt(np.mean(step**2)), atol=0.02)


def test_adam_does_not_blow_up_coordinates_without_a_gradient_to_speak_of() -> None:
    gradient = torch.cat([torch.ones(1, 50), torch.full((1, 50), 1e-7)], dim=1)
    direction = run(Adam(), [gradient] * 3, 0.1)
    assert float(direction[0, 50:].max()) < 1e-3 * float(direction[0, :50].min())


def test_all_methods_of_the_table_are_installed() -> None:
    registry = Registry()
    loaded = {name: registry.load("optimizers", name) for name in ("normalized", "momentum", "adam", "sign")}
    assert list(loaded.values()) == [NormalizedGradient, Momentum, Adam, Sign]
