"""Fourier coefficients, decorrelated: plain steps along a white gradient make pink sound, of power 1/f, as music has.

Lucid (Olah, Mordvintsev & Schubert 2017) does this for images: coordinates are coefficients over the spectrum to be
expected, so that they are alike in size and hardly depend on each other. A plain step takes that scale twice, on the
way in and on the way back; so it is the fourth root of 1/f. Its square makes plain steps -3 dB an octave darker than in
the waveform; steps of equal size in every coordinate (``sign``) are -1.5 dB an octave. ``tone/tilt`` comes on top.

The square root of 1/f was tried: plain steps at the default tilt of -4.5 dB an octave then move little but the bass,
and the objective hardly rises (12 beats of ``beat``, ear ``small``, encoder_4_conv2: from -0.90 to -0.63, with the
fourth root to -0.44, unscaled to -0.04; with ``adam`` to -0.27, -0.02 and 0.30).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.parametrizations.base import Parametrization, RealSpectrum

_LOWEST_HZ = 30.0  # below it the scale no longer grows
_REFERENCE_HZ = 1000.0  # where the scale is 1


class Fourier(Parametrization):
    """Spectrum of the whole loop over the fourth root of 1/f; coordinates are real and imaginary parts."""

    def __init__(self, samples: int, sample_rate: int, audio: Tensor) -> None:
        super().__init__(samples, sample_rate, audio)
        self._spectrum = RealSpectrum(samples, audio)
        bins = torch.arange(samples // 2 + 1, device=audio.device, dtype=audio.dtype)
        self._scale = (_REFERENCE_HZ / (bins * (sample_rate / samples)).clamp(min=_LOWEST_HZ)) ** 0.25

    def gradient(self, audio: Tensor, gradient: Tensor) -> Tensor:
        """Scaled spectrum of the gradient, (variants, 2 (samples // 2 + 1))."""
        return torch.view_as_real(self._spectrum.analyze(gradient) * self._scale).flatten(1)

    def change(self, audio: Tensor, direction: Tensor) -> Tensor:
        """Sound of the scaled direction."""
        spectrum = torch.view_as_complex(direction.view(len(direction), -1, 2))
        return self._spectrum.synthesize(spectrum * self._scale)
