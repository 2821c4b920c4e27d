"""The Fourier transform of real sound and its adjoint, by the fastest way for the batch.

``spectrum``: ``S[k] = sum_n x[n] exp(-2 pi i n k / N)`` for ``k = 0..N/2``. ``adjoint``: what takes a gradient on S
(d/d real + i d/d imaginary) back to x, ``y[n] = Re sum_k G[k] exp(2 pi i n k / N)``; an inverse real transform counts
every bin between the two real ones twice, this one counts it once.

A single real transform on a CPU runs on one core; the complex one of half the length, whose real and imaginary parts
are the even and the odd samples, runs on all of them. With Z that transform, ``H = N / 2`` and
``a[k] = (1 - i exp(-2 pi i k / N)) / 2``, ``S[k] = a[k] Z[k] + (1 - a[k]) conj Z[H - k]`` (Press et al., Numerical
Recipes, "FFT of single real function", as a blend), and the adjoint is the same backwards. Measured for 180,224 samples
on two cores: 0.55 ms instead of 1.06 ms (0.7 ms of one core's time, not 2.2); from two clips on, the library's own real
transform is as fast or faster.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class RealFourier:
    """Transform of one length on one device.

    Args:
        samples: N.
        blend: (N / 2 - 1,) complex64, ``a[1..N/2-1]``; None where the library's real transform is used for all batches.
    """

    samples: int
    blend: Tensor | None

    @staticmethod
    def create(samples: int, device: torch.device) -> RealFourier:
        """Constants for loops of ``samples`` samples."""
        if device.type != "cpu" or samples % 2 or samples < 4:
            return RealFourier(samples, None)
        turn = np.exp(-2j * np.pi * np.arange(1, samples // 2) / samples)
        return RealFourier(samples, torch.from_numpy((0.5 - 0.5j * turn).astype(np.complex64)))

    def spectrum(self, audio: Tensor, length: int) -> Tensor:
        """Spectrum of real sound.

        Args:
            audio: (batch, samples), float32.
            length: bins wanted at least; what is beyond half the sample rate is 0.

        Returns:
            (batch, at least ``length`` and N // 2 + 1), complex64, contiguous.
        """
        half = self.samples // 2
        if self.blend is None or len(audio) != 1:
            bins: Tensor = torch.fft.rfft(audio)
            return bins if length <= half + 1 else torch.nn.functional.pad(bins, (0, length - half - 1))
        packed = torch.fft.fft(torch.view_as_complex(audio.contiguous().view(1, half, 2)))
        bins = packed.new_empty(1, max(length, half + 1))
        bins[:, half + 1 :].zero_()
        ends = torch.view_as_real(packed[:, 0])
        torch.view_as_real(bins[:, 0]).zero_()[:, 0] = ends.sum(-1)
        torch.view_as_real(bins[:, half]).zero_()[:, 0] = ends[:, 0] - ends[:, 1]
        inner = packed[:, 1:]
        torch.lerp(inner.flip(-1).conj_physical_(), inner, self.blend, out=bins[:, 1:half])
        return bins

    def filter(self, audio: Tensor, gain: Tensor) -> Tensor:
        """Sound with every bin of its spectrum times ``gain``.

        Args:
            audio: (batch, samples), float32.
            gain: (N // 2 + 1,), real; that of bin 0, and of the last if N is even, acts on a real number.

        Returns:
            (batch, samples).
        """
        if self.blend is None or len(audio) != 1:
            filtered: Tensor = torch.fft.irfft(torch.fft.rfft(audio) * gain, n=self.samples)
            return filtered
        # An inverse transform counts every bin but the two real ones twice, the adjoint once.
        spectrum = self.spectrum(audio, len(gain)).mul_(gain * (2.0 / self.samples))
        spectrum[:, :: self.samples // 2].mul_(0.5)
        return self.adjoint(spectrum)

    def adjoint(self, gradient: Tensor) -> Tensor:
        """Gradient on the sound, from the gradient on its spectrum, which is overwritten.

        Args:
            gradient: (batch, at least N // 2 + 1), complex64; what is beyond half the sample rate is ignored.

        Returns:
            (batch, samples), float32.
        """
        half = self.samples // 2
        gradient = gradient[:, : half + 1]
        if self.blend is None or len(gradient) != 1:
            gradient.mul_(0.5)
            gradient[:, 0].mul_(2.0)
            if self.samples % 2 == 0:
                gradient[:, half].mul_(2.0)
            audio: Tensor = torch.fft.irfft(gradient, n=self.samples, norm="forward")
            return audio
        inner = gradient[:, 1:half]
        packed = gradient.new_empty(1, half)
        low, high = gradient[:, 0].real, gradient[:, half].real
        packed[:, 0] = torch.complex(low + high, low - high)
        torch.lerp(inner.flip(-1).conj_physical_(), inner, self.blend.conj_physical(), out=packed[:, 1:])
        return torch.view_as_real(torch.fft.ifft(packed, norm="forward")).reshape(1, self.samples)
