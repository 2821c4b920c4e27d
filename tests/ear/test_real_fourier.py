"""The real transform against a direct sum, its adjoint against the definition of one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ear_engine.ear.real_fourier import RealFourier

CPU = torch.device("cpu")
LENGTHS = [1, 2, 3, 4, 5, 6, 10, 11, 360]
AWKWARD = [307, 622, 993, 4364]  # with prime factors that the library is not exact with
LENGTHS += AWKWARD


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("samples", LENGTHS)
def test_the_spectrum_is_the_fourier_sum_and_zero_beyond(samples: int, batch: int) -> None:
    audio = torch.randn(batch, samples, generator=torch.Generator().manual_seed(samples))
    half = samples // 2
    found = RealFourier.create(samples, CPU).spectrum(audio, half + 4).numpy()
    k, n = np.arange(half + 1)[:, None], np.arange(samples)
    true = audio.double().numpy() @ np.exp(-2j * np.pi * k * n / samples).T
    assert found.shape == (batch, half + 4)
    assert np.abs(found[:, : half + 1] - true).max() < 1e-6 * np.abs(true).max() * max(1, np.log2(samples))
    assert not found[:, half + 1 :].any()


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("beyond", [0, 3])
@pytest.mark.parametrize("samples", LENGTHS)
def test_the_adjoint_moves_to_the_other_side_of_the_inner_product(samples: int, beyond: int, batch: int) -> None:
    generator = torch.Generator().manual_seed(samples)
    fourier = RealFourier.create(samples, CPU)
    length = samples // 2 + 1 + beyond
    audio = torch.randn(batch, samples, generator=generator)
    gradient = torch.randn(batch, length, generator=generator, dtype=torch.complex64)
    spectrum = fourier.spectrum(audio, length)
    left = (spectrum * gradient.conj()).real.sum(dim=1)
    back = fourier.adjoint(gradient.clone())
    assert back.shape == audio.shape
    scale = spectrum.abs().square().sum(dim=1).sqrt() * gradient.abs().square().sum(dim=1).sqrt()
    assert ((left - (audio * back).sum(dim=1)).abs() < 1e-6 * scale).all()


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("samples", LENGTHS)
def test_a_filter_multiplies_every_bin(samples: int, batch: int) -> None:
    generator = torch.Generator().manual_seed(samples)
    audio = torch.randn(batch, samples, generator=generator)
    gain = torch.rand(samples // 2 + 1, generator=generator)
    filtered = RealFourier.create(samples, CPU).filter(audio, gain).double().numpy()
    expected = np.fft.rfft(audio.double().numpy()) * gain.double().numpy()
    assert np.fft.rfft(filtered) == pytest.approx(expected, abs=1e-5 * samples)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("samples", [176_400, 32 * 5519, 8 * 22_051, 176_401])
def test_loops_of_any_length_are_exact_to_120_dB(samples: int, batch: int) -> None:
    audio = torch.randn(batch, samples, generator=torch.Generator().manual_seed(1))
    fourier = RealFourier.create(samples, CPU)
    spectrum = fourier.spectrum(audio)
    true = np.fft.rfft(audio.double().numpy())
    assert np.abs(spectrum.numpy() - true).max() < 1e-6 * np.abs(true).max()
    assert (fourier.inverse(spectrum) - audio).abs().max() < 1e-6 * audio.abs().max() * 2


def test_loops_in_any_layout_of_memory_are_transformed_alike() -> None:
    audio = torch.randn(2, 20_000, generator=torch.Generator().manual_seed(1))
    spread = torch.empty(2, 20_000, 2)
    spread[..., 0] = audio
    fourier = RealFourier.create(20_000, CPU)
    assert torch.equal(fourier.spectrum(spread[..., 0]), fourier.spectrum(audio))
