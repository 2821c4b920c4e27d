"""Shaping of the gradient."""

from __future__ import annotations

import math

import pytest
import torch

from ear_engine.ear.real_fourier import RealFourier
from ear_engine.optimization.gradient import reshape_gradient, shape_gradient, tilt_curve


def test_tilt_is_so_many_dB_an_octave_and_nothing_at_the_ends() -> None:
    curve = tilt_curve(44100, 44100, -6.0, torch.device("cpu"))  # bins are whole Hz
    assert 20 * math.log10(curve[1000]) == pytest.approx(0.0, abs=1e-3)
    assert 20 * math.log10(curve[4000] / curve[500]) == pytest.approx(-18.0, abs=1e-3)
    assert float(curve[:30].abs().max()) == 0.0
    assert float(curve[18001:].abs().max()) == 0.0


def test_a_shaped_gradient_has_unit_level_and_zero_stays_zero() -> None:
    curve = tilt_curve(1000, 44100, -3.0, torch.device("cpu"))
    fourier = RealFourier.create(1000, torch.device("cpu"))
    shaped = shape_gradient(torch.randn(2, 1000) * torch.tensor([[1e-9], [1.0]]), curve, fourier)
    assert shaped.square().mean(-1).sqrt().tolist() == pytest.approx([1.0, 1.0], rel=1e-4)
    assert not shape_gradient(torch.zeros(1, 1000), curve, fourier).any()


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
