"""The parts of a track that have pitch: bass, chords and pads, and a lead, over one progression."""

from __future__ import annotations

import numpy as np

from ear_engine.corpora.procedural.styles import STEPS
from ear_engine.corpora.procedural.track import Track, euclid, hits
from ear_engine.sources.synthesis import Audio, normalize
from ear_engine.sources.voices import bass, pad, pluck, stab, tone


def draw_progression(rng: np.random.Generator) -> list[int]:
    """Degrees of the scale, one a chord."""
    known = ([0], [0, 5], [0, 3], [0, 5, 2, 6], [0, 3, 4, 3], [0, 6, 5, 6], [0, 2, 3, 5], [0, 5, 3, 4], [3, 4, 0, 0])
    if rng.random() < 0.7:
        return list(known[rng.integers(len(known))])
    return [0, *(int(degree) for degree in rng.integers(0, 7, int(rng.choice((1, 3, 3, 7)))))]


def play_bass(track: Track, chords: list[int], bars_each: int) -> None:
    """A riff over the roots of the chords."""
    rng = track.rng
    pattern, octave = (
        str(rng.choice(track.plan.style.patterns["bass"])),
        int(rng.choice((1, 2)) if track.plan.root < 8 else 1),
    )
    sub, cutoff, sweep = rng.random(), rng.uniform(120, 700), rng.uniform(0, 2500) * rng.random()
    length = float(rng.choice((0.8, 1.5, 3.0, 6.0))) * track.step / track.rate
    riff = rng.choice((0, 0, 0, 4, 7, 2, 6, -1), STEPS)
    gain, made = rng.uniform(0.25, 0.65), dict[int, Audio]()
    for start, bars, _ in track.active("bass"):
        for bar, step, velocity in hits(track, pattern, start, bars, 0.03):
            degree = chords[bar // bars_each % len(chords)] + int(riff[step])
            if degree not in made:
                made[degree] = bass(
                    track.rate, track.note(degree, octave), min(1.2, length), sub=sub, cutoff=cutoff, sweep=sweep
                )
            track.add(track.music, made[degree], track.at(bar, step), gain * velocity)


def _chord(track: Track, degree: int, shape: tuple[int, ...], center: float) -> list[float]:
    """Frequencies of a chord in close position around ``center`` Hz."""
    notes = [track.note(degree + third, 4) for third in shape]
    return [float(note * 2.0 ** -round(np.log2(note / center))) for note in notes]


def play_harmony(track: Track, chords: list[int], bars_each: int) -> None:
    """Short chords in a rhythm, then pads held as long as a chord lasts."""
    rng, rate = track.rng, track.rate
    shapes = ((0, 2, 4), (0, 2, 4, 6), (0, 2, 4, 6, 8), (0, 3, 4), (0, 4), (0, 1, 4), (2, 4, 6, 8))
    shape, center = shapes[rng.integers(len(shapes))], rng.uniform(220, 420)
    voiced = {degree: _chord(track, degree, shape, center) for degree in set(chords)}
    pattern = euclid(int(rng.integers(1, 6)), STEPS, int(rng.integers(STEPS)))
    cutoff, sweep, gain, wet = (
        rng.uniform(300, 2000),
        rng.uniform(200, 5000),
        rng.uniform(0.1, 0.35),
        rng.uniform(0, 0.8),
    )
    seconds, piano = float(rng.choice((1.0, 2.0, 4.0))) * track.step / rate, rng.random() < 0.3
    made = dict[int, Audio]()
    for start, bars, _ in track.active("chords"):
        for bar, step, velocity in hits(track, pattern, start, bars, 0.02):
            degree = chords[bar // bars_each % len(chords)]
            if degree not in made and piano:
                strings = [pluck(rate, note, 0.6 + seconds, brightness=0.4) for note in voiced[degree]]
                made[degree] = normalize(np.sum(strings, axis=0, dtype=np.float32))
            elif degree not in made:
                made[degree] = stab(rate, voiced[degree], min(0.6, seconds), cutoff=cutoff, sweep=sweep)[0]
            track.add(track.music, made[degree], track.at(bar, step), gain * velocity, wet)
    hold = int(bars_each * STEPS * track.step)
    fade = min(hold // 3, int(rng.uniform(0.02, 0.8) * rate))
    slope, cents, gain = rng.uniform(0.7, 2.2), rng.uniform(3, 30), rng.uniform(0.12, 0.35)
    vowel = tuple(rng.uniform((300, 900, 2200), (800, 1900, 3200))) if rng.random() < 0.3 else ()
    clouds = {
        degree: pad(rate, rng, notes, 1 << 17, slope=slope, width_cents=cents, formants=vowel, channels=1)[0]
        for degree, notes in voiced.items()
    }
    ramp = np.sin(np.linspace(0.0, 0.5 * np.pi, fade, dtype=np.float32))
    for start, bars, _ in sorted({*track.active("pad"), *track.sparse()}):
        for bar in range(start - start % bars_each, start + bars, bars_each):
            cloud = clouds[chords[bar // bars_each % len(chords)]]
            held = np.resize(cloud, hold + fade)
            held[:fade] *= ramp
            held[hold:] *= ramp[::-1]
            track.add(track.music, held, track.at(bar, 0), gain, 0.3)


def play_lead(track: Track, chords: list[int], bars_each: int) -> None:
    """A melody of its own length that moves with the chords."""
    rng, rate = track.rng, track.rate
    octave, seconds, kind = int(rng.choice((3, 4, 5))), float(rng.uniform(0.12, 0.6)), int(rng.integers(3))
    length = int(rng.choice((8, 12, 16, 32)))
    rhythm = euclid(int(rng.integers(2, 10)), length, int(rng.integers(length)))
    walk = np.clip(np.cumsum(rng.integers(-2, 3, length)), -5, 8)
    melody = walk if rng.random() < 0.5 else rng.choice((0, 2, 4, 7, 9), length)
    bright, cutoff, resonance = rng.random(), rng.uniform(300, 3000), rng.uniform(0.7, 6.0)
    gain, wet, odd = rng.uniform(0.1, 0.35), rng.uniform(0.1, 1.0), float(rng.choice((0.0, 1.0)))
    made = dict[int, Audio]()
    for start, bars, kind_of in track.active("lead"):
        for index in range(start * STEPS, (start + bars) * STEPS):
            if rhythm[index % length] != "x" or rng.random() < 0.06:
                continue
            bar = index // STEPS
            degree = int(melody[index % length]) + chords[bar // bars_each % len(chords)]
            if degree not in made:
                pitch = track.note(degree, octave)
                made[degree] = (
                    pluck(rate, pitch, 0.3 + seconds, brightness=bright)
                    if kind == 0
                    else tone(
                        rate,
                        pitch,
                        seconds,
                        cutoff=cutoff,
                        sweep=2 * cutoff,
                        odd=odd,
                        resonance=resonance,
                        detune=9.0 * (kind - 1),
                    )
                )
            swell = 0.5 + 0.5 * (index - start * STEPS) / (bars * STEPS) if kind_of == "build" else 1.0
            track.add(
                track.music, made[degree], track.at(bar, index % STEPS), gain * swell * rng.uniform(0.7, 1.0), wet
            )
