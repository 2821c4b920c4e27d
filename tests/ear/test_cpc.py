"""The losses against the paper's sums written as loops in float64, and which future each prediction is held against."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.ear.causal import Pooling
from ear_engine.ear.cpc import Contrast, Everyone, contrast, futures
from ear_engine.ear.network import Ear, EarConfig, Heard
from ear_engine.ear.normalization import Normalization


def equation_1(predicted: np.ndarray, true: np.ndarray, across_steps: bool, directions: int = 1) -> tuple[float, float]:
    """Mean over places p, excerpts n and steps k of -log(exp(z_nk · M_k c_n) / sum …), and how often the true one wins.

    The sum is over excerpts m (equation 1) or over excerpts m and steps l (score across time steps). In the other
    direction the sum is over the contexts m that a code at its step k may belong to.
    """
    places, batch, steps, size = true.shape
    losses, mirrored, hits = [], [], []
    for p in range(places):
        for n in range(batch):
            for k in range(steps):
                own = sum(true[p, n, k, d] * predicted[p, n, k, d] for d in range(size))
                scores = []
                for m in range(batch):
                    for step in range(steps) if across_steps else (k,):
                        scores.append(sum(true[p, m, step, d] * predicted[p, n, step, d] for d in range(size)))
                losses.append(-(own - math.log(math.fsum(math.exp(score) for score in scores))))
                hits.append(own >= max(scores))
                scores = [sum(true[p, n, k, d] * predicted[p, m, k, d] for d in range(size)) for m in range(batch)]
                mirrored.append(-(own - math.log(math.fsum(math.exp(score) for score in scores))))
    loss = math.fsum(losses) / len(losses)
    if directions == 2:
        loss = (loss + math.fsum(mirrored) / len(mirrored)) / 2
    return loss, sum(hits) / len(hits)


@settings(deadline=None, max_examples=10)
@given(
    places=st.integers(1, 3),
    batch=st.integers(2, 5),
    steps=st.integers(1, 4),
    size=st.integers(1, 6),
    kind=st.sampled_from(["step", "across_steps"]),
    directions=st.sampled_from([1, 2]),
    seed=st.integers(0, 99),
)
def test_losses_are_the_papers_sums(
    places: int, batch: int, steps: int, size: int, kind: Contrast, directions: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    predicted, true = rng.standard_normal((2, places, batch, steps, size)).astype(np.float32)
    result = contrast(torch.from_numpy(predicted), torch.from_numpy(true), kind, directions=directions)
    loss, accuracy = equation_1(predicted.astype(float), true.astype(float), kind == "across_steps", directions)
    assert float(result.loss) == pytest.approx(loss, rel=1e-4, abs=1e-6)
    assert float(result.accuracy) == pytest.approx(accuracy, abs=1e-6)
    assert result.chance == pytest.approx(1 / (batch if kind == "step" else batch * steps))


@pytest.mark.parametrize("kind", ["step", "across_steps"])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("temperature", [0.1, 0.03, 0.005])
def test_a_cosine_loss_is_the_papers_sum_over_angles_and_a_temperature(
    kind: Contrast, directions: int, temperature: float
) -> None:
    rng = np.random.default_rng(3)
    predicted, true = rng.standard_normal((2, 2, 4, 3, 5))
    ear = Ear(EarConfig(width=0.02, score="cosine"))
    with torch.no_grad():
        ear.log_sharpness.fill_(-math.log(temperature))
    scored = ear.scorable(torch.from_numpy(predicted), torch.from_numpy(true))
    angles = [v / np.sqrt((v**2).sum(-1, keepdims=True)) for v in (predicted, true)]
    sharpest = max(temperature, 0.01)
    loss, accuracy = equation_1(angles[0] / sharpest, angles[1], kind == "across_steps", directions)
    result = contrast(*scored, kind, directions=directions)
    assert float(result.loss.detach()) == pytest.approx(loss, rel=1e-6)
    assert float(result.accuracy) == pytest.approx(accuracy)
    (gradient,) = torch.autograd.grad(result.loss, ear.log_sharpness)
    assert (float(gradient) == 0.0) is (temperature < 0.01)  # learned, up to its limit


@settings(deadline=None, max_examples=15)
@given(
    parts=st.integers(1, 3),
    each=st.integers(1, 3),
    kind=st.sampled_from(["step", "across_steps"]),
    directions=st.sampled_from([1, 2]),
    seed=st.integers(0, 99),
)
def test_the_mean_loss_of_parts_that_see_everyone_is_the_loss_of_the_whole(
    parts: int, each: int, kind: Contrast, directions: int, seed: int
) -> None:
    """Gradients too: each part's own, and through what it takes from the others."""
    generator = torch.Generator().manual_seed(seed)
    predicted, true = (
        torch.randn(2, parts * each, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
        for _ in range(2)
    )
    whole = contrast(predicted, true, kind, directions=directions)
    expected = torch.autograd.grad(whole.loss, (predicted, true))
    results = []
    for first in range(0, parts * each, each):
        own = slice(first, first + each)
        everyone = Everyone(predicted, true, first)
        results.append(contrast(predicted[:, own], true[:, own], kind, directions=directions, everyone=everyone))
    loss = torch.stack([result.loss for result in results]).mean()
    assert float(loss.detach()) == pytest.approx(float(whole.loss.detach()), abs=1e-12)
    accuracy = torch.stack([result.accuracy for result in results]).mean()
    assert float(accuracy) == pytest.approx(float(whole.accuracy), abs=1e-6)
    assert {result.chance for result in results} == {whole.chance}
    for mine, theirs in zip(torch.autograd.grad(loss, (predicted, true)), expected, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-12)


@pytest.mark.parametrize("kind", ["step", "across_steps"])
def test_knowing_nothing_costs_the_logarithm_of_the_choices(kind: Contrast) -> None:
    result = contrast(torch.zeros(2, 8, 3, 5), torch.randn(2, 8, 3, 5), kind)
    assert float(result.loss) == pytest.approx(math.log(1 / result.chance), abs=1e-5)


@pytest.mark.parametrize("kind", ["step", "across_steps"])
def test_the_gradient_teaches_prediction_and_code_alike(kind: Contrast) -> None:
    predicted, true = (torch.randn(2, 4, 3, 5, requires_grad=True) for _ in range(2))
    contrast(predicted, true, kind).loss.backward()
    assert predicted.grad is not None
    assert true.grad is not None
    assert (predicted.grad.abs().amax(dim=-1) > 0).all()
    assert (true.grad.abs().amax(dim=-1) > 0).all()


def test_low_precision_codes_are_scored_in_single_precision() -> None:
    predicted, true = (100 * torch.randn(1, 4, 2, 64, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    low = contrast(predicted.bfloat16(), true.bfloat16())
    same = contrast(predicted.bfloat16().float(), true.bfloat16().float())
    assert float(low.loss) == float(same.loss)
    assert low.loss.dtype == torch.float32


def marked(codes: int, batch: int = 2) -> tuple[Ear, Heard]:
    """Codes that carry their own excerpt and step, contexts likewise, and an ear whose every prediction is c."""
    ear = Ear(EarConfig(width=0.02))
    size, inner = ear.encoder.channels, ear.autoregressive.channels
    with torch.no_grad():
        ear.predictor.weight.copy_(torch.eye(size, inner).repeat(16, 1))
    z = torch.zeros(batch, size, codes)
    z[:, 0] = torch.arange(codes)
    z[:, 1] = torch.arange(batch)[:, None]
    c = torch.zeros(batch, inner, -(-codes // 4))
    c[:, 0] = torch.arange(c.shape[-1])
    c[:, 1] = torch.arange(batch)[:, None]
    return ear, Heard(torch.empty(0), z, c)


@pytest.mark.parametrize("codes", [21, 24, 25, 68, 69, 70])
@pytest.mark.parametrize("first", [0, 1, 3])
def test_a_context_is_held_against_the_codes_5_to_20_steps_after_it(codes: int, first: int) -> None:
    ear, heard = marked(codes)
    contexts = [j for j in range(first, -(-codes // 4)) if 4 * j + 20 < codes]
    if not contexts:
        with pytest.raises(ValueError, match=f"{codes} codes leave no future for context {first}"):
            futures(ear, heard, first)
        return
    predicted, true = futures(ear, heard, first)
    assert predicted.shape == true.shape == (len(contexts), 2, 16, ear.encoder.channels)
    for row, context in enumerate(contexts):
        for excerpt in range(2):
            assert true[row, excerpt, :, 0].tolist() == list(range(4 * context + 5, 4 * context + 21))
            assert true[row, excerpt, :, 1].tolist() == [excerpt] * 16
            assert predicted[row, excerpt, :, 0].tolist() == [context] * 16
            assert predicted[row, excerpt, :, 1].tolist() == [excerpt] * 16


@pytest.mark.parametrize("normalization", ["batch", "frame"])
@pytest.mark.parametrize("pooling", ["max", "blur"])
def test_no_context_has_heard_its_own_future(normalization: Normalization, pooling: Pooling) -> None:
    """In a real ear, frames from which a target's new sound comes do not reach the context that predicts it."""
    torch.manual_seed(1)
    ear = Ear(EarConfig(width=0.05, normalization=normalization, pooling=pooling)).double().eval()
    features = torch.randn(1, 2, 216, 112, dtype=torch.float64)
    changed = features.clone()
    changed[..., 17:] = 0.0  # everything after frame 16 = code 4 = context 1
    with torch.no_grad():
        plain, other = (futures(ear, ear.hear(f, circular=False)) for f in (features, changed))
    assert torch.equal(plain[0][1], other[0][1])
    assert not torch.equal(plain[1][1], other[1][1])
