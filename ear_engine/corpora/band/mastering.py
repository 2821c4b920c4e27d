"""What happens to the sound of a band afterwards: equalizer, compression, saturation, noise and level."""

from __future__ import annotations

import numpy as np
from scipy import fft, signal

from ear_engine.corpora.makers import Audio


def master(rng: np.random.Generator, audio: Audio, sample_rate: int) -> Audio:
    """Color, dynamics and level drawn for this recording; float32 as long as ``audio``, peak below 1."""
    mixed = _equalize(rng, audio, sample_rate)
    mixed /= np.sqrt(np.mean(mixed**2)) + 1e-9
    if rng.random() < 0.6:
        mixed = _compress(mixed, sample_rate, rng.uniform(-6.0, 6.0), rng.uniform(1.3, 5.0), rng.uniform(0.03, 0.3))
        mixed /= np.sqrt(np.mean(mixed**2)) + 1e-9
    drive = float(rng.uniform(0.05, 0.35))
    mixed = np.tanh(drive * mixed)
    mixed /= np.sqrt(np.mean(mixed**2)) + 1e-9
    if rng.random() < 0.25:
        mixed += _noise(rng, len(mixed), sample_rate)
    level = 10.0 ** (rng.uniform(-28.0, -13.0) / 20.0)
    return np.asarray(mixed * min(level, 0.98 / (float(np.max(np.abs(mixed))) + 1e-9)), dtype=np.float32)


def _equalize(rng: np.random.Generator, audio: Audio, rate: int) -> Audio:
    """A tilt, three bumps, a low cut, and rarely a narrow band as of an old record or a telephone."""
    grid = np.geomspace(10.0, 0.5 * rate, 240)
    octaves = np.log2(grid / 1000.0)
    decibel = rng.normal(0.0, 0.8) * octaves
    for _ in range(3):
        decibel += rng.normal(0.0, 2.5) * np.exp(-0.5 * ((octaves - rng.uniform(-4, 4)) / rng.uniform(0.3, 1.5)) ** 2)
    decibel -= 10.0 * np.log10(1.0 + (rng.uniform(15, 50) / grid) ** 4)
    if rng.random() < 0.12:
        decibel -= 10.0 * np.log10(1.0 + (grid / rng.uniform(3000, 9000)) ** 6)
        decibel -= 10.0 * np.log10(1.0 + (rng.uniform(80, 350) / grid) ** 4)
    size = fft.next_fast_len(len(audio) + 8192, real=True)
    bins = np.linspace(0.0, 0.5 * rate, size // 2 + 1, dtype=np.float32)
    curve = np.interp(bins, grid, 10.0 ** (decibel / 20.0)).astype(np.float32)
    return np.asarray(fft.irfft(fft.rfft(audio, size) * curve, size)[: len(audio)], dtype=np.float32)


def _compress(audio: Audio, rate: int, threshold: float, ratio: float, release: float) -> Audio:
    """Turns down what is louder than ``threshold`` dB of the mean, in steps of 5 ms smoothed by ``release`` seconds."""
    hop = rate // 200
    padded = np.pad(audio, (0, -len(audio) % hop)).reshape(-1, hop)
    level = 10.0 * np.log10(np.mean(padded**2, axis=1) + 1e-9)
    pole = float(np.exp(-0.005 / release))
    fast, slow = signal.lfilter([0.6], [1.0, -0.4], level), signal.lfilter([1.0 - pole], [1.0, -pole], level)
    excess = np.maximum(np.maximum(fast, slow) - threshold, 0.0)
    gain = 10.0 ** (-excess * (1.0 - 1.0 / ratio) / 20.0)
    times = np.arange(len(audio)) / hop - 0.5
    return np.asarray(audio * np.interp(times, np.arange(len(gain)), gain), dtype=np.float32)


def _noise(rng: np.random.Generator, samples: int, rate: int) -> Audio:
    """Hiss, hum or crackle, for audio of RMS 1."""
    kind, level = int(rng.integers(3)), 10.0 ** (rng.uniform(-50.0, -26.0) / 20.0)
    if kind == 0:
        made = signal.lfilter([1.0], [1.0, -rng.uniform(-0.3, 0.9)], rng.standard_normal(samples, dtype=np.float32))
    elif kind == 1:
        base, time = float(rng.choice((50.0, 60.0))), np.arange(samples) / rate
        made = sum(np.sin(2.0 * np.pi * base * part * time) / part for part in (1, 2, 3, 5))
    else:
        made = np.zeros(samples)
        count = int(rng.uniform(2, 20) * samples / rate)
        made[rng.integers(0, samples, count)] = 25.0 * rng.normal(0.0, 1.0, count)
        made = signal.lfilter([1.0], [1.0, -0.6], made)
    return np.asarray(level * made / (np.sqrt(np.mean(made**2)) + 1e-9), dtype=np.float32)
