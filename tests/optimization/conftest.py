"""A small ear with random weights and a short loop, so that a dream step takes milliseconds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ear_engine.ear.network import Ear, EarConfig

SAMPLE_RATE = 44100


@pytest.fixture(scope="session")
def loop() -> NDArray[np.float32]:
    """One second, two beats at 120 BPM: a decaying tone on each beat and a little noise, wider left than right."""
    t = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    beat = np.exp(-6 * t) * np.sin(2 * np.pi * 110 * t)
    mono = np.tile(beat, 2) * 0.4 + np.random.default_rng(1).normal(size=SAMPLE_RATE) * 0.01
    return np.stack([mono, np.roll(mono, 300) * 0.8]).astype(np.float32)


@pytest.fixture(scope="session")
def ear(loop: NDArray[np.float32]) -> Ear:
    """An untrained ear, an eighth of the paper's width, its normalization settled on the loop and noise."""
    torch.manual_seed(3)
    ear = Ear(EarConfig(width=0.125))
    noise = torch.randn(3, loop.shape[1]) * torch.tensor([[0.3], [0.03], [0.003]])
    with torch.no_grad():
        for _ in range(30):
            ear(torch.cat([torch.from_numpy(loop), noise]))
    return ear.eval()
