"""Where a gradient on constant-Q coefficients acts: on what sounds, on tones or on noise."""

from __future__ import annotations

from torch import Tensor, nn

_FRAMES, _BINS = 15, 25  # over which tones last and hits reach: a third of a second, an octave
_TONES = 4.0  # exponent at full strength: noise, half tone and half hit, is left 24 dB below tones,
_HITS = 2.0  # and tones, a tenth hit at most, 28 dB below noise


def tonal_weight(coefficients: Tensor, tonal: Tensor) -> Tensor:
    """Weight of each place: above 0 tones, below 0 noise and hits.

    A tone is like itself along time, a hit along frequency (Fitzgerald 2010, "Harmonic/percussive separation using
    median filtering", with means instead of medians): with h the mean amplitude over a third of a second and p that
    over an octave, ``share = h² / (h² + p²)`` is near 1 for tones, near 0 for hits, and about a half for noise.

    Args:
        coefficients: (batch, bins, frames), complex, around a loop.
        tonal: -1 (weight ``min(1, 2 (1 - share))²``) to 0 (1 everywhere) to 1 (``share⁴``), a scalar.
    """
    amplitude = coefficients.abs()
    reach = min(_FRAMES // 2, (amplitude.shape[-1] - 1) // 2)
    around = nn.functional.pad(amplitude, (reach, reach), mode="circular")
    along = nn.functional.avg_pool1d(around, 2 * reach + 1, 1).square()
    across = nn.functional.avg_pool1d(amplitude.mT, _BINS, 1, padding=_BINS // 2, count_include_pad=False).mT.square()
    share = along / (along + across).clamp(min=1e-30)
    tones = share.pow(_TONES * tonal.clamp(min=0.0))
    hits = (2.0 - 2.0 * share).clamp(1e-3, 1.0).pow(_HITS * (-tonal).clamp(min=0.0))
    weight: Tensor = tones * hits
    return weight


def reshape_gradient(
    gradient: Tensor, coefficients: Tensor, reshape: Tensor, level: Tensor, tonal: Tensor | None = None
) -> Tensor:
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
        tonal: see :func:`tonal_weight`; None is 0, for nothing.
    """
    power = coefficients.real.square() + coefficients.imag.square()
    weight = ((power + (1e-3 * level) ** 2) / level**2).pow(reshape)
    if tonal is not None:
        weight = weight * tonal_weight(coefficients, tonal)
    taken = (weight * (gradient * coefficients.conj()).real).sum(dim=(1, 2), keepdim=True)
    price = taken / (weight * power).sum(dim=(1, 2), keepdim=True).clamp(min=1e-30)
    return weight * (gradient - price * coefficients)
