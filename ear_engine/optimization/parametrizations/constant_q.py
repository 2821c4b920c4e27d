"""Constant-Q coefficients: what one step moves is a sound of one pitch at one moment.

The scale is that of pink sound, as for Fourier coefficients: a band is as wide as its frequency, so all bands change by
equal energy when all coordinates change alike. Fourier coefficients last as long as the loop, these about 30 periods
and at most about half a second. So methods that look at each coordinate by itself (``adam``, ``sign``) bring up the
gradient's quiet moments here, and keep its moments as they are there. For other methods both are the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.parametrizations.base import Parametrization
from ear_engine.optimization.parametrizations.fourier import pink
from ear_engine.optimization.parametrizations.nsgt import ConstantQ


class ConstantQCoefficients(Parametrization):
    """Coefficients of the invertible constant-Q transform over the amplitude of pink sound, as real numbers."""

    def __init__(self, samples: int, sample_rate: int, audio: Tensor) -> None:
        super().__init__(samples, sample_rate, audio)
        self._transform = ConstantQ.create(samples, sample_rate, audio)
        self._scale = pink(self._transform.frequencies)

    def gradient(self, audio: Tensor, gradient: Tensor) -> Tensor:
        """Scaled coefficients of the gradient, (variants, 2 coefficients)."""
        return torch.view_as_real(self._transform.analyze(gradient) * self._scale).flatten(1)

    def change(self, audio: Tensor, direction: Tensor) -> Tensor:
        """Sound of the scaled direction."""
        return self._transform.synthesize(torch.view_as_complex(direction.view(len(direction), -1, 2)) * self._scale)
