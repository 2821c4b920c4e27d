"""Synthesized drum and tone voices: pure functions of a sample rate, parameters and, for noise, a generator.

Every voice returns float32 samples, ``(samples,)`` for mono and ``(2, samples)`` for stereo, with a peak of 1 unless it
says otherwise. Tones are sums of partials below the Nyquist frequency: only a voice's own saturation can alias.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ear_engine.sources.synthesis import Audio, band, control_times, decay, normalize, partials, resonant_lowpass


def _noise(rng: np.random.Generator, samples: int) -> Audio:
    return rng.standard_normal(samples, dtype=np.float32)


def kick(
    sample_rate: int,
    rng: np.random.Generator,
    *,
    pitch: float = 50.0,
    sweep: float = 260.0,
    sweep_seconds: float = 0.02,
    seconds: float = 0.45,
    click: float = 0.25,
    drive: float = 1.6,
) -> Audio:
    """Bass drum, mono: a sine falling from ``pitch + sweep`` to ``pitch`` Hz, a noise click, and saturation."""
    samples = int(seconds * sample_rate)
    time = np.arange(samples) / sample_rate
    slow = 0.15 * sweep * sweep_seconds * 3.0 * (1.0 - np.exp(-time / (3.0 * sweep_seconds)))
    fast = 0.85 * sweep * sweep_seconds * (1.0 - np.exp(-time / sweep_seconds))
    body = np.sin(2.0 * np.pi * (pitch * time + slow + fast)).astype(np.float32)
    hold = np.minimum(1.0, np.exp(-(time - 0.25 * seconds) * 5.5 / seconds)).astype(np.float32)
    body *= hold * decay(sample_rate, samples, 4.0 * seconds, 0.0006)
    body += click * band(_noise(rng, samples), sample_rate, 1500.0, 7000.0) * decay(sample_rate, samples, 0.012, 0.0003)
    return normalize(np.tanh(drive * body))


def snare(
    sample_rate: int, rng: np.random.Generator, *, pitch: float = 185.0, seconds: float = 0.28, snap: float = 0.6
) -> Audio:
    """Snare drum, mono: two falling modes of the skin at ``pitch`` Hz and its 1.6th, and wires (``snap`` 0..1)."""
    samples = int(seconds * sample_rate)
    time = np.arange(samples) / sample_rate
    bend = 0.02 * 60.0 * (1.0 - np.exp(-time / 0.02))
    skin = np.sin(2.0 * np.pi * (pitch * time + bend)) + 0.6 * np.sin(2.0 * np.pi * (1.6 * pitch * time + bend))
    body = skin.astype(np.float32) * decay(sample_rate, samples, 0.55 * seconds)
    wires = band(_noise(rng, samples), sample_rate, 900.0, 9500.0) * decay(sample_rate, samples, 0.9 * seconds)
    edge = band(_noise(rng, samples), sample_rate, 3000.0) * decay(sample_rate, samples, 0.02)
    return normalize(np.tanh(1.3 * ((1.0 - snap) * body + snap * (wires + 0.5 * edge))))


def clap(
    sample_rate: int, rng: np.random.Generator, *, color: float = 1300.0, seconds: float = 0.3, spread: float = 0.011
) -> Audio:
    """Hand clap, mono: four bursts of noise around ``color`` Hz, ``spread`` seconds apart; the last one rings."""
    samples = int(seconds * sample_rate)
    hiss = band(_noise(rng, samples), sample_rate, 0.65 * color, 2.2 * color, order=3)
    hiss += 0.35 * band(_noise(rng, samples), sample_rate, 2.0 * color, 9000.0)
    envelope = np.zeros(samples, dtype=np.float32)
    for burst in range(4):
        start = min(samples - 1, int(burst * spread * (1.0 + 0.15 * rng.standard_normal()) * sample_rate))
        length = 0.7 * seconds if burst == 3 else 0.02
        envelope[start:] += (0.75, 0.6, 0.85, 1.0)[burst] * decay(sample_rate, samples - start, length, 0.0004)
    return normalize(np.tanh(0.8 * hiss * envelope))


def hat(
    sample_rate: int, rng: np.random.Generator, *, seconds: float = 0.06, color: float = 7500.0, metal: float = 0.5
) -> Audio:
    """Hi-hat, mono: noise and inharmonic metal (``metal`` 0..1) above ``color`` Hz; 0.05 s is closed, 0.4 s open."""
    samples = int((seconds + 0.02) * sample_rate)
    modes = color * np.array([0.49, 0.62, 0.87, 1.0, 1.13, 1.31, 1.57, 1.74]) * (1.0 + 0.01 * rng.standard_normal(8))
    ring = partials(sample_rate, modes, np.ones((8, 1)), samples, rng.uniform(0.0, 2.0 * np.pi, 8))
    ring *= np.sign(partials(sample_rate, modes[:2] * 0.37, np.ones((2, 1)), samples))
    mixed = (1.0 - metal) * _noise(rng, samples) + 0.5 * metal * ring
    return normalize(band(mixed, sample_rate, color, 16000.0, order=3) * decay(sample_rate, samples, seconds, 0.0005))


def tone(
    sample_rate: int,
    frequencies: ArrayLike,
    seconds: float,
    *,
    slope: float = 1.0,
    odd: float = 0.0,
    cutoff: float = 1200.0,
    sweep: float = 2000.0,
    sweep_seconds: float = 0.15,
    resonance: float = 1.2,
    detune: float = 0.0,
    attack: float = 0.003,
) -> Audio:
    """Band-limited saw or square notes through a resonant low-pass with a falling envelope, mono.

    Args:
        sample_rate: in Hz.
        frequencies: fundamentals in Hz, a number or ``(notes,)``.
        seconds: length; the sound ends in a short fade.
        slope: partial n has the level ``n ** -slope`` (1 is a saw).
        odd: how far even partials are lowered, 0 (saw) to 1 (square).
        cutoff: of the low-pass at rest, in Hz.
        sweep: added to the cutoff at the start, in Hz.
        sweep_seconds: time constant of its fall.
        resonance: Q of the low-pass, above 0.5.
        detune: spread of a second and third oscillator to both sides, in cents; 0 for one oscillator.
        attack: in seconds.
    """
    samples = int(seconds * sample_rate)
    times = control_times(sample_rate, samples)
    corner = cutoff + sweep * np.exp(-times / sweep_seconds)
    top = min(0.45 * sample_rate, 5.0 * (cutoff + sweep) * max(1.0, resonance) ** 0.5)
    mixed = np.zeros(samples, dtype=np.float32)
    for index, note in enumerate(np.atleast_1d(np.asarray(frequencies, dtype=np.float64))):
        for voice, cents in enumerate((0.0, -detune, detune) if detune else (0.0,)):
            number = np.arange(1, max(2, int(top / note)) + 1)
            pitches = note * 2.0 ** (cents / 1200.0) * number
            level = number**-slope * np.where(number % 2 == 0, 1.0 - odd, 1.0)
            gains = level[:, None] * resonant_lowpass(pitches[:, None], corner[None, :], resonance)
            phases = (1.7 * index + 2.4 * voice) * number.astype(np.float64)
            mixed += partials(sample_rate, pitches, gains, samples, phases)
    edge = max(1, min(samples // 3, sample_rate // 100))
    mixed[-edge:] *= np.linspace(1.0, 0.0, edge, dtype=np.float32)
    rise = max(1, min(samples, int(attack * sample_rate)))
    mixed[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    return normalize(mixed)


def bass(
    sample_rate: int, frequency: float, seconds: float, *, sub: float = 0.5, cutoff: float = 300.0, sweep: float = 900.0
) -> Audio:
    """Bass note, mono: a low-passed saw with a filter envelope over a sine at ``frequency`` Hz (``sub`` 0..1)."""
    growl = tone(sample_rate, frequency, seconds, cutoff=cutoff, sweep=sweep, sweep_seconds=0.09, resonance=1.6)
    time = np.arange(len(growl), dtype=np.float32) / np.float32(sample_rate)
    floor = np.sin(np.float32(2.0 * np.pi * frequency) * time) * decay(sample_rate, len(growl), 6.0 * seconds, 0.004)
    return normalize(np.tanh(1.2 * ((1.0 - sub) * growl + sub * floor)))


def stab(
    sample_rate: int, frequencies: ArrayLike, seconds: float, *, cutoff: float = 900.0, sweep: float = 2600.0
) -> Audio:
    """Short chord of detuned saws, stereo ``(2, samples)``: the two sides are detuned differently."""
    sides = [
        tone(sample_rate, frequencies, seconds, cutoff=cutoff, sweep=sweep, sweep_seconds=0.08, detune=cents)
        for cents in (7.0, 11.0)
    ]
    return normalize(np.stack(sides) * decay(sample_rate, len(sides[0]), 1.4 * seconds, 0.002))


def pluck(
    sample_rate: int,
    frequency: float,
    seconds: float,
    *,
    brightness: float = 0.5,
    inharmonicity: float = 3e-4,
    strike: float = 0.13,
) -> Audio:
    """Struck string, mono: partials ``n f sqrt(1 + B n^2)`` that die faster the higher they are.

    Args:
        sample_rate: in Hz.
        frequency: fundamental in Hz.
        seconds: time in which the fundamental falls by 60 dB, and the length.
        brightness: 0 (dark, felt) to 1 (bright, metal).
        inharmonicity: the stiffness B of the string (0 harmonic, 3e-4 piano-like).
        strike: where the string is struck, as a fraction of its length: partials with a node there are missing.
    """
    samples = int(seconds * sample_rate)
    times = control_times(sample_rate, samples)
    number = np.arange(1, 8 + int(24 * brightness))
    pitches = frequency * number * np.sqrt(1.0 + inharmonicity * number**2)
    level = np.abs(np.sin(np.pi * strike * number)) * number ** (-1.8 + 1.1 * brightness)
    rate = 6.9 / seconds * (1.0 + (0.9 - 0.6 * brightness) * (number - 1.0))
    string = partials(sample_rate, pitches, level[:, None] * np.exp(-rate[:, None] * times), samples)
    return normalize(string * decay(sample_rate, samples, 50.0 * seconds, 0.0015))


def pad(
    sample_rate: int,
    rng: np.random.Generator,
    frequencies: ArrayLike,
    samples: int,
    *,
    slope: float = 1.3,
    width_cents: float = 12.0,
    formants: ArrayLike = (),
    channels: int = 2,
) -> Audio:
    """Endless ensemble chord: exactly periodic in ``samples``, so it loops without a seam.

    Each partial is a Gaussian bump of random phases in one long spectrum (after P. Nasca's PADsynth algorithm).

    Args:
        sample_rate: in Hz.
        rng: draws the phases; half of the sound is common to both channels, so their mean stays full.
        frequencies: fundamentals in Hz, ``(notes,)``.
        samples: length and period.
        slope: partial n has the level ``n ** -slope``.
        width_cents: spread of each partial, in cents.
        formants: centers in Hz of vocal resonances to impose, ``(formants,)``.
        channels: 1 or 2.

    Returns:
        Shape ``(channels, samples)``.
    """
    step = sample_rate / samples
    level = np.zeros(samples // 2 + 1)
    for note in np.atleast_1d(np.asarray(frequencies, dtype=np.float64)):
        for number in range(1, min(80, int(0.4 * sample_rate / note)) + 1):
            center = note * number
            sigma = max(0.6 * step, center * (2.0 ** (width_cents / 1200.0) - 1.0))
            first, last = max(1, int((center - 4.0 * sigma) / step)), int((center + 4.0 * sigma) / step) + 2
            bins = np.arange(first, min(last, len(level)))
            bump = np.exp(-0.5 * ((bins * step - center) / sigma) ** 2)
            level[first : first + len(bins)] += number**-slope * bump / np.sqrt(sigma / step)
    peaks = np.atleast_1d(np.asarray(formants, dtype=np.float64))
    if peaks.size:
        frequency = np.arange(len(level)) * step
        level *= 0.02 + sum(np.exp(-0.5 * ((frequency - p) / (50.0 + 0.06 * p)) ** 2) for p in peaks)
    angle = np.exp(2j * np.pi * rng.random((channels + 1, len(level))))
    return normalize(np.fft.irfft(level * (angle[:1] + 0.6 * angle[1:]), samples).astype(np.float32))
