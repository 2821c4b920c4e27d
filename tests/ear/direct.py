"""The scalogram's definition evaluated directly in float64, slowly, with no line shared with the engine's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.scalogram import ScalogramConfig

Array = NDArray[np.float64]


def frequencies(config: ScalogramConfig) -> list[float]:
    return [config.f_min * 2.0 ** (k / config.bins_per_octave) for k in range(config.bins)]


def kernel(t: Array, center: float, half: float) -> NDArray[np.complex128]:
    """h_k(t) = 2 b exp(2 pi i f t) sinc(2 b t) / (1 - (2 b t)**2); the limit at 2 b t = ±1 is one half."""
    u = 2.0 * half * t
    edge = np.abs(np.abs(u) - 1.0) < 1e-9
    shape = np.where(edge, 0.5, np.sinc(u) / np.where(edge, 1.0, 1.0 - u * u))
    return np.asarray(2.0 * half * shape * np.exp(2j * np.pi * center * t))


def in_time_loop(audio: Array, config: ScalogramConfig, frames: int, chosen: list[int]) -> NDArray[np.complex128]:
    """Coefficients (bins, chosen frames) of a loop that has sounded for ever, by summing h_k over 2 b t = -16..16."""
    samples, rate = len(audio), config.sample_rate
    out = np.empty((config.bins, len(chosen)), complex)
    for k, center in enumerate(frequencies(config)):
        half = center / config.q
        reach = int(np.ceil(16.0 / (2.0 * half) * rate))
        for column, frame in enumerate(chosen):
            at = frame * samples / frames
            n = np.arange(int(at) - reach, int(at) + reach + 1)
            out[k, column] = np.sum(audio[n % samples] * kernel((at - n) / rate, center, half)) / rate
    return out


def in_time_music(audio: Array, config: ScalogramConfig, chosen: list[int]) -> NDArray[np.complex128]:
    """Coefficients (bins, chosen frames) of music with silence before and after: the plain sum, nothing periodic."""
    rate = config.sample_rate
    n = np.arange(len(audio))
    out = np.empty((config.bins, len(chosen)), complex)
    for k, center in enumerate(frequencies(config)):
        for column, frame in enumerate(chosen):
            t = (frame * config.hop - n) / rate
            out[k, column] = np.sum(audio * kernel(t, center, center / config.q)) / rate
    return out


def in_frequency(audio: Array, config: ScalogramConfig, frames: int) -> NDArray[np.complex128]:
    """Coefficients (bins, frames) of a loop: the Fourier sum over the band of H_k, term by term."""
    samples, rate = len(audio), config.sample_rate
    spectrum = np.fft.fft(audio)
    m = np.arange(frames)
    out = np.empty((config.bins, frames), complex)
    for k, center in enumerate(frequencies(config)):
        half = center / config.q
        j = np.arange(int((center - half) * samples / rate), int((center + half) * samples / rate) + 2)
        j = j[np.abs(j * rate / samples - center) < half]
        window = 1.0 + np.cos(np.pi * (j * rate / samples - center) / half)
        out[k] = (spectrum[j % samples] * window) @ np.exp(2j * np.pi * np.outer(j, m) / frames) / samples
    return out


def error_db(found: NDArray[np.complexfloating], true: NDArray[np.complex128]) -> Array:
    """max |difference| over max |true| of every bin, dB; both (bins, frames)."""
    peak = np.abs(true).max(axis=1)
    return np.asarray(20.0 * np.log10((np.abs(found - true).max(axis=1) + 1e-30) / peak))
