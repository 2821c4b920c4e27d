"""Keys, chords and progressions: what sounds when, as pitch classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ear_engine.corpora.procedural.styles import SCALES


@dataclass(frozen=True)
class Key:
    """A root as a pitch class (C is 0) and a scale's name."""

    root: int
    scale: str

    def pitch_class(self, degree: int) -> int:
        """Of a degree of the scale, counted from 0; any integer."""
        return (self.root + SCALES[self.scale][degree % 7]) % 12


@dataclass(frozen=True)
class Chord:
    """One chord: start and length in quarter notes, pitch classes from the root up, that of the bass, and its scale."""

    start: float
    length: float
    tones: tuple[int, ...]
    bass: int
    scale: tuple[int, ...]

    def at(self, start: float) -> Chord:
        """The same chord at another time."""
        return Chord(start, self.length, self.tones, self.bass, self.scale)


def spell(key: Key, token: str, size: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(Tones, scale) of a chord in a key.

    Args:
        key: whose degrees count.
        token: a degree 0..6; ``D4`` a dominant on it (major third, minor seventh), ``S0`` a fourth for the third.
        size: notes, 3 to 5.
    """
    degree = int(token[-1])
    tones = [key.pitch_class(degree + 2 * third) for third in range(size)]
    scale = {key.pitch_class(step) for step in range(7)}
    if token[0] == "D":
        root = tones[0]
        scale -= {(root + 3) % 12, (root + 11) % 12, (root + 6) % 12}
        scale |= {(root + 4) % 12, (root + 10) % 12, (root + 7) % 12}
        tones = [root, (root + 4) % 12, (root + 7) % 12, (root + 10) % 12, *tones[4:]][: max(size, 3)]
    elif token[0] == "S":
        tones[1] = key.pitch_class(degree + 3)
    return tuple(tones), tuple(sorted(scale))


LOOPS = {
    "major": "0453 0534 5304 0343 0354 3455 0233 0433 0514 5343 0034 03 04525303 0304 1403 0503 3415 0153",
    "minor": "0526 0656 0534 0362 0265 0304 0654 0560 5600 0506 0365 03 0645 0326",
    "dorian": "03 0363 0630 0121 0306 0136 0030",
    "mixolydian": "0630 06 0363 0463 0633 0360 0306",
    "phrygian": "01 0121 0610 0106 0165 0216",
    "harmonic_minor": "0430 0534 0340 0504 0543 0354",
}
"""Degrees of loops that go round."""

JAZZ = "1400 0514 2514 0325 1425 3251 1403 0314"
"""Degrees, four a cell; the fourth degree, and others before their fourths, are dominants."""

FOLLOWS = {
    0: {1: 0.15, 2: 0.08, 3: 0.27, 4: 0.25, 5: 0.25},
    1: {4: 0.8, 3: 0.2},
    2: {5: 0.5, 3: 0.4, 1: 0.1},
    3: {4: 0.5, 0: 0.2, 1: 0.2, 5: 0.1},
    4: {0: 0.6, 5: 0.25, 3: 0.15},
    5: {1: 0.35, 3: 0.4, 4: 0.15, 2: 0.1},
}
"""Chances of what follows each degree where harmony is functional."""


def functional(rng: np.random.Generator, count: int, close: bool) -> list[str]:
    """A phrase of ``count`` chords from the tonic to a full close, or to a half close on the dominant."""
    ending = [str(rng.choice(("3", "1"))), "D4", "0"] if close else [str(rng.choice(("0", "3", "1", "5"))), "D4"]
    chords = [0]
    while len(chords) < count:
        chords.append(int(rng.choice(tuple(FOLLOWS[chords[-1]]), p=tuple(FOLLOWS[chords[-1]].values()))))
    tokens = [str(degree) for degree in chords]
    keep = max(1, count - len(ending))
    tokens = (tokens[:keep] + ending)[-count:] if count > 1 else ["0"]
    for index in range(1, len(tokens) - 1):
        if tokens[index] == "4" and rng.random() < 0.7:
            tokens[index] = "D4"
        if tokens[index] == "1" and tokens[index + 1] == "D4" and rng.random() < 0.25:
            tokens[index] = "D1"
    return tokens


def progression(rng: np.random.Generator, family: str, scale: str, count: int) -> list[str]:
    """Tokens of ``count`` chords: ``functional``, ``loop``, ``jazz``, ``blues`` or ``vamp``."""
    if family == "functional":
        half = count // 2 if count > 5 else 0
        return [*(functional(rng, half, False) if half else ()), *functional(rng, count - half, True)]
    if family == "blues":
        return [
            "D" + degree for degree in (("000033004304", "030033004304")[rng.integers(2)] * (count // 12 + 1))[:count]
        ]
    if family == "jazz":
        degrees = ""
        while len(degrees) < count:
            degrees += str(rng.choice(JAZZ.split()))
        degrees = degrees[: max(0, count - 4)] + "1400"[-min(4, count) :]
        tokens = []
        for index, degree in enumerate(degrees):
            leads = degrees[(index + 1) % count] == str((int(degree) + 3) % 7) and degree in "4526"
            tokens.append("D" + degree if degree == "4" or (leads and rng.random() < 0.6) else degree)
        return tokens
    loops = LOOPS[scale].split()
    loop = str(rng.choice(loops)) if family == "loop" else str(rng.choice(("0", "0", "00", loops[0][:2], "03", "06")))
    if family == "vamp" and scale == "phrygian":
        loop = str(rng.choice(("0", "01", "0106")))
    tokens = [
        "D4" if degree == "4" and scale in ("minor", "harmonic_minor") and rng.random() < 0.7 else degree
        for degree in loop
    ]
    if rng.random() < 0.15:
        tokens = ["S" + token if token in "034" and rng.random() < 0.5 else token for token in tokens]
    return (tokens * (count // len(tokens) + 1))[:count]


def lay(rng: np.random.Generator, key: Key, tokens: list[str], length: float, size: int) -> list[Chord]:
    """Chords of ``length`` quarter notes each; some are inverted, diminished ones are replaced by their relatives."""
    chords = []
    for index, token in enumerate(tokens):
        tones, scale = spell(key, token, size)
        if (tones[2] - tones[0]) % 12 == 6 and token[0] != "D" and size < 4:
            tones, scale = spell(key, str((int(token[-1]) - 2) % 7), size)
        inverted = 0 < index < len(tokens) - 1 and rng.random() < 0.15
        chords.append(
            Chord(index * length, length, tones, tones[int(rng.choice((1, 2)))] if inverted else tones[0], scale)
        )
    return chords


def nearest(classes: tuple[int, ...], pitch: float) -> int:
    """The pitch nearest to ``pitch`` whose class is one of ``classes``."""
    return min((12 * octave + tone for octave in range(11) for tone in classes), key=lambda found: abs(found - pitch))


def voice(chord: Chord, count: int, center: float, before: tuple[int, ...] = ()) -> tuple[int, ...]:
    """``count`` pitches of a chord in close position about ``center``, moving as little as possible from ``before``."""
    tones = chord.tones if len(chord.tones) <= count else (*chord.tones[1 : count + 1],)
    choices = []
    for lowest in range(len(tones)):
        for octave in range(1, 8):
            pitches, last = list[int](), 12 * octave + tones[lowest] - 1
            for index in range(count):
                last += 1 + (tones[(lowest + index) % len(tones)] - last - 1) % 12
                pitches.append(last)
            if abs(float(np.mean(pitches)) - center) < 9.0:
                choices.append(tuple(pitches))

    def cost(pitches: tuple[int, ...]) -> float:
        move = sum(abs(a - b) for a, b in zip(pitches, before, strict=False)) if before else 0.0
        return move + 0.6 * abs(float(np.mean(pitches)) - center)

    return min(choices, key=cost)
