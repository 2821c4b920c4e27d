"""What voices are made of: sums of partials, band limits, envelopes, a room; pure functions of a sample rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Audio = NDArray[np.float32]
Curve = NDArray[np.float64]

BLOCK = 128
"""Samples between two control points of :func:`partials`."""

_ROWS, _COLUMNS = 4, 96
"""Matrix products of ``(_ROWS, _COLUMNS) @ (_COLUMNS, BLOCK)`` are small enough that BLAS keeps them on one thread."""


def hertz(midi: ArrayLike) -> Curve:
    """Frequencies in Hz of MIDI note numbers of any shape (A4 = 69 = 440 Hz, equal temperament)."""
    octaves = (np.asarray(midi, dtype=np.float64) - 69.0) / 12.0
    return np.asarray(440.0 * 2.0**octaves, dtype=np.float64)


def control_times(sample_rate: int, samples: int) -> Curve:
    """Times in seconds of the control points of :func:`partials`: shape ``(ceil(samples / BLOCK) + 1,)``."""
    return np.arange(-(-samples // BLOCK) + 1, dtype=np.float64) * (BLOCK / sample_rate)


def partials(sample_rate: int, frequencies: Curve, gains: Curve, samples: int, phases: Curve | None = None) -> Audio:
    """Sum of sines whose gains move linearly between control points.

    A sine at sample ``k BLOCK + j`` is ``exp(i w k BLOCK) exp(i w j)``, so the whole sum is two matrix products.

    Args:
        sample_rate: in Hz.
        frequencies: shape ``(partials,)``, in Hz; those at or above Nyquist are left out.
        gains: linear, shape ``(partials, points)`` with the points of :func:`control_times`, or ``(partials, 1)``.
        samples: length of the result.
        phases: shape ``(partials,)``, in radians; 0 starts a rising sine.

    Returns:
        Shape ``(samples,)``, not normalized.
    """
    heard = frequencies < 0.49 * sample_rate
    omega = 2.0 * np.pi * frequencies[heard] / sample_rate
    start = np.zeros(omega.shape) if phases is None else phases[heard]
    blocks = -(-samples // BLOCK)
    padding = -blocks % _ROWS
    gains = np.broadcast_to(gains, (len(frequencies), blocks + 1))[heard].T
    gains = np.pad(gains, ((0, padding), (0, 0))).astype(np.float32)
    time = np.arange(blocks + padding) * BLOCK
    blend = np.arange(BLOCK, dtype=np.float32) / BLOCK
    mixed = np.zeros((len(time) // _ROWS, _ROWS, BLOCK), dtype=np.float32)
    for first in range(0, len(omega), _COLUMNS):
        few = slice(first, first + _COLUMNS)
        fine = np.exp(1j * np.outer(omega[few], np.arange(BLOCK))).astype(np.complex64)
        rough = np.exp(1j * (np.outer(time, omega[few]) + start[few] - 0.5 * np.pi)).astype(np.complex64)
        left = ((rough * gains[:-1, few]).reshape(*mixed.shape[:2], -1) @ fine).real
        right = ((rough * gains[1:, few]).reshape(*mixed.shape[:2], -1) @ fine).real
        mixed += left + (right - left) * blend
    return mixed.reshape(-1)[:samples]


def resonant_lowpass(frequency: Curve, cutoff: Curve, resonance: float) -> Curve:
    """Magnitude of a two-pole low-pass: ``1 / sqrt((1 - r^2)^2 + (r / Q)^2)``, r = frequency / cutoff, both in Hz."""
    ratio = frequency / cutoff
    return np.asarray(1.0 / np.sqrt((1.0 - ratio**2) ** 2 + (ratio / resonance) ** 2))


def band(signal: Audio, sample_rate: int, low: float = 0.0, high: float = 0.0, order: int = 2) -> Audio:
    """Circular zero-phase band limit along the last axis, with Butterworth magnitudes.

    Args:
        signal: shape ``(..., samples)``.
        sample_rate: in Hz.
        low: high-pass corner in Hz, 0 for none.
        high: low-pass corner in Hz, 0 for none.
        order: slope of each side, 6 dB an octave times ``order``.
    """
    frequency = np.fft.rfftfreq(signal.shape[-1], 1.0 / sample_rate)
    gain = np.ones(frequency.shape)
    if low > 0.0:
        ratio = (frequency / low) ** order
        gain *= ratio / np.sqrt(1.0 + ratio**2)
    if high > 0.0:
        gain /= np.sqrt(1.0 + (frequency / high) ** (2 * order))
    spectrum = np.fft.rfft(signal) * gain.astype(np.float32)
    return np.fft.irfft(spectrum, signal.shape[-1]).astype(np.float32)


def decay(sample_rate: int, samples: int, seconds: float, attack: float = 0.001) -> Audio:
    """Envelope ``(samples,)``: linear attack in seconds, then a fall of 60 dB in ``seconds``, faded to 0 at the end."""
    time = np.arange(samples, dtype=np.float32) / np.float32(sample_rate)
    envelope = np.exp(time * np.float32(-6.908 / seconds))
    envelope *= np.minimum(time / np.float32(max(attack, 1e-5)), 1.0)
    edge = max(1, min(samples // 2, sample_rate // 200))
    envelope[samples - edge :] *= np.linspace(1.0, 0.0, edge, dtype=np.float32)
    return np.asarray(envelope, dtype=np.float32)


def normalize(signal: Audio) -> Audio:
    """The signal scaled to a peak of 1; silence stays silence."""
    peak = float(np.max(np.abs(signal), initial=0.0))
    return np.asarray(signal / peak if peak > 0.0 else signal, dtype=np.float32)


def reverb_impulse(
    sample_rate: int, rng: np.random.Generator, seconds: float, *, damping: float = 0.5, predelay: float = 0.012
) -> Audio:
    """Impulse response of a room, stereo ``(2, samples)``, of unit energy a channel.

    Noise in three bands that fall by 60 dB in ``seconds`` (low), and sooner above, the more so with ``damping`` 0..1.
    ``predelay`` in seconds comes first.
    """
    samples = int(seconds * sample_rate)
    raw = rng.standard_normal((2, -(-samples // 4096) * 4096), dtype=np.float32)
    tail = np.zeros((2, samples), dtype=np.float32)
    for low, high, shorter in ((120.0, 700.0, 0.0), (700.0, 3500.0, 0.4), (3500.0, 12000.0, 0.8)):
        fall = decay(sample_rate, samples, seconds * (1.0 - shorter * damping), 0.004)
        tail += band(raw, sample_rate, low, high)[:, :samples] * fall
    tail /= np.sqrt(np.sum(tail**2, axis=1, keepdims=True)) + 1e-12
    return np.pad(tail, ((0, 0), (int(predelay * sample_rate), 0)))
