"""Procedural dance and ambient music to train ears on: every seed is a different recording, and the hours are endless.

Written by this project and dedicated to the public domain (CC0), so weights trained on it carry no other license.
A seed draws a plan (style, tempo, key, scale), then a kit of voices, patterns, a form in sections and a mix.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from ear_engine.errors import UserError
from ear_engine.sources.synthesis import Audio, band, hertz, normalize, reverb_impulse
from ear_engine.sources.voices import bass, clap, hat, kick, pad, pluck, snare, stab, tone

STEPS = 16


@dataclass(frozen=True)
class Style:
    """What tracks of one genre have in common.

    A pattern is one bar of sixteenths: ``x`` loud, ``o`` soft, ``.`` none.

    Attributes:
        name: of the genre.
        tempo: lowest and highest, in BPM.
        swing: least and most delay of every second sixteenth, in sixteenths.
        room: shortest and longest reverberation, in seconds.
        patterns: to choose from, for ``kick``, ``snare``, ``hats``, ``open`` and ``bass``.
        chance: probability 0..1 that a track has the layer; layers not named have 0.
    """

    name: str
    tempo: tuple[float, float]
    swing: tuple[float, float]
    room: tuple[float, float]
    patterns: dict[str, tuple[str, ...]]
    chance: dict[str, float]


SCORES = """
house      116 130  0.00 0.35  0.6 2.0
    kick   x...x...x...x... x...x...x...x... x...x...x...x.o.
    snare  ....x.......x... ....x.......x..o ....x..o....x...
    hats   xoxoxoxoxoxoxoxo o.x.o.x.o.x.o.x. xooxxooxxooxxoox ..x...x...x...xo ooxoooxoooxoooxo
    open   ..x...x...x...x. ..x...x...x...x. ..x...x...x..ox.
    bass   ..x...x...x...x. .xxo.xxo.xxo.xxo x..x..x.x..x..x. x.....x...x..x.. ..x..ox...x..x.o
    chance kick=1 snare=.85 hats=.95 perc=.6 bass=.95 chords=.8 pad=.45 lead=.4 texture=.3
techno     124 145  0.00 0.12  0.8 3.0
    kick   x...x...x...x... x...x...x...x... x...x...x...x..o x..ox...x..ox...
    snare  ................ ....x.......x... ............x... ......x.......o.
    hats   xoxoxoxoxoxoxoxo o.x.o.x.o.x.o.x. xooxxooxxooxxoox ..x...x...x...xo ooxoooxoooxoooxo
    open   ..x...x...x...x. ................ ..x.......x.....
    bass   ..x...x...x...x. .xxx.xxx.xxx.xxx xxoxxoxxxoxxoxxo x..x..x..x..x.x.
    chance kick=1 snare=.85 hats=.95 perc=.9 bass=.95 chords=.35 pad=.4 lead=.55 texture=.7
ambient     85 112  0.00 0.30  2.0 4.5
    kick   x............... x.........x..... x.......x.......
    snare  ........x....... ............o... ................
    hats   o...o...o...o... ..o...o...o...o. o..o..o.o..o..o.
    open   ................ ..............o.
    bass   x............... x.......x....... x.........x.....
    chance kick=.35 snare=.25 hats=.4 perc=.4 bass=.7 chords=.25 pad=1 lead=.8 texture=.9
electro    108 138  0.00 0.15  0.6 2.0
    kick   x.....x...x..... x..x..x...x..... x......x..x..... x.x...x...xo....
    snare  ....x.......x... ....x.......x..o
    hats   xoxoxoxoxoxoxoxo o.x.o.x.o.x.o.x. xooxxooxxooxxoox ooxoooxoooxoooxo
    open   ..x.......x..... ................ ......x.......x.
    bass   x..x..x.x.x..x.. xx.x.xx.x.xx.x.x x.x..xx...x.x...
    chance kick=1 snare=.85 hats=.95 perc=.6 bass=.95 chords=.5 pad=.5 lead=.7 texture=.3
breaks     118 150  0.00 0.30  0.6 2.0
    kick   x.x.......xx.... x..o..x...x..... x.....x..xo..... x.x...o.....x..x x......xx.o.....
    snare  ....x..o.o..x..o ....x.......x... ....x..o....x.o. ....x....o....x. ..o.x..o.o..x...
    hats   xoxoxoxoxoxoxoxo o.x.o.x.o.x.o.x. xooxxooxxooxxoox ooxoooxoooxoooxo
    open   ................ ......x......... ..............x.
    bass   x.....x...x..... x..............x x..x......x..x.. x...x.o...x.....
    chance kick=1 snare=1 hats=.95 perc=.6 bass=.95 chords=.5 pad=.6 lead=.5 texture=.5
downtempo   85 104  0.10 0.50  0.8 2.5
    kick   x.x.......xx.... x..o..x...x..... x.....x..xo..... x.x...o.....x..x x......xx.o.....
    snare  ....x..o.o..x..o ....x.......x... ....x..o....x.o. ....x....o....x.
    hats   xoxoxoxoxoxoxoxo o.x.o.x.o.x.o.x. xooxxooxxooxxoox ..x...x...x...xo
    open   ................ ......x.........
    bass   x.....x...x..... x..x......o..... x......x....x...
    chance kick=1 snare=1 hats=.95 perc=.6 bass=.95 chords=.8 pad=.6 lead=.6 texture=.7
"""
"""Each style: name, tempo range, swing range, room range; then its patterns and its chances."""


def styles() -> tuple[Style, ...]:
    """The genres that tracks are drawn from, as read from :data:`SCORES`."""
    found, head, rows = list[Style](), list[str](), dict[str, tuple[str, ...]]()
    for line in (*SCORES.strip().splitlines(), "end"):
        word, *rest = line.split()
        if line.startswith(" "):
            rows[word] = tuple(rest)
            continue
        if head:
            slowest, fastest, least, most, dry, wet = map(float, head[1:])
            chance = {layer: float(odds) for layer, odds in (entry.split("=") for entry in rows.pop("chance"))}
            found.append(Style(head[0], (slowest, fastest), (least, most), (dry, wet), rows, chance))
        head, rows = [word, *rest], {}
    return tuple(found)


SCALES: dict[str, tuple[int, ...]] = {
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "harmonic_minor": (0, 2, 3, 5, 7, 8, 11),
}

KEEP: dict[str, dict[str, float]] = {
    "intro": {"kick": 0.6, "snare": 0.3, "hats": 0.6, "bass": 0.3, "chords": 0.4, "pad": 0.6, "lead": 0.3},
    "groove": {"kick": 0.97, "snare": 0.9, "hats": 0.9, "bass": 0.9, "chords": 0.7, "pad": 0.6, "lead": 0.5},
    "break": {"kick": 0.08, "snare": 0.1, "hats": 0.3, "bass": 0.3, "chords": 0.8, "pad": 0.9, "lead": 0.7},
    "build": {"kick": 0.5, "snare": 0.2, "hats": 0.8, "bass": 0.2, "chords": 0.8, "pad": 0.8, "lead": 0.7},
    "drop": {"perc": 0.9, "chords": 0.85, "pad": 0.7, "lead": 0.8},
}

FOLLOWS: dict[str, tuple[str, ...]] = {
    "intro": ("groove", "groove", "break", "build"),
    "groove": ("groove", "break", "build", "drop"),
    "break": ("build", "build", "drop", "groove"),
    "build": ("drop",),
    "drop": ("groove", "break", "drop", "intro"),
}


@dataclass(frozen=True)
class Plan:
    """What a seed decides first: the style, the tempo in BPM, the root as a MIDI pitch class, and the scale's name."""

    style: Style
    tempo: float
    root: int
    scale: str


@dataclass
class _Track:
    """One track being rendered: its plan, its grid in samples, and its busses."""

    rng: np.random.Generator
    plan: Plan
    rate: int
    samples: int
    swing: float
    tuning: float
    sections: list[tuple[int, int, str]] = field(default_factory=list)
    busy: Counter[int] = field(default_factory=Counter)
    drums: Audio = field(init=False)
    music: Audio = field(init=False)
    send: Audio = field(init=False)
    duck: Audio = field(init=False)

    def __post_init__(self) -> None:
        self.drums, self.music, self.send = (np.zeros(self.samples, dtype=np.float32) for _ in range(3))
        self.duck = np.ones(self.samples, dtype=np.float32)

    @property
    def step(self) -> float:
        """Samples in a sixteenth."""
        return 15.0 / self.plan.tempo * self.rate

    def at(self, bar: int, step: float) -> int:
        late = self.swing if int(step) % 2 else 0.0
        return int((bar * STEPS + step + late) * self.step)

    def add(self, bus: Audio, sound: Audio, start: int, gain: float, send: float = 0.0) -> None:
        sound = sound[: max(0, self.samples - start)]
        bus[start : start + len(sound)] += np.float32(gain) * sound
        if send > 0.0:
            self.send[start : start + len(sound)] += np.float32(gain * send) * sound

    def active(self, layer: str) -> list[tuple[int, int, str]]:
        """Sections in which the layer plays, drawn anew for each layer; none if the track has no such layer."""
        has = self.rng.random() < self.plan.style.chance.get(layer, 0.0)
        odds = [KEEP[kind].get(layer, 1.0 if kind == "drop" else 0.6) for _, _, kind in self.sections]
        heard = [section for section, odd in zip(self.sections, odds, strict=True) if has and self.rng.random() < odd]
        if layer in ("kick", "bass", "chords", "lead"):
            self.busy.update(start for start, _, _ in heard)
        return heard

    def sparse(self) -> list[tuple[int, int, str]]:
        """Sections that have neither kick nor notes so far."""
        return [section for section in self.sections if not self.busy[section[0]]]

    def note(self, degree: int, octave: int) -> float:
        """Frequency in Hz of a degree of the scale (any integer) in an octave (4 holds middle C)."""
        scale = SCALES[self.plan.scale]
        midi = 12 * (octave + 1 + degree // 7) + self.plan.root + scale[degree % 7]
        return float(hertz(midi + self.tuning))


def _plan(rng: np.random.Generator) -> Plan:
    everything = styles()
    style = everything[rng.choice(len(everything), p=(0.27, 0.2, 0.15, 0.12, 0.15, 0.11))]
    names = tuple(SCALES)
    scale = names[rng.choice(len(names), p=(0.32, 0.22, 0.12, 0.14, 0.12, 0.08))]
    return Plan(style, float(rng.uniform(*style.tempo)), int(rng.integers(12)), scale)


def plan_track(seed: int) -> Plan:
    """The plan that :func:`render_track` follows for this seed, without rendering."""
    return _plan(np.random.default_rng(seed))


def _form(rng: np.random.Generator, bars: int) -> list[tuple[int, int, str]]:
    kind = str(rng.choice(("intro", "groove", "drop", "break"), p=(0.35, 0.35, 0.2, 0.1)))
    sections, start = [], 0
    while start < bars:
        length = int(rng.choice((4, 8, 16), p=(0.45, 0.45, 0.1) if bars > 24 else (0.8, 0.2, 0.0)))
        length = min(length, 8) if kind in ("build", "break") else length
        sections.append((start, min(length, bars - start), kind))
        start += length
        kind = str(rng.choice(FOLLOWS[kind]))
    return sections


def _hits(track: _Track, pattern: str, start: int, bars: int, loose: float = 0.05) -> Iterator[tuple[int, int, float]]:
    """(bar, step, velocity) of a pattern's hits in a section; every fourth bar may vary."""
    rng = track.rng
    for bar in range(start, start + bars):
        vary = 0.12 if bar % 4 == 3 else loose * 0.3
        for step, mark in enumerate(pattern):
            if (mark != ".") != bool(rng.random() < vary * (0.5 if step % 4 == 0 else 1.0)):
                yield bar, step, (1.0 if mark == "x" else 0.55) * float(rng.uniform(0.9, 1.05))


def _euclid(hits: int, steps: int, shift: int) -> str:
    return "".join("x" if ((index + shift) * hits) % steps < hits else "." for index in range(steps))


def _drums(track: _Track) -> None:
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
        for bar, step, velocity in _hits(track, pattern, start, bars, 0.01):
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
        for bar, step, velocity in _hits(track, pattern, start, bars):
            track.add(track.drums, hit, track.at(bar, step), gain * velocity, wet)
        if kind == "build":
            for step in range(STEPS):
                track.add(track.drums, hit, track.at(start + bars - 1, step), gain * (0.2 + 0.05 * step), wet)
    color, metal = rng.uniform(5000, 9500), rng.uniform(0.1, 0.9)
    closed = [hat(rate, rng, seconds=s, color=color, metal=metal) for s in rng.uniform(0.03, 0.12, 2)]
    loud = soft * rng.uniform(0.18, 0.5)
    pattern = str(rng.choice(style.patterns["hats"]))
    for start, bars, _ in track.active("hats"):
        for bar, step, velocity in _hits(track, pattern, start, bars):
            track.add(track.drums, closed[step % 2], track.at(bar, step), loud * velocity, 0.05)
    ring, pattern = (
        hat(rate, rng, seconds=rng.uniform(0.15, 0.5), color=color, metal=metal),
        str(rng.choice(style.patterns["open"])),
    )
    for start, bars, _ in track.active("hats"):
        for bar, step, velocity in _hits(track, pattern, start, bars, 0.0):
            track.add(track.drums, ring, track.at(bar, step), 0.8 * loud * velocity, 0.1)


def _percussion(track: _Track) -> None:
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
        pattern = _euclid(int(rng.integers(2, 7)), steps, int(rng.integers(steps)))
        gain, wet = rng.uniform(0.08, 0.35), rng.uniform(0.0, 0.6)
        for start, bars, _ in track.active("perc"):
            for index in range(start * STEPS, (start + bars) * STEPS):
                if pattern[index % steps] == "x" and rng.random() < 0.93:
                    where = track.at(index // STEPS, index % STEPS)
                    track.add(track.drums, sound, where, gain * rng.uniform(0.6, 1.0), wet)


def _progression(rng: np.random.Generator) -> list[int]:
    known = ([0], [0, 5], [0, 3], [0, 5, 2, 6], [0, 3, 4, 3], [0, 6, 5, 6], [0, 2, 3, 5], [0, 5, 3, 4], [3, 4, 0, 0])
    if rng.random() < 0.7:
        return list(known[rng.integers(len(known))])
    return [0, *(int(degree) for degree in rng.integers(0, 7, int(rng.choice((1, 3, 3, 7)))))]


def _bass(track: _Track, chords: list[int], bars_each: int) -> None:
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
        for bar, step, velocity in _hits(track, pattern, start, bars, 0.03):
            degree = chords[bar // bars_each % len(chords)] + int(riff[step])
            if degree not in made:
                made[degree] = bass(
                    track.rate, track.note(degree, octave), min(1.2, length), sub=sub, cutoff=cutoff, sweep=sweep
                )
            track.add(track.music, made[degree], track.at(bar, step), gain * velocity)


def _chord(track: _Track, degree: int, shape: tuple[int, ...], center: float) -> list[float]:
    """Frequencies of a chord in close position around ``center`` Hz."""
    notes = [track.note(degree + third, 4) for third in shape]
    return [float(note * 2.0 ** -round(np.log2(note / center))) for note in notes]


def _harmony(track: _Track, chords: list[int], bars_each: int) -> None:
    rng, rate = track.rng, track.rate
    shapes = ((0, 2, 4), (0, 2, 4, 6), (0, 2, 4, 6, 8), (0, 3, 4), (0, 4), (0, 1, 4), (2, 4, 6, 8))
    shape, center = shapes[rng.integers(len(shapes))], rng.uniform(220, 420)
    voiced = {degree: _chord(track, degree, shape, center) for degree in set(chords)}
    pattern = _euclid(int(rng.integers(1, 6)), STEPS, int(rng.integers(STEPS)))
    cutoff, sweep, gain, wet = (
        rng.uniform(300, 2000),
        rng.uniform(200, 5000),
        rng.uniform(0.1, 0.35),
        rng.uniform(0, 0.8),
    )
    seconds, piano = float(rng.choice((1.0, 2.0, 4.0))) * track.step / rate, rng.random() < 0.3
    made = dict[int, Audio]()
    for start, bars, _ in track.active("chords"):
        for bar, step, velocity in _hits(track, pattern, start, bars, 0.02):
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


def _lead(track: _Track, chords: list[int], bars_each: int) -> None:
    rng, rate = track.rng, track.rate
    octave, seconds, kind = int(rng.choice((3, 4, 5))), float(rng.uniform(0.12, 0.6)), int(rng.integers(3))
    length = int(rng.choice((8, 12, 16, 32)))
    rhythm = _euclid(int(rng.integers(2, 10)), length, int(rng.integers(length)))
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


def _texture(track: _Track) -> None:
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


def _sweep(track: _Track, size: int = 1024) -> None:
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


def _master(track: _Track) -> Audio:
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


def render_track(seed: int, seconds: float, sample_rate: int = 44100) -> Audio:
    """Renders a track; the same arguments give the same samples.

    Args:
        seed: of all choices, 0 or more; nearby seeds are unrelated.
        seconds: length, above 0.
        sample_rate: in Hz, 8000 or more.

    Returns:
        Mono float32, shape ``(round(seconds * sample_rate),)``, peak below 1.

    Raises:
        UserError: for arguments out of range.
    """
    if seed < 0 or not 0.0 < seconds <= 86400.0 or sample_rate < 8000:
        reason = f"cannot be seed {seed}, {seconds} s at {sample_rate} Hz"
        raise UserError(
            "a procedural track", reason, "use a seed from 0, up to 86400 s, and at least 8000 Hz", "bad_track"
        )
    rng = np.random.default_rng(seed)
    plan = _plan(rng)
    samples = max(1, round(seconds * sample_rate))
    track = _Track(
        rng, plan, sample_rate, samples, float(rng.uniform(*plan.style.swing)), float(rng.uniform(-0.5, 0.5))
    )
    track.sections = _form(rng, int(samples / (STEPS * track.step)) + 1)
    chords, bars_each = _progression(rng), int(rng.choice((1, 1, 2, 4)))
    _drums(track)
    _percussion(track)
    _bass(track, chords, bars_each)
    _lead(track, chords, bars_each)
    _harmony(track, chords, bars_each)
    _texture(track)
    if rng.random() < 0.7:
        _sweep(track)
    return _master(track)


def write_corpus(
    folder: Path,
    tracks: int,
    seconds: float,
    seed: int,
    *,
    sample_rate: int = 44100,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Writes tracks ``seed .. seed + tracks - 1`` as 16-bit FLAC files, ``procedural_SEED.flac``.

    Args:
        folder: made if missing; files of the same names are replaced.
        tracks: how many.
        seconds: length of each.
        seed: of the first track.
        sample_rate: in Hz.
        progress: called with (tracks written, tracks) after each.

    Returns:
        The paths written, in order.

    Raises:
        UserError: if the folder cannot be written or an argument is out of range.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(tracks):
            path = folder / f"procedural_{seed + index:06d}.flac"
            unfinished = path.with_suffix(".part")
            soundfile.write(
                unfinished, render_track(seed + index, seconds, sample_rate), sample_rate, "PCM_16", format="FLAC"
            )
            unfinished.replace(path)
            written.append(path)
            if progress is not None:
                progress(len(written), tracks)
    except (OSError, soundfile.SoundFileError) as error:
        raise UserError(
            f"folder {str(folder)!r}", f"cannot be written ({error})", "choose another", "unwritable"
        ) from error
    return tuple(written)
