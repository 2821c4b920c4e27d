"""What a seed decides first: style, tempo, meter, key; and the form of a piece in sections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ear_engine.corpora.band.styles import Style, styles


@dataclass(frozen=True)
class BandPlan:
    """What is known about a piece before it is written.

    Attributes:
        style: of the music.
        tempo: beats a minute; a beat is a quarter note, in 6/8 a dotted one.
        meter: as written: ``4/4``.
        root: pitch class of the tonic, C is 0.
        scale: name, as in :mod:`ear_engine.corpora.procedural.styles`.
        first_beat: seconds before the first bar.
    """

    style: Style
    tempo: float
    meter: str
    root: int
    scale: str
    first_beat: float

    @property
    def compound(self) -> bool:
        """Whether beats are dotted quarters."""
        return self.meter == "6/8"

    @property
    def beats(self) -> int:
        """Beats in a bar."""
        return 2 if self.compound else int(self.meter[0])

    @property
    def bar(self) -> float:
        """Quarter notes in a bar."""
        return 3.0 if self.compound else float(self.beats)

    @property
    def steps(self) -> int:
        """Sixteenths in a bar."""
        return round(4 * self.bar)

    @property
    def family(self) -> int:
        """Which patterns fit the meter: 4, 3 or 6."""
        return 6 if self.compound else 3 if self.beats == 3 else 4

    @property
    def quarter_tempo(self) -> float:
        """Quarter notes a minute."""
        return self.tempo * (1.5 if self.compound else 1.0)

    @property
    def tonal(self) -> bool:
        """Whether the piece has a key."""
        return "none" not in self.style.harmony


@dataclass(frozen=True)
class Section:
    """Some bars: what they are called (same letter, same music), how many, and how many players 0..1 take part."""

    letter: str
    bars: int
    energy: float


FORMS = {
    "song": ("iAABABCB", "iABABCBB", "AABABA", "iAABBA", "ABABCB"),
    "classical": ("AABA", "ABA", "AABB", "ABACA", "AABCA", "ABCA"),
    "jazz": ("AABA", "ABCD", "iAABAC", "AACCAB"),
    "build": ("iabcABD", "abABCa", "iaAABbA", "aabbABAC"),
}
"""Sections by letter: ``i`` an introduction; small letters are sparse sections with the music of the capital."""


def draw_plan(rng: np.random.Generator) -> BandPlan:
    """The first choices of a seed's generator."""
    every = styles()
    weights = np.array([style.weight for style in every])
    style = every[int(rng.choice(len(every), p=weights / weights.sum()))]
    meter = str(rng.choice(style.meters))
    low, high = style.tempo
    tempo = float(low * (high / low) ** rng.random())
    if meter == "6/8":
        tempo = 55.0 + (min(140.0, 0.9 * high) - 55.0) * rng.random()
    first = float(rng.uniform(0.0, 0.4) if rng.random() < 0.7 else rng.uniform(0.4, 1.2))
    return BandPlan(
        style, round(tempo, 2), meter, int(rng.integers(12)), str(rng.choice(style.scales)), round(first, 4)
    )


def draw_form(rng: np.random.Generator, plan: BandPlan, bars: int) -> list[Section]:
    """Sections that cover at least so many bars."""
    form, size = str(rng.choice(FORMS[str(rng.choice(plan.style.forms))])), 8
    if plan.bar * 60.0 / plan.quarter_tempo > 3.2 and rng.random() < 0.6:
        size = 4
    elif plan.bar * 60.0 / plan.quarter_tempo < 1.3 and rng.random() < 0.5:
        size = 16
    if "blues" in plan.style.harmony and (plan.style.name == "blues" or rng.random() < 0.3):
        size = 12
    base = {"A": 0.75, "B": 0.95, "C": 0.7, "D": 1.0, "i": 0.35}
    energies = {letter: float(np.clip(level + rng.normal(0.0, 0.12), 0.25, 1.0)) for letter, level in base.items()}
    sections, total, index = list[Section](), 0, int(rng.choice((0, 0, 0, 1, 2)))
    while total < bars:
        letter = form[index % len(form)]
        if index >= len(form) and letter == "i":
            letter = "C"
        capital = letter.upper() if letter != "i" else "A"
        energy = energies["i"] if letter == "i" else energies[capital] * (0.55 if letter.islower() else 1.0)
        length = size if letter != "i" else int(rng.choice((2, 4, size)))
        length = length // 2 if letter in "abc" and length >= 8 and rng.random() < 0.3 else length
        sections.append(Section(capital, length, float(np.clip(energy + rng.normal(0.0, 0.06), 0.2, 1.0))))
        total, index = total + length, index + 1
    return sections
