from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Small tensors on a busy machine: threads would only wait for each other. Sums come out alike to the last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_ear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an untrained ear, a twentieth of the paper's width, settled on noise."""
    torch.manual_seed(5)
    ear = Ear(EarConfig(width=0.05))
    noise = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 88200)).astype(np.float32))
    with torch.no_grad():
        for level in (0.3, 0.1, 0.01) * 5:
            ear(noise * level)
    folder = tmp_path_factory.mktemp("ears") / "tiny"
    save_ear(ear, folder, "tiny", "for tests", half=False)
    return folder
