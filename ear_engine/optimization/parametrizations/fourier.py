"""Fourier coefficients, decorrelated: music has power 1/f, so coordinates are spectrum times the root of frequency.

Lucid (Olah, Mordvintsev & Schubert 2017) does this for images: descent in coordinates that are alike in size and do
not depend on each other. A change of all coordinates by the same amount is pink, -3 dB an octave; a plain gradient
descent takes the scale twice, on the way in and on the way back, and gains -6 dB an octave over the waveform.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.parametrizations.base import Parametrization, RealSpectrum

LOWEST_HZ = 30.0  # below it the scale no longer grows
REFERENCE_HZ = 1000.0  # where the scale is 1


def pink(frequencies: Tensor) -> Tensor:
    """Amplitude of pink sound at ``frequencies`` in Hz, 1 at 1 kHz, constant below 30 Hz."""
    scale: Tensor = (REFERENCE_HZ / frequencies.clamp(min=LOWEST_HZ)).sqrt()
    return scale


class Fourier(Parametrization):
    """Spectrum of the whole loop over the amplitude of pink sound; coordinates are real and imaginary parts."""

    def __init__(self, samples: int, sample_rate: int, audio: Tensor) -> None:
        super().__init__(samples, sample_rate, audio)
        self._spectrum = RealSpectrum(samples, audio)
        bins = torch.arange(samples // 2 + 1, device=audio.device, dtype=audio.dtype)
        self._scale = pink(bins * (sample_rate / samples))

    def gradient(self, audio: Tensor, gradient: Tensor) -> Tensor:
        """Scaled spectrum of the gradient, (variants, 2 (samples // 2 + 1))."""
        return torch.view_as_real(self._spectrum.analyze(gradient) * self._scale).flatten(1)

    def change(self, audio: Tensor, direction: Tensor) -> Tensor:
        """Sound of the scaled direction."""
        spectrum = torch.view_as_complex(direction.view(len(direction), -1, 2))
        return self._spectrum.synthesize(spectrum * self._scale)
