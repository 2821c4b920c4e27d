"""Log amplitude and phase against plain formulas, and their gradient against finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ear_engine.ear.log_polar import LogPolar, Turns

CYCLES = np.array([3.7, 41.2, 0.4])  # full turns of each bin's center from frame to frame
LEVELS = (1e-9, 1e-6, 3e-5, 1e-2, 1.0)


def coefficients(level: float, frames: int = 7) -> torch.Tensor:
    """Far from 0 everywhere, so that a small step does not turn it around."""
    rng = np.random.default_rng(3)
    values = rng.uniform(0.5, 1.5, (2, 3, frames)) * np.exp(2j * np.pi * rng.uniform(0, 1, (2, 3, frames)))
    return torch.from_numpy(level * values)


def plain(values: np.ndarray, circular: bool) -> np.ndarray:
    """The two features from their definition."""
    power = np.abs(values) ** 2
    amplitude = np.log(power / 1e-9 + 1.0) / -math.log(1e-9)
    before = np.roll(values, 1, axis=-1)
    strength = np.abs(values) * np.abs(before)
    turned = values * before.conj() * np.exp(-2j * np.pi * CYCLES)[:, None]
    phase = np.angle(turned) / np.pi * strength / (strength + 1e-9) * (strength > 1e-12)
    if not circular:
        phase[..., 0] = 0.0
    return np.stack([amplitude, phase], axis=1)


def features(values: torch.Tensor, circular: bool) -> torch.Tensor:
    turns = Turns.create(CYCLES, values.shape[-1], circular, values.dtype, "cpu")
    out = LogPolar.apply(values, turns)
    assert isinstance(out, torch.Tensor)
    return out


@pytest.mark.parametrize("circular", [True, False])
@pytest.mark.parametrize("frames", [1, 2, 7])
@pytest.mark.parametrize("level", LEVELS)
def test_features_are_their_definition(level: float, frames: int, circular: bool) -> None:
    values = coefficients(level, frames)
    assert np.abs(features(values, circular).numpy() - plain(values.numpy(), circular)).max() < 1e-12
    single = features(values.to(torch.complex64), circular)
    assert single.dtype == torch.float32
    assert np.abs(single.numpy() - plain(values.numpy(), circular)).max() < 2e-6


@pytest.mark.parametrize("circular", [True, False])
@pytest.mark.parametrize("frames", [1, 2, 7])
@pytest.mark.parametrize("level", LEVELS)
def test_the_gradient_is_the_slope_of_the_definition(level: float, frames: int, circular: bool) -> None:
    values = coefficients(level, frames)
    weights = np.random.default_rng(4).standard_normal((2, 2, 3, frames))
    leaf = values.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(features(leaf, circular), leaf, torch.from_numpy(weights))
    for direction in (1.0, 1j):
        for place in np.ndindex(values.shape):
            step = np.zeros(values.shape, complex)
            step[place] = direction * level * 1e-6
            rise = (weights * (plain(values.numpy() + step, circular) - plain(values.numpy() - step, circular))).sum()
            slope = rise / 2e-6
            expected = (gradient[place].numpy() * np.conj(direction)).real * level
            assert slope == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_silence_has_no_features_and_no_gradient() -> None:
    silence = torch.zeros(1, 3, 5, dtype=torch.complex64, requires_grad=True)
    found = features(silence, True)
    assert not found.any()
    (gradient,) = torch.autograd.grad(found.sum(), silence)
    assert not gradient.any()


@pytest.mark.parametrize("loud", [0, 2, 4])
def test_gradients_beside_silence_are_finite(loud: int) -> None:
    values = torch.zeros(1, 3, 5, dtype=torch.complex64)
    values[..., loud] = 1.0 + 1.0j
    values[..., (loud + 1) % 5] = 1e-11
    leaf = values.requires_grad_()
    found = features(leaf, True)
    (gradient,) = torch.autograd.grad(found.sum(), leaf)
    assert torch.isfinite(found).all()
    assert torch.isfinite(gradient).all()
    assert gradient[..., loud].all()
