"""Surprise by its equation, and its order on music that goes on as it was and music that does not."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ear_engine.ear.checkpoint import load_ear
from ear_engine.ear.network import Ear
from ear_engine.ear_files import find_ear
from ear_engine.listening.surprise import OTHERS, Surprise, other_codes
from ear_engine.sources.loops import render_builtin
from tests.ear.networks import lived_in, random_features

CODE = 4096 / 44100  # seconds


@pytest.fixture(scope="module")
def small() -> Ear:
    return load_ear(find_ear("small").path).fused()


@pytest.fixture(scope="module")
def others(small: Ear) -> torch.Tensor:
    return other_codes(small)


def followed(ear: Ear, audio: np.ndarray, others: torch.Tensor) -> list[float]:
    """Surprise after every code of ``audio``, NaN before the first."""
    with torch.no_grad():
        heard = ear(torch.from_numpy(audio)[None], circular=False)
    surprise, values = Surprise(ear, others), []
    for step in range(heard.z.shape[-1]):
        contexts = heard.c[0, :, step // 4 : step // 4 + 1] if step % 4 == 0 else heard.c[0, :, :0]
        surprise.hear(heard.z[0, :, step : step + 1], contexts)
        values.append(math.nan if surprise.bits is None else surprise.bits)
    return values


@pytest.mark.parametrize("score", ["product", "cosine"])
def test_it_is_the_equation(score: str) -> None:
    ear = lived_in(score=score).requires_grad_(False)
    heard = ear.hear(random_features(160), circular=False)
    z, c = heard.z[0], heard.c[0]
    others = torch.randn(12, len(z), dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    surprise = Surprise(ear, others)
    surprise.hear(z, c)
    expected = []
    for step in range(z.shape[-1]):
        bits = []
        for context in range(c.shape[-1]):
            ahead = step - 4 * context - ear.config.skip - 1
            if 0 <= ahead < ear.config.predictions:
                codes = torch.cat([z[:, step : step + 1].T, others])
                predicted, scorable = ear.scorable(ear.predict(c[:, context])[ahead], codes)
                bits.append(-float((scorable @ predicted).log_softmax(0)[0]) / math.log(2))
        if bits:
            expected.append(sum(bits) / len(bits))
    assert surprise.bits == pytest.approx(sum(expected[-11:]) / 11, rel=1e-9)
    assert 0.0 <= surprise.rank <= 1.0


def test_a_steady_beat_becomes_predictable_and_a_change_does_not(small: Ear, others: torch.Tensor) -> None:
    beat, voice = (render_builtin(name).mid for name in ("beat", "voice"))
    values = followed(small, np.concatenate([beat, beat, beat, voice]), others)

    def between(first: float, last: float) -> float:
        return float(np.mean(values[round(first / CODE) : round(last / CODE)]))

    first, settled, change = between(1.0, 2.5), between(8.0, 12.0), between(13.0, 14.0)
    assert math.isnan(values[0]) and min(values[6:]) >= 0.0
    assert settled < first and settled < change - 2.0
    assert settled < math.log2(OTHERS + 1) < change  # better than by guessing; worse than that


def test_a_sound_that_stays_is_the_most_predictable(small: Ear, others: torch.Tensor) -> None:
    tone = (0.2 * np.sin(2 * np.pi * 440 * np.arange(7 * 44100) / 44100)).astype(np.float32)
    values = followed(small, tone, others)
    assert np.mean(values[-11:]) < 1.0 and np.mean(values[-11:]) < np.mean(values[8:19])


def test_the_others_are_the_same_at_any_time() -> None:
    ear = lived_in().float()
    others = other_codes(ear, 20)
    assert others.shape == (20, ear.encoder.channels)
    assert torch.equal(others, other_codes(ear, 20)) and len(others.unique(dim=0)) == 20
