"""Constant-Q coefficients: what one coordinate moves is a sound of one pitch at one moment.

Coefficients last about 30 periods and at most about half a second, where Fourier coefficients last as long as the loop.
So methods that look at each coordinate by itself (``adam``, ``sign``) bring up the gradient's quiet moments and bands
here. The transform is a tight frame, so for other methods a step is that of the waveform.

Coefficients are not scaled: the spectrum of a change is ``tone/tilt``'s, and with a scale as of pink sound on top the
objective rises less (12 beats of ``beat``, ear ``small``, encoder_4_conv2, from -0.90 with ``adam``: to 0.62 unscaled,
0.39 with the fourth root of 1/f, 0.05 with the square root).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.parametrizations.base import Parametrization
from ear_engine.optimization.parametrizations.nsgt import ConstantQ


class ConstantQCoefficients(Parametrization):
    """Coefficients of the invertible constant-Q transform, real and imaginary parts."""

    def __init__(self, samples: int, sample_rate: int, audio: Tensor) -> None:
        super().__init__(samples, sample_rate, audio)
        self._transform = ConstantQ.create(samples, sample_rate, audio)

    def gradient(self, audio: Tensor, gradient: Tensor) -> Tensor:
        """Coefficients of the gradient, (variants, 2 coefficients)."""
        return torch.view_as_real(self._transform.analyze(gradient)).flatten(1)

    def change(self, audio: Tensor, direction: Tensor) -> Tensor:
        """Sound of the direction."""
        return self._transform.synthesize(torch.view_as_complex(direction.view(len(direction), -1, 2)))
