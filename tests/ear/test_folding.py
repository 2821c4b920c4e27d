"""Folding against a direct sum over the spectrum, with windows of any place and width, and its adjoint."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.ear.folding import Analysis, Folding, Window

CPU = torch.device("cpu")
WINDOWS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), min_size=1, max_size=6)


def folding(shapes: list[tuple[int, int]], samples: int, frames: int) -> tuple[Folding, list[Window]]:
    rng = np.random.default_rng(len(shapes))
    windows = [Window(first, rng.uniform(0.1, 1.0, size)) for first, size in shapes]
    return Folding(windows, samples, frames, CPU), windows


def direct(audio: np.ndarray, windows: list[Window], frames: int) -> np.ndarray:
    spectrum = np.fft.rfft(audio)
    out = np.zeros((len(audio), len(windows), frames), complex)
    for band, window in enumerate(windows):
        for i, weight in enumerate(window.weights):
            k = window.first + i
            if k < spectrum.shape[1]:
                turn = np.exp(2j * np.pi * k * np.arange(frames) / frames)
                out[:, band] += weight * spectrum[:, k : k + 1] * turn
    return out


@settings(deadline=None, max_examples=40)
@given(WINDOWS, st.integers(1, 70), st.integers(1, 9), st.integers(1, 3))
def test_folding_is_the_sum_over_the_spectrum(
    shapes: list[tuple[int, int]], samples: int, frames: int, batch: int
) -> None:
    engine, windows = folding(shapes, samples, frames)
    audio = torch.randn(batch, samples, generator=torch.Generator().manual_seed(samples))
    true = direct(audio.double().numpy(), windows, frames)
    found = engine.analyze(audio).numpy()
    assert found.shape == true.shape
    assert np.abs(found - true).max() <= 1e-5 * (np.abs(true).max() + 1e-3)


@settings(deadline=None, max_examples=40)
@given(WINDOWS, st.integers(1, 70), st.integers(1, 9), st.integers(1, 3))
def test_the_gradient_is_the_adjoint(shapes: list[tuple[int, int]], samples: int, frames: int, batch: int) -> None:
    engine, _ = folding(shapes, samples, frames)
    generator = torch.Generator().manual_seed(samples)
    audio = torch.randn(batch, samples, generator=generator, requires_grad=True)
    gradient = torch.randn(batch, len(shapes), frames, generator=generator, dtype=torch.complex64)
    coefficients = Analysis.apply(audio, engine)
    (back,) = torch.autograd.grad(coefficients, audio, gradient)
    left = (coefficients.detach() * gradient.conj()).real.sum()
    scale = coefficients.detach().abs().square().sum().sqrt() * gradient.abs().square().sum().sqrt()
    assert abs(float(left - (audio.detach() * back).sum())) <= 1e-5 * (float(scale) + 1e-3)


def test_rows_that_are_stored_are_counted() -> None:
    engine, _ = folding([(0, 4), (3, 2), (9, 0)], 40, 4)  # one row, two rows, none
    assert engine.values == 3 * 4


@pytest.mark.parametrize("clips", [2, 5])
def test_clips_are_summed_one_by_one_or_many_at_a_time_alike(clips: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device other than the CPU takes several clips in one launch; the same code runs here on the host."""
    audio = torch.randn(5, 60, generator=torch.Generator().manual_seed(1))
    engine, _ = folding([(0, 4), (3, 9), (11, 12)], 60, 4)
    single = engine.analyze(audio)
    monkeypatch.setattr("ear_engine.ear.folding._CPU_CLIPS", clips)
    several, _ = folding([(0, 4), (3, 9), (11, 12)], 60, 4)
    assert torch.equal(several.analyze(audio), single)
    assert torch.equal(several.adjoint(single), engine.adjoint(single))
