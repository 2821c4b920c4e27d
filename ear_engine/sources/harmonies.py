"""The built-in loops that are led by notes, and those with none; each function renders one at a sample rate in Hz."""

from __future__ import annotations

import numpy as np

from ear_engine.sources import voices
from ear_engine.sources.mixer import HOUSE_RIFF, LoopMixer, riff
from ear_engine.sources.synthesis import Audio, band, hertz


def silence(rate: int) -> Audio:
    """Four seconds of nothing, mono."""
    return np.zeros((1, 4 * rate), dtype=np.float32)


def low_noise(rate: int) -> Audio:
    """Four seconds of noise between 40 and 1500 Hz, mono."""
    hiss = np.random.default_rng(40).standard_normal((1, 4 * rate), dtype=np.float32)
    return band(hiss, rate, 40.0, 1500.0, order=1)


def bass(rate: int) -> Audio:
    """The bass line of the house beat alone, mono."""
    loop = LoopMixer(rate)
    riff(loop, HOUSE_RIFF, 0.0)
    return loop.mix()[:1]


def chords(rate: int) -> Audio:
    """Four chords that run into each other."""
    loop = LoopMixer(rate)
    rng = np.random.default_rng(9)
    voicings = ((55, 59, 60, 64), (57, 60, 64, 65), (53, 57, 59, 62), (52, 55, 59, 62))
    roots = (33, 41, 38, 40)
    for index, (voicing, root) in enumerate(zip(voicings, roots, strict=True)):
        sound = voices.pad(rate, rng, hertz([root + 12, *voicing]), 2 * rate, slope=1.6, width_cents=9.0)
        held = np.tile(sound, 2)[:, : round(1.35 * rate)]
        edge = np.sin(np.linspace(0.0, 0.5 * np.pi, round(0.35 * rate), dtype=np.float32))
        held[:, : len(edge)] *= edge
        held[:, -len(edge) :] *= edge[::-1]
        loop.add(held, 2.0 * index - 0.3, -3.0, send=0.4)
        loop.add(voices.stab(rate, hertz(voicing), 0.5, cutoff=700.0, sweep=1500.0), 2.0 * index, -14.0, send=0.5)
    return loop.mix(2.0, 0.7)


def piano(rate: int) -> Audio:
    """A line of plucked strings over three bass notes."""
    loop = LoopMixer(rate)
    line = (57, 64, 72, 71, 67, 64, 60, 64, 53, 60, 69, 67, 64, 60, 55, 59)
    for index, midi in enumerate(line):
        string = voices.pluck(rate, float(hertz(midi)), 2.6, brightness=0.42, inharmonicity=2.5e-4)
        loop.add(string, 0.5 * index, -6.0 if index % 4 else -3.0, pan=(midi - 63) / 40.0, send=0.35)
    for beat, midi in ((0.0, 33), (4.0, 41), (7.0, 43)):
        loop.add(voices.pluck(rate, float(hertz(midi)), 3.5, brightness=0.35), beat, -5.0, send=0.25)
    return loop.mix(1.6, 0.6, drive=0.8)


def voice(rate: int) -> Audio:
    """One chord through four vowels that swell in turn."""
    loop = LoopMixer(rate)
    rng = np.random.default_rng(5)
    vowels = ((730.0, 1090.0, 2440.0), (570.0, 840.0, 2410.0), (300.0, 870.0, 2240.0), (530.0, 1840.0, 2480.0))
    chord = hertz([45, 52, 57, 60, 64])
    time = np.arange(loop.samples) / loop.samples
    for index, formants in enumerate(vowels):
        sung = voices.pad(rate, rng, chord, loop.samples, slope=0.8, width_cents=14.0, formants=formants)
        swell = np.maximum(0.0, np.cos(2.0 * np.pi * (time - (index + 0.5) / 4.0))) ** 2
        sung *= swell.astype(np.float32) / np.sqrt(np.mean(sung**2))
        loop.add(sung, 0.0, -12.0, send=0.4)
    return loop.mix(2.2, 0.6, drive=0.8)


def acid(rate: int) -> Audio:
    """A resonant line of sixteenths whose filter opens and closes once."""
    loop = LoopMixer(rate, 8, 126.0)
    notes = (33, 33, 45, 33, 36, 33, 43, 45, 33, 33, 45, 31, 33, 48, 43, 36)
    for index in range(32):
        if index % 16 in (3, 9, 14):
            continue
        opening = 0.5 - 0.5 * np.cos(2.0 * np.pi * index / 32.0)
        cutoff = 220.0 + 900.0 * opening
        accent = index % 16 in (2, 7, 13)
        sound = voices.tone(
            rate,
            hertz(notes[index % 16]),
            0.16 if accent else 0.1,
            cutoff=cutoff,
            sweep=(2.5 if accent else 1.5) * cutoff,
            sweep_seconds=0.06,
            resonance=7.0,
        )
        loop.add(sound, index / 4.0, 0.0 if accent else -4.0, send=0.12)
    loop.echo(0.75, 0.35)
    return loop.mix(0.8, 0.4, drive=2.0)


def dub(rate: int) -> Audio:
    """Two stabs and their echoes, over a soft kick."""
    loop = LoopMixer(rate)
    rng = np.random.default_rng(77)
    chord = voices.stab(rate, hertz([50, 53, 57, 60]), 0.32, cutoff=420.0, sweep=1500.0)
    loop.add(chord, 0.75, -1.0, send=0.9)
    loop.add(chord, 4.5, -4.0, send=0.9)
    loop.echo(0.75, 0.62, 14)
    kick = voices.kick(rate, rng, pitch=48.0, sweep=120.0, seconds=0.4, click=0.05)
    hiss = voices.hat(rate, rng, seconds=0.12, color=6000.0, metal=0.1)
    for quarter in range(8):
        loop.add(kick, quarter, -3.0)
        loop.pump(quarter, 0.4, 0.5)
        loop.add(hiss, quarter + 0.5, -11.0, pan=0.2, send=0.3)
    riff(loop, ((0.5, 26, 1.2), (3.5, 26, 0.4), (5.5, 29, 0.9)), -7.0, 130.0)
    return loop.mix(2.6, 0.8, 0.7)
