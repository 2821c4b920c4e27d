"""One track being rendered: what its seed decides, its grid in samples, and the busses that its parts play into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ear_engine.corpora.procedural.styles import FOLLOWS, KEEP, SCALES, STEPS, Style, styles
from ear_engine.sources.synthesis import Audio, hertz


@dataclass(frozen=True)
class Plan:
    """What a seed decides first: the style, the tempo in BPM, the root as a MIDI pitch class, and the scale's name."""

    style: Style
    tempo: float
    root: int
    scale: str


@dataclass
class Track:
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
        """Sample at which a sixteenth of a bar starts, swing included."""
        late = self.swing if int(step) % 2 else 0.0
        return int((bar * STEPS + step + late) * self.step)

    def add(self, bus: Audio, sound: Audio, start: int, gain: float, send: float = 0.0) -> None:
        """Mixes a mono sound into a bus from a sample on, and ``send`` of it into the room's."""
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


def draw_plan(rng: np.random.Generator) -> Plan:
    """The first choices of a seed's generator."""
    everything = styles()
    style = everything[rng.choice(len(everything), p=(0.27, 0.2, 0.15, 0.12, 0.15, 0.11))]
    names = tuple(SCALES)
    scale = names[rng.choice(len(names), p=(0.32, 0.22, 0.12, 0.14, 0.12, 0.08))]
    return Plan(style, float(rng.uniform(*style.tempo)), int(rng.integers(12)), scale)


def draw_form(rng: np.random.Generator, bars: int) -> list[tuple[int, int, str]]:
    """Sections as (first bar, bars, kind), which cover so many bars."""
    kind = str(rng.choice(("intro", "groove", "drop", "break"), p=(0.35, 0.35, 0.2, 0.1)))
    sections, start = [], 0
    while start < bars:
        length = int(rng.choice((4, 8, 16), p=(0.45, 0.45, 0.1) if bars > 24 else (0.8, 0.2, 0.0)))
        length = min(length, 8) if kind in ("build", "break") else length
        sections.append((start, min(length, bars - start), kind))
        start += length
        kind = str(rng.choice(FOLLOWS[kind]))
    return sections


def hits(track: Track, pattern: str, start: int, bars: int, loose: float = 0.05) -> Iterator[tuple[int, int, float]]:
    """(bar, step, velocity) of a pattern's hits in a section; every fourth bar may vary."""
    rng = track.rng
    for bar in range(start, start + bars):
        vary = 0.12 if bar % 4 == 3 else loose * 0.3
        for step, mark in enumerate(pattern):
            if (mark != ".") != bool(rng.random() < vary * (0.5 if step % 4 == 0 else 1.0)):
                yield bar, step, (1.0 if mark == "x" else 0.55) * float(rng.uniform(0.9, 1.05))


def euclid(hits: int, steps: int, shift: int) -> str:
    """Hits as even as a grid allows (Bjorklund's rhythm as a Bresenham line): ``x`` or ``.`` for each step."""
    return "".join("x" if ((index + shift) * hits) % steps < hits else "." for index in range(steps))
