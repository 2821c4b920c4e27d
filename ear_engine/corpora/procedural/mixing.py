"""What happens to a whole track: filters that move with its sections, then room, echo, equalizer and level."""

from __future__ import annotations

import numpy as np

from ear_engine.corpora.procedural.styles import STEPS
from ear_engine.corpora.procedural.track import Track
from ear_engine.sources.synthesis import Audio, band, reverb_impulse


def sweep(track: Track, size: int = 1024) -> None:
    """Moves a low-pass or a high-pass over the music from section to section (overlap-add, half-overlapping)."""
    rng, hop = track.rng, size // 2
    frames = track.samples // hop + 2
    cutoff = np.full(frames, 20000.0)
    for start, bars, kind in track.sections:
        first, last = track.at(start, 0) // hop, min(frames, track.at(start + bars, 0) // hop)
        low, high = rng.uniform(250, 1500), rng.uniform(5000, 18000)
        ends = {"intro": (low, high), "build": (low, high), "break": (high, low)}.get(kind)
        if ends is not None and last > first and rng.random() < 0.7:
            cutoff[first:last] = np.geomspace(*ends, last - first)
    if rng.random() < 0.3:
        period = rng.choice((4, 8, 16, 32)) * STEPS * track.step / hop / 4
        cutoff = np.minimum(cutoff, 1500.0 * 2.0 ** (1.7 * np.sin(2.0 * np.pi * np.arange(frames) / period)))
    window = np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)
    padded = np.pad(track.music, (hop, frames * hop + hop - track.samples))
    grains = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:frames] * window
    ratio = np.fft.rfftfreq(size, 1.0 / track.rate).astype(np.float32) / cutoff[:, None].astype(np.float32)
    grains = np.fft.irfft(np.fft.rfft(grains) / (1.0 + (ratio * ratio) ** 2), size).astype(np.float32) * window
    joined = np.zeros((frames + 1, hop), dtype=np.float32)
    joined[:-1] += grains[:, :hop]
    joined[1:] += grains[:, hop:]
    track.music[:] = joined.reshape(-1)[hop : hop + track.samples]


def _fast_size(least: int) -> int:
    """The smallest length from ``least`` that is a power of two times 4, 5 or 6, and so quick to transform."""
    unit = 1 << max(0, least.bit_length() - 3)
    return next(unit * factor for factor in (4, 5, 6, 8) if unit * factor >= least)


def master(track: Track) -> Audio:
    """Room, echo, equalizer, saturation and level, all drawn for this track; shape ``(samples,)``."""
    rng, rate = track.rng, track.rate
    room = reverb_impulse(rate, rng, rng.uniform(*track.plan.style.room), damping=rng.random())[0] * rng.uniform(
        0.1, 0.9
    )
    time, feedback = int(float(rng.choice((2, 3, 3, 4, 6))) * track.step), rng.uniform(0.0, 0.65)
    repeats = int(min(12, 1 + 4.0 / (1.0 - feedback)))
    response = np.zeros(_fast_size(max(len(room), repeats * time + 1)), dtype=np.float32)
    response[: len(room)] += room
    for repeat in range(1, repeats + 1):
        response[repeat * time] += 0.7 * feedback**repeat
    response = band(response, rate, rng.uniform(60, 300), rng.uniform(3000, 12000), order=1)
    needed = track.samples + len(response)
    size = _fast_size(needed)
    grid = np.geomspace(10.0, 0.5 * rate, 200)
    octaves = np.log2(grid / 1000.0)
    decibel = rng.normal(0.0, 1.0) * octaves
    for _ in range(3):
        decibel += rng.normal(0.0, 3.0) * np.exp(-0.5 * ((octaves - rng.uniform(-4, 4)) / rng.uniform(0.3, 1.2)) ** 2)
    decibel -= 10.0 * np.log10(1.0 + (rng.uniform(18, 45) / grid) ** 4)
    decibel -= 10.0 * np.log10(1.0 + (grid / rng.uniform(8000, 21000)) ** 8)
    bins = np.linspace(0.0, 0.5 * rate, size // 2 + 1, dtype=np.float32)
    curve = np.interp(bins, grid, 10.0 ** (decibel / 20.0)).astype(np.float32)
    dry = track.drums + track.music * track.duck
    spectrum = (np.fft.rfft(dry, size) + np.fft.rfft(track.send, size) * np.fft.rfft(response, size)) * curve
    mixed = np.fft.irfft(spectrum, size)[: track.samples].astype(np.float32)
    mixed *= np.float32(rng.uniform(0.1, 0.45)) / (np.sqrt(np.mean(mixed**2)) + 1e-9)
    mixed = np.tanh(mixed)
    if rng.random() < 0.4:
        mixed += np.float32(10.0 ** (rng.uniform(-80, -55) / 20.0)) * rng.standard_normal(
            track.samples, dtype=np.float32
        )
    level = 10.0 ** (rng.uniform(-22.0, -10.0) / 20.0) / (np.sqrt(np.mean(mixed**2)) + 1e-9)
    return np.asarray(mixed * min(level, 0.98 / (np.max(np.abs(mixed)) + 1e-9)), dtype=np.float32)
