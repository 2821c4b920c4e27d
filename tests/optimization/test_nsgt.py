"""The invertible constant-Q transform: it loses nothing, its adjoint is its inverse, and bands are where they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.optimization.parametrizations.nsgt import ConstantQ

RATE = 44100


def noise(samples: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(2, samples, dtype=dtype, generator=torch.Generator().manual_seed(samples))


def sounds(samples: int) -> torch.Tensor:
    """Noise, a click, the last sample alone, low and high sines that do not fit the loop, a constant, half the rate."""
    t = torch.arange(samples, dtype=torch.float64)
    rows = [torch.zeros(samples, dtype=torch.float64) for _ in range(2)]
    rows[0][samples // 3] = rows[1][-1] = 1.0
    rows += [torch.sin(2 * torch.pi * hertz * t / RATE) for hertz in (31.0, 440.3, 15000.1)]
    rows += [torch.ones_like(t), torch.cos(torch.pi * t)]
    return torch.cat([noise(samples), torch.stack(rows).float()])


def decibels(error: torch.Tensor, of: torch.Tensor) -> float:
    """The worst row."""
    return float(20 * torch.log10(error.double().norm(dim=-1) / of.double().norm(dim=-1) + 1e-30).max())


@pytest.mark.parametrize("samples", [11025, 11027, 88199, 176400, 176432, 180224])
def test_what_is_taken_apart_comes_back_120_dB_down_in_single_precision(samples: int) -> None:
    audio = sounds(samples)
    transform = ConstantQ.create(samples, RATE, audio)
    assert decibels(transform.synthesize(transform.analyze(audio)) - audio, audio) < -120


@pytest.mark.parametrize("samples", [32 * RATE, 1_000_003])
def test_so_do_loops_of_32_seconds_and_of_a_prime_length(samples: int) -> None:
    audio = noise(samples)[:1]
    transform = ConstantQ.create(samples, RATE, audio)
    assert decibels(transform.synthesize(transform.analyze(audio)) - audio, audio) < -120


@given(
    samples=st.integers(1, 3000),
    rate=st.sampled_from([8000, 22050, 44100, 96000]),
    density=st.sampled_from([1, 12, 24, 48]),
)
def test_any_length_comes_back_with_its_energy(samples: int, rate: int, density: int) -> None:
    audio = noise(samples, torch.float64)
    transform = ConstantQ.create(samples, rate, audio, density)
    coefficients = transform.analyze(audio)
    assert coefficients.shape == (2, transform.coefficients)
    assert torch.allclose(transform.synthesize(coefficients), audio, atol=1e-12)
    assert torch.allclose(coefficients.abs().square().sum(-1), audio.square().sum(-1), rtol=1e-12)


@pytest.mark.parametrize("samples", [5000, 5001])
def test_synthesis_is_the_adjoint_of_analysis(samples: int) -> None:
    audio = noise(samples, torch.float64)
    transform = ConstantQ.create(samples, RATE, audio)
    size = (2, transform.coefficients)
    other = torch.complex(torch.randn(size, dtype=torch.float64), torch.randn(size, dtype=torch.float64))
    there = torch.view_as_real(transform.analyze(audio)) * torch.view_as_real(other)
    back = audio * transform.synthesize(other)
    assert float(there.sum()) == pytest.approx(float(back.sum()), rel=1e-12)


def test_the_gradient_through_the_analysis_is_the_adjoint() -> None:
    audio = noise(999, torch.float64).requires_grad_()
    transform = ConstantQ.create(999, RATE, audio)
    coefficients = transform.analyze(audio)
    other = torch.randn_like(coefficients)
    (gradient,) = torch.autograd.grad((coefficients * other.conj()).real.sum(), audio)
    assert torch.allclose(gradient, transform.synthesize(other), atol=1e-12)


def test_coefficients_are_those_of_the_definition() -> None:
    """Sum over the spectrum bin by bin, windows by the formula with a corner at 24 * spacing / ln 2."""
    samples, rate = 700, 44100
    audio = noise(samples, torch.float64)[:1]
    transform = ConstantQ.create(samples, rate, audio)
    parts = transform.split(transform.analyze(audio))
    spectrum = np.fft.rfft(audio[0].numpy())
    spacing = 2 * rate / samples
    corner = spacing * 24 / math.log(2)

    def window(hertz: float, band: int) -> float:
        warped = hertz / spacing if hertz < corner else corner / spacing + 24 * math.log2(hertz / corner)
        return math.cos(math.pi / 2 * (warped - band)) if abs(warped - band) < 1 else 0.0

    band = 0
    for group, part in zip(transform.groups, parts, strict=True):
        for row in part[0]:
            expected = np.zeros(group.frames, complex)
            for j in range(samples // 2 + 1):
                twice = 1.0 if j in (0, samples // 2) else math.sqrt(2)
                turn = np.exp(2j * np.pi * j * np.arange(group.frames) / group.frames)
                expected += twice * window(j * rate / samples, band) * spectrum[j] * turn
            assert np.allclose(row.numpy(), expected / math.sqrt(samples * group.frames), atol=1e-12)
            band += 1
    assert band == len(transform.centers)


@pytest.mark.parametrize("hertz", [60.0, 440.0, 5000.0])
def test_a_sine_lies_in_the_band_of_its_frequency(hertz: float) -> None:
    samples = 2 * RATE
    audio = torch.sin(2 * torch.pi * hertz * torch.arange(samples)[None] / RATE)
    transform = ConstantQ.create(samples, RATE, audio)
    energy = torch.cat([part[0].abs().square().sum(-1) for part in transform.split(transform.analyze(audio))])
    centers = transform.centers
    assert int(energy.argmax()) == int((centers / hertz).log2().abs().argmin())
    near = (centers / hertz).log2().abs() < 1 / 12
    assert float(energy[near].sum() / energy.sum()) > 0.999


def test_a_click_stays_at_its_place() -> None:
    samples, at = 4 * RATE, 3 * RATE
    audio = torch.zeros(1, samples)
    audio[0, at] = 1.0
    transform = ConstantQ.create(samples, RATE, audio)
    first = 0
    for group, part in zip(transform.groups, transform.split(transform.analyze(audio)), strict=True):
        hertz = float(transform.centers[first])
        first += group.bands
        if hertz < 100:
            continue
        seconds = torch.arange(group.frames) * 4.0 / group.frames
        energy = part[0].abs().square().sum(0)
        near = (seconds - 3.0).abs() < 50 / hertz
        assert float(energy[near].sum() / energy.sum()) > 0.99


def test_there_are_two_to_three_coefficients_for_two_samples() -> None:
    for samples in (RATE // 4, 4 * RATE, 180224):
        transform = ConstantQ.create(samples, RATE, torch.zeros(1))
        assert 1.0 < transform.coefficients / samples < 1.5
