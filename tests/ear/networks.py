"""Small ears that differ from fresh ones in everything training changes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ear_engine.ear.activations import Recorder
from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear.normalization import FrameNormalization


def lived_in(width: float = 0.03, seed: int = 0, **shape: Any) -> Ear:
    """An ear for evaluation, in double precision, its normalization as uneven as after training."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    ear = Ear(EarConfig(width=width, **shape))
    for module in ear.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            size = module.weight.shape
            module.weight.data = 0.5 + torch.rand(size, generator=generator)
            module.bias.data = 0.8 + 0.3 * torch.randn(size, generator=generator)  # few channels: none may be dead
            module.running_mean = 0.3 * torch.randn(size, generator=generator)
            module.running_var = 0.2 + torch.rand(size, generator=generator)
        elif isinstance(module, FrameNormalization):
            size = module.weight.shape
            module.weight.data = 0.5 + torch.rand(size, generator=generator)
            module.bias.data = 0.3 + 0.3 * torch.randn(size, generator=generator)
    return ear.double().eval()


def random_features(frames: int, batch: int = 1, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, 2, 216, frames, generator=generator, dtype=torch.float64)


def hear_all(ear: Ear, features: torch.Tensor, *, circular: bool, raw: bool = False) -> dict[str, torch.Tensor]:
    """Every layer, by name, and z and c besides."""
    recorder = Recorder(ear)
    with torch.no_grad(), recorder.recording(raw=raw) as trace:
        heard = ear.hear(features, circular=circular)
    return {**trace, "z": heard.z, "c": heard.c}
