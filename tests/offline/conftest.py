"""An ear and a clip that dream in no time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ear_engine.ear.checkpoint import save_ear
from ear_engine.ear.network import Ear, EarConfig


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained ear, an eighth of the paper's width, in a folder."""
    folder = tmp_path_factory.mktemp("ears") / "tiny"
    torch.manual_seed(1)
    save_ear(Ear(EarConfig(width=0.125)), folder, name="tiny", description="untrained")
    return folder


@pytest.fixture(scope="session")
def tick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second, two beats."""
    path = tmp_path_factory.mktemp("clips") / "tick_120bpm.wav"
    t = np.arange(22050) / 44100
    beat = 0.3 * np.exp(-8 * t) * np.sin(2 * np.pi * 220 * t)
    soundfile.write(path, np.tile(beat, 2).astype(np.float32), 44100, subtype="FLOAT")
    return path
