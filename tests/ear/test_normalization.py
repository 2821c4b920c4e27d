"""Normalization of single frames: against its definition, and in low precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ear_engine.ear.cpc import Contrast, contrast, futures
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.normalization import FrameNormalization, make_norm


def uneven(channels: int) -> FrameNormalization:
    norm = FrameNormalization(channels).double()
    generator = torch.Generator().manual_seed(channels)
    norm.weight.data = torch.rand(channels, generator=generator, dtype=torch.float64) + 0.5
    norm.bias.data = torch.randn(channels, generator=generator, dtype=torch.float64)
    return norm


@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (2, 6, 4)], ids=["bins and time", "time"])
def test_every_frame_is_normalized_by_its_own_mean_and_deviation(shape: tuple[int, ...]) -> None:
    x = 3.0 + 2.0 * torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    norm = uneven(shape[1])
    got = norm(x).detach().numpy()
    values, weight, bias = (v.detach().numpy() for v in (x, norm.weight, norm.bias))
    for row in range(shape[0]):
        for time in range(shape[-1]):
            frame = values[row, ..., time]
            scaled = (frame - frame.mean()) / np.sqrt(frame.var() + norm.eps)
            expected = (scaled.T * weight + bias).T
            assert got[row, ..., time] == pytest.approx(expected, abs=1e-12)


def test_loudness_of_a_frame_is_normalized_away_and_silence_stays_finite() -> None:
    x = torch.randn(1, 4, 6, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    norm = uneven(4)
    assert torch.allclose(norm(1000.0 * x), norm(2000.0 * x + 5.0), atol=1e-5)
    silent = torch.zeros(1, 4, 6, 3, dtype=torch.float64, requires_grad=True)
    out = norm(silent)
    assert torch.equal(out, norm.bias.view(1, 4, 1, 1).expand_as(out))
    (gradient,) = torch.autograd.grad(out.square().sum(), silent)
    assert torch.isfinite(gradient).all()


def test_moments_of_low_precision_are_computed_in_single_precision() -> None:
    x = 100.0 + torch.randn(2, 64, 16, 3, generator=torch.Generator().manual_seed(3))
    norm = FrameNormalization(64)
    low = norm(x.bfloat16())
    assert low.dtype == torch.bfloat16
    assert torch.equal(low, norm(x.bfloat16().float()).bfloat16())


def test_a_batch_is_as_good_as_its_rows() -> None:
    x = torch.randn(4, 5, 7, 6, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    norm = uneven(5)
    assert torch.equal(norm(x), torch.cat([norm(row[None]) for row in x]))


@pytest.mark.parametrize(
    ("kind", "dimensions", "made"),
    [("batch", 1, nn.BatchNorm1d), ("batch", 2, nn.BatchNorm2d), ("frame", 1, FrameNormalization)],
)
def test_a_kind_is_made_for_its_dimensions(kind: str, dimensions: int, made: type[nn.Module]) -> None:
    norm = make_norm(kind, 3, dimensions)  # type: ignore[arg-type]
    assert type(norm) is made
    x: Tensor = torch.randn(2, 3, 5) if dimensions == 1 else torch.randn(2, 3, 4, 5)
    assert norm(x).shape == x.shape


@pytest.mark.parametrize("kind", ["step", "across_steps"])
def test_an_ear_of_normalized_frames_begins_without_prejudice(kind: Contrast) -> None:
    """Else it would learn to hear all excerpts alike before it learns to predict."""
    torch.manual_seed(1)
    ear = Ear(EarConfig(width=0.1, normalization="frame"))
    features = torch.rand(6, 2, ear.config.scalogram.bins, 100)
    predicted, true = ear.scorable(*futures(ear, ear.hear(features, circular=False)))
    found = contrast(predicted, true, kind)
    assert found.loss.item() == pytest.approx(-np.log(found.chance), abs=0.01)
    found.loss.backward()
    for name, parameter in ear.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0.0, name
