"""Where gradients on coefficients act: what sounds, tones, hits."""

from __future__ import annotations

import math

import pytest
import torch

from ear_engine.ear.scalogram import Scalogram
from ear_engine.optimization.gradient import reshape_gradient, tonal_weight


def complex_noise(*shape: int) -> torch.Tensor:
    return torch.view_as_complex(torch.randn(*shape, 2))


def test_reshape_goes_from_everywhere_to_what_sounds() -> None:
    torch.manual_seed(1)
    loud = complex_noise(1, 20, 30)
    coefficients = torch.cat([loud, loud * 1e-2], dim=1)
    gradient = complex_noise(1, 40, 30)
    shares = []
    for reshape in (0.0, 0.5, 1.0):
        change = reshape_gradient(gradient, coefficients, reshape, 1.0).abs()
        shares.append(float(change[:, 20:].mean() / change[:, :20].mean()))
    assert shares == pytest.approx([1.0, 1e-2, 1e-4], rel=0.1)
    assert float(reshape_gradient(gradient, coefficients * 0, 1.0, 1.0).abs().min()) > 0


def test_reshaped_change_takes_no_energy() -> None:
    """To first order the energy of the coefficients stays as it is, in every copy of the batch."""
    coefficients, gradient = complex_noise(2, 20, 30), complex_noise(2, 20, 30)
    for reshape in (0.0, 0.4, 1.0):
        change = reshape_gradient(gradient, coefficients, reshape, 1.0)
        taken = (change * coefficients.conj()).real.sum(dim=(1, 2))
        assert float(taken.abs().max()) < 1e-3 * float((change.abs() * coefficients.abs()).sum())


@pytest.fixture(scope="module")
def weights() -> dict[str, dict[float, float]]:
    """Weight of a tone, a hit and noise at each setting: the mean over their coefficients, weighted by power."""
    time = torch.arange(88200) / 44100
    noise = torch.randn(88200, generator=torch.Generator().manual_seed(1))
    sounds = {
        "tone": torch.sin(2 * math.pi * 440 * time),
        "hit": noise * torch.exp(-150 * (time % 0.5)),
        "noise": noise,
    }
    found: dict[str, dict[float, float]] = {}
    for name, sound in sounds.items():
        coefficients = Scalogram().transform(sound[None])
        coefficients[:, :48] = 0  # below 160 Hz a window lasts as long as a tone
        power = coefficients.abs().square()
        found[name] = {
            tonal: float((tonal_weight(coefficients, torch.tensor(tonal)) * power).sum() / power.sum())
            for tonal in (-1.0, -0.5, 0.0, 0.5, 1.0)
        }
    return found


def test_tonal_leaves_tones_above_0_and_noise_and_hits_below(weights: dict[str, dict[float, float]]) -> None:
    assert [weights[name][0.0] for name in weights] == pytest.approx([1.0, 1.0, 1.0])
    for name, sign in (("hit", 1.0), ("noise", 1.0), ("tone", -1.0)):
        course = [weights[name][sign * strength] for strength in (0.0, 0.5, 1.0)]
        assert course == sorted(course, reverse=True), name
        assert course[-1] < 0.2, name
    assert weights["tone"][1.0] > 0.8
    assert weights["hit"][-1.0] > 0.8
    assert weights["noise"][-1.0] > 0.6


def test_tonal_is_part_of_the_weights_whose_change_takes_no_energy() -> None:
    coefficients, gradient = complex_noise(2, 40, 30), complex_noise(2, 40, 30)
    change = reshape_gradient(gradient, coefficients, 0.5, 1.0, torch.tensor(0.7))
    taken = (change * coefficients.conj()).real.sum(dim=(1, 2))
    assert float(taken.abs().max()) < 1e-3 * float((change.abs() * coefficients.abs()).sum())
    plain = reshape_gradient(gradient, coefficients, 0.5, 1.0)
    assert torch.equal(reshape_gradient(gradient, coefficients, 0.5, 1.0, torch.tensor(0.0)), plain)
