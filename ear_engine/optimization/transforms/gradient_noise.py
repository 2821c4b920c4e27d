"""Noisy gradients: each change goes partly somewhere else."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Shape, Transform

_SECONDS = 0.05  # length of the burst


class GradientNoise(Transform):
    """Noise that sounds where the gradient does: the gradient, convolved with a random burst of 50 ms.

    So it keeps to the gradient's spectrum and rhythm, and with them to the scale, the bands and the grid; white noise
    would add hiss everywhere. Its mean over bursts is zero.
    """

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        """The burst, (samples of it,), with an energy of ``gradient_noise`` squared."""
        if settings.gradient_noise <= 0:
            return None
        burst = torch.randn(min(round(_SECONDS * shape.sample_rate), shape.samples), generator=generator)
        scaled: Tensor = burst * (settings.gradient_noise / burst.square().sum().sqrt())
        return scaled

    def on_gradient(self, gradient: Tensor, numbers: Tensor) -> Tensor:
        """Gradient and noise, at the gradient's level."""
        samples = gradient.shape[-1]
        response = 1.0 + torch.fft.rfft(numbers, n=samples)
        noisy = torch.fft.irfft(torch.fft.rfft(gradient) * response, n=samples)
        level = gradient.square().mean(-1, keepdim=True).sqrt()
        scaled: Tensor = noisy * (level / noisy.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-12))
        return scaled
