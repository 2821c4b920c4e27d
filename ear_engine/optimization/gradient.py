"""From a raw gradient on the loop to a direction of change: where it acts, spectral tilt, unit level."""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.ear.real_fourier import RealFourier

_REFERENCE_HZ = 1000.0
_LOW_CUT_HZ = 30.0
_HIGH_CUT_HZ = 18000.0


def tilt_curve(samples: int, sample_rate: int, tilt: float, device: torch.device) -> Tensor:
    """Gain of each rfft bin, (samples // 2 + 1,): ``tilt`` dB an octave around 1 kHz, nothing outside 30 Hz..18 kHz.

    The ends fall by a raised cosine over half an octave, so that no edge rings.
    """
    frequency = torch.arange(samples // 2 + 1, device=device, dtype=torch.float64) * sample_rate / samples
    octaves = torch.log2(frequency.clamp(min=1.0) / _REFERENCE_HZ)
    gain = 10.0 ** (tilt * octaves / 20.0)

    def fade(distance: Tensor) -> Tensor:  # octaves inside the edge → 0..1 over half an octave
        share: Tensor = 0.5 - 0.5 * torch.cos(torch.pi * (distance * 2.0).clamp(0.0, 1.0))
        return share

    low = fade(torch.log2(frequency.clamp(min=1.0) / _LOW_CUT_HZ))
    high = fade(torch.log2(_HIGH_CUT_HZ / frequency.clamp(min=1.0)))
    curve: Tensor = (gain * low * high).float()
    return curve


def shape_gradient(gradient: Tensor, curve: Tensor, fourier: RealFourier) -> Tensor:
    """Weight the spectrum of ``gradient``, (variants, samples), by ``curve``; bring it to an RMS of 1 (0 stays 0)."""
    shaped = fourier.filter(gradient, curve)
    unit: Tensor = shaped / shaped.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-30)
    return unit


def reshape_gradient(gradient: Tensor, coefficients: Tensor, reshape: Tensor, level: Tensor) -> Tensor:
    """Where change acts: a gradient on constant-Q coefficients, weighted, and without what would only turn up the loop.

    The ear hears log amplitude, whose gradient is largest where there is almost nothing: unweighted, a dream fills
    every gap of the spectrum with noise. The weight ``|X|^(2 reshape)`` goes from that (0) over the same change in
    amplitude everywhere (0.5) to the same change in dB (1), which only shapes what sounds already. 60 dB below the
    loop's level the weight levels off, so silence can still begin to sound. Since the loop's level is held, each place
    pays for the energy it takes: ``g - a X`` with ``a`` such that the weighted change takes none in sum (the
    gradient projected on loops of equal energy, in the metric of the weights).

    Args:
        gradient: (batch, bins, frames), complex.
        coefficients: same shape, where the gradient was taken.
        reshape: 0..1, a scalar.
        level: RMS of the loop, a scalar.
    """
    power = coefficients.real.square() + coefficients.imag.square()
    weight = ((power + (1e-3 * level) ** 2) / level**2).pow(reshape)
    taken = (weight * (gradient * coefficients.conj()).real).sum(dim=(1, 2), keepdim=True)
    price = taken / (weight * power).sum(dim=(1, 2), keepdim=True).clamp(min=1e-30)
    return weight * (gradient - price * coefficients)
