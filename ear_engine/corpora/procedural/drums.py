"""The parts of a track that have no pitch: drums, percussion, risers, air and crackle."""

from __future__ import annotations

import numpy as np

from ear_engine.corpora.procedural.styles import STEPS
from ear_engine.corpora.procedural.track import Track, euclid, hits
from ear_engine.sources.synthesis import band
from ear_engine.sources.voices import clap, hat, kick, pluck, snare


def play_drums(track: Track) -> None:
    """Kick, with what ducks under it, snare and clap, closed and open hats."""
    rng, rate, style = track.rng, track.rate, track.plan.style
    soft = 0.6 if style.name == "ambient" else 1.0
    boom = kick(
        rate,
        rng,
        pitch=rng.uniform(42, 62),
        sweep=rng.uniform(120, 420),
        sweep_seconds=rng.uniform(0.015, 0.045),
        seconds=rng.uniform(0.2, 0.6),
        click=rng.uniform(0.0, 0.5),
        drive=rng.uniform(1.0, 4.0),
    )
    pattern = str(rng.choice(style.patterns["kick"]))
    depth, release = rng.uniform(0.0, 0.9), int(rng.uniform(1.5, 5.0) * track.step)
    dip = (1.0 - depth * (1.0 - np.linspace(0.0, 1.0, release) ** rng.uniform(0.7, 2.0))).astype(np.float32)
    gain = soft * rng.uniform(0.5, 0.9)
    for start, bars, _ in track.active("kick"):
        for bar, step, velocity in hits(track, pattern, start, bars, 0.01):
            where = track.at(bar, step)
            track.add(track.drums, boom, where, gain * velocity, 0.02)
            part = track.duck[where : where + release]
            np.minimum(part, dip[: len(part)], out=part)
    length, mix = rng.uniform(0.12, 0.4), rng.random()
    hit = np.zeros(int(0.45 * rate), dtype=np.float32)
    for sound, level in (
        (snare(rate, rng, pitch=rng.uniform(150, 260), seconds=length, snap=rng.uniform(0.3, 0.8)), mix),
        (clap(rate, rng, color=rng.uniform(900, 1900), seconds=length, spread=rng.uniform(0.006, 0.014)), 1.0 - mix),
    ):
        hit[: len(sound)] += np.float32(level) * sound
    pattern, gain, wet = str(rng.choice(style.patterns["snare"])), soft * rng.uniform(0.3, 0.7), rng.uniform(0.02, 0.5)
    for start, bars, kind in track.active("snare"):
        for bar, step, velocity in hits(track, pattern, start, bars):
            track.add(track.drums, hit, track.at(bar, step), gain * velocity, wet)
        if kind == "build":
            for step in range(STEPS):
                track.add(track.drums, hit, track.at(start + bars - 1, step), gain * (0.2 + 0.05 * step), wet)
    color, metal = rng.uniform(5000, 9500), rng.uniform(0.1, 0.9)
    closed = [hat(rate, rng, seconds=s, color=color, metal=metal) for s in rng.uniform(0.03, 0.12, 2)]
    loud = soft * rng.uniform(0.18, 0.5)
    pattern = str(rng.choice(style.patterns["hats"]))
    for start, bars, _ in track.active("hats"):
        for bar, step, velocity in hits(track, pattern, start, bars):
            track.add(track.drums, closed[step % 2], track.at(bar, step), loud * velocity, 0.05)
    ring, pattern = (
        hat(rate, rng, seconds=rng.uniform(0.15, 0.5), color=color, metal=metal),
        str(rng.choice(style.patterns["open"])),
    )
    for start, bars, _ in track.active("hats"):
        for bar, step, velocity in hits(track, pattern, start, bars, 0.0):
            track.add(track.drums, ring, track.at(bar, step), 0.8 * loud * velocity, 0.1)


def play_percussion(track: Track) -> None:
    """One to three patterns of small sounds, some in meters of their own."""
    rng, rate = track.rng, track.rate
    for _ in range(int(rng.integers(1, 4))):
        pitch, which = rng.uniform(150, 900), rng.integers(4)
        if which == 0:
            sound = pluck(
                rate, pitch, rng.uniform(0.08, 0.3), brightness=rng.random(), inharmonicity=rng.uniform(0, 0.1)
            )
        elif which == 1:
            sound = kick(rate, rng, pitch=pitch, sweep=0.5 * pitch, seconds=rng.uniform(0.08, 0.25), click=0.1)
        elif which == 2:
            sound = hat(rate, rng, seconds=rng.uniform(0.02, 0.1), color=rng.uniform(2500, 6000), metal=rng.random())
        else:
            sound = clap(rate, rng, color=rng.uniform(600, 3000), seconds=0.1, spread=rng.uniform(0.001, 0.02))
        steps = int(rng.choice((16, 16, 12, 7, 10)))
        pattern = euclid(int(rng.integers(2, 7)), steps, int(rng.integers(steps)))
        gain, wet = rng.uniform(0.08, 0.35), rng.uniform(0.0, 0.6)
        for start, bars, _ in track.active("perc"):
            for index in range(start * STEPS, (start + bars) * STEPS):
                if pattern[index % steps] == "x" and rng.random() < 0.93:
                    where = track.at(index // STEPS, index % STEPS)
                    track.add(track.drums, sound, where, gain * rng.uniform(0.6, 1.0), wet)


def play_texture(track: Track) -> None:
    """Risers into drops, air and crackle."""
    rng, rate = track.rng, track.rate
    air = band(rng.standard_normal(4 * rate, dtype=np.float32), rate, rng.uniform(200, 2000), rng.uniform(2500, 9000))
    gain = 10.0 ** (rng.uniform(-45, -22) / 20.0)
    for start, bars, kind in track.active("texture"):
        first, last = track.at(start, 0), min(track.samples, track.at(start + bars, 0))
        shape = np.linspace(0.0, 1.0, max(0, last - first), dtype=np.float32)
        swell = 0.15 + 4.0 * shape**3 if kind == "build" else 0.6 + 0.4 * np.sin(2.0 * np.pi * shape * bars)
        track.music[first:last] += np.float32(gain) * swell.astype(np.float32) * np.resize(air, max(0, last - first))
    if rng.random() < 0.2:
        count = int(rng.uniform(1, 12) * track.samples / rate)
        track.drums[rng.integers(0, track.samples, count)] += rng.normal(0.0, 0.08, count).astype(np.float32)
