"""Melodies: rhythms split out of bars, motifs that return, vary and close, over chords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ear_engine.corpora.band.harmony import Chord, nearest
from ear_engine.corpora.midi import Note

SPLITS = {
    5.0: ((3.0, 2.0), (2.0, 3.0)),
    4.0: ((2.0, 2.0), (2.0, 2.0), (3.0, 1.0), (1.0, 3.0), (1.5, 1.5, 1.0)),
    3.0: ((2.0, 1.0), (1.0, 1.0, 1.0), (1.0, 2.0), (1.5, 1.5)),
    2.0: ((1.0, 1.0), (1.0, 1.0), (1.5, 0.5), (0.5, 1.0, 0.5)),
    1.5: ((1.0, 0.5), (0.5, 0.5, 0.5), (0.5, 1.0), (0.75, 0.25, 0.5)),
    1.0: ((0.5, 0.5), (0.5, 0.5), (0.75, 0.25), (0.5, 0.25, 0.25), (0.25, 0.25, 0.5), (1 / 3, 1 / 3, 1 / 3)),
    0.5: ((0.25, 0.25),),
}
"""How a span of quarter notes may be divided."""

PLANS = ("abac", "aabc", "abad", "aaac", "abcd", "abab", "aabb", "abcb")
"""Which motif each bar of a phrase of four takes; the fourth closes."""


@dataclass(frozen=True)
class Manner:
    """How a melody moves.

    Attributes:
        density: 0 long notes .. 1 many short ones.
        leap: probability of a leap instead of a step.
        rest: probability that a note of a motif is silent.
        span: semitones above and below its center.
        legato: sounding part of each note.
        vary: probability that a bar is new where a motif should return.
        triplets: whether beats may be divided by three.
    """

    density: float = 0.5
    leap: float = 0.25
    rest: float = 0.08
    span: float = 10.0
    legato: float = 0.95
    vary: float = 0.1
    triplets: bool = False


@dataclass(frozen=True)
class Motif:
    """A bar: (start, length) of its notes in quarters, and the steps of the scale between them."""

    rhythm: tuple[tuple[float, float], ...]
    steps: tuple[int, ...]
    anchor: int


def divide(rng: np.random.Generator, span: float, manner: Manner, whole: bool = True) -> list[float]:
    """Lengths of notes that fill a span of quarter notes, divided again and again."""
    chance = 0.97 if whole or span >= 3.0 else 0.35 + 0.6 * manner.density if span > 1.0 else manner.density
    chance = chance if span > 0.5 else 0.35 * manner.density**2
    if span not in SPLITS or rng.random() > chance:
        return [span]
    ways = SPLITS[span] if manner.triplets else tuple(way for way in SPLITS[span] if len(way) != 3 or span != 1.0)
    ways = ways or ((0.5, 0.5),)
    return [length for part in ways[rng.integers(len(ways))] for length in divide(rng, part, manner, False)]


def draw_motif(rng: np.random.Generator, bar: float, compound: bool, manner: Manner) -> Motif:
    """A bar of rhythm and its steps; a leap is followed by a step back."""
    lengths = [
        length
        for part in ([1.5] * round(bar / 1.5) if compound else [bar])
        for length in divide(rng, part, manner, not compound)
    ]
    starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    rhythm = [
        (float(start), length)
        for index, (start, length) in enumerate(zip(starts, lengths, strict=True))
        if index == 0 or rng.random() > manner.rest
    ]
    if rng.random() < 0.15 and len(rhythm) > 2:
        rhythm = rhythm[1:]
    steps, direction = [], int(rng.choice((-1, 1)))
    for _ in rhythm[1:]:
        if rng.random() < manner.leap:
            step = direction * int(rng.choice((2, 2, 3, 4, 5)))
            direction = -direction
        else:
            direction = direction if rng.random() < 0.7 else -direction
            step = 0 if rng.random() < 0.1 else direction
        steps.append(step)
    return Motif(tuple(rhythm), tuple(steps), int(rng.integers(-2, 3)))


def chord_at(chords: Sequence[Chord], time: float) -> Chord:
    """The chord that sounds at a time in quarter notes."""
    return next((chord for chord in reversed(chords) if chord.start <= time + 1e-6), chords[0])


def move(pitch: int, steps: int, scale: tuple[int, ...]) -> int:
    """The pitch so many steps of a scale away; a pitch outside of the scale counts as its neighbor."""
    start = nearest(scale, pitch)
    for _ in range(abs(steps)):
        start += 1 if steps > 0 else -1
        while start % 12 not in scale:
            start += 1 if steps > 0 else -1
    return start


def melody(
    rng: np.random.Generator,
    chords: Sequence[Chord],
    bars: int,
    bar: float,
    *,
    compound: bool,
    center: float,
    manner: Manner,
) -> list[Note]:
    """A theme over chords, in phrases of four bars with motifs that come back; velocities 60..110.

    Args:
        rng: of all choices.
        chords: in order, from 0 on.
        bars: how many.
        bar: quarter notes in one.
        compound: whether a bar is divided by three quarters of a beat (6/8).
        center: MIDI pitch to stay about.
        manner: how it moves.
    """
    motifs: dict[str, Motif] = {}
    notes, pitch, plan = list[Note](), round(center), str(rng.choice(PLANS))
    for index in range(bars):
        letter = plan[index % 4]
        if letter not in motifs or rng.random() < manner.vary:
            motifs[letter] = draw_motif(rng, bar, compound, manner)
        motif, closing = motifs[letter], index % 4 == 3
        if closing and rng.random() < 0.75:
            held = bar if rng.random() < 0.5 else bar * 0.5
            keep = tuple((start, length) for start, length in motif.rhythm if start + length <= bar - held + 1e-6)
            motif = Motif((*keep, (bar - held, held)), (*motif.steps, -1)[: len(keep)], motif.anchor)
        anchored = nearest(chord_at(chords, index * bar).tones, center + 2.0 * motif.anchor)
        pitch = nearest((anchored % 12,), pitch) if abs(pitch - center) < manner.span else anchored
        steps = (0, *motif.steps)
        for count, (offset, length) in enumerate(motif.rhythm):
            time, chord = index * bar + offset, chord_at(chords, index * bar + offset)
            step = steps[count] if count < len(steps) else -1
            step = -abs(step) if pitch > center + manner.span else abs(step) if pitch < center - manner.span else step
            pitch = move(pitch, step, chord.scale)
            strong = abs(offset % (1.5 if compound else 1.0)) < 1e-6 and length >= 0.5
            if (strong and rng.random() < 0.75) or (closing and count == len(motif.rhythm) - 1):
                pitch = nearest(chord.tones[:3], pitch + 0.1)
            arch = np.sin(np.pi * ((index % 4) * bar + offset + 0.5) / (4.0 * bar))
            velocity = 68 + 18 * arch + (8 if offset < 1e-6 else 0) + rng.normal(0.0, 4.0)
            breath = 0.5 if closing and count == len(motif.rhythm) - 1 and length > 1.0 else 0.0
            notes.append(Note(time, manner.legato * (length - breath), pitch, round(velocity)))
    return notes


def thirds(notes: Sequence[Note], chords: Sequence[Chord], below: int = -2) -> list[Note]:
    """The notes again, some steps of the scale lower (two: in thirds)."""
    return [
        Note(note.start, note.length, move(note.pitch, below, chord_at(chords, note.start).scale), note.velocity - 10)
        for note in notes
    ]


def guide(rng: np.random.Generator, chords: Sequence[Chord], center: float) -> list[Note]:
    """A slow second line through thirds and sevenths, moving little."""
    notes, pitch = list[Note](), round(center)
    for chord in chords:
        pitch = nearest((chord.tones[1], chord.tones[-1]), 0.7 * pitch + 0.3 * center)
        if rng.random() < 0.3 and chord.length >= 2.0:
            half = chord.length / 2
            notes.append(Note(chord.start, half, pitch, 66))
            notes.append(Note(chord.start + half, half, move(pitch, int(rng.choice((-1, 1))), chord.scale), 66))
        else:
            notes.append(Note(chord.start, chord.length, pitch, 68))
    return notes
