"""Four voices: chorales by the rules of voice leading, and textures made of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from ear_engine.corpora.band.harmony import Chord
from ear_engine.corpora.band.melody import move
from ear_engine.corpora.midi import Note

RANGES = ((60, 79), (55, 73), (48, 67), (38, 60))
"""Lowest and highest MIDI pitch of soprano, alto, tenor and bass."""

Voicing = tuple[int, int, int, int]


def voicings(chord: Chord, shift: int = 0) -> list[Voicing]:
    """All ways to give a chord to four voices: root, third and fifth or seventh there, no crossing, close above."""
    choices = [
        [pitch for pitch in range(low + shift, high + shift + 1) if pitch % 12 in classes]
        for (low, high), classes in zip(RANGES, (chord.tones, chord.tones, chord.tones, (chord.bass,)), strict=True)
    ]
    found = []
    for soprano, alto, tenor in product(*choices[:3]):
        if not (soprano >= alto >= tenor and soprano - alto <= 12 and alto - tenor <= 12):
            continue
        needed = {chord.tones[0], chord.tones[1], chord.tones[-1]}
        for bass in choices[3]:
            if bass <= tenor and needed <= {soprano % 12, alto % 12, tenor % 12, bass % 12}:
                found.append((soprano, alto, tenor, bass))
    return found


def _cost(before: Voicing, after: Voicing, leading: int) -> float:
    """Of a step from one voicing to the next: movement, parallel fifths and octaves, and an unresolved leading note."""
    moves = [b - a for a, b in zip(before, after, strict=True)]
    cost = abs(moves[0]) * 0.8 + abs(moves[1]) + abs(moves[2]) + 0.4 * abs(moves[3])
    cost += 2.0 * sum(abs(step) > 7 for step in moves[:3]) + 4.0 * (abs(moves[3]) > 12)
    for upper in range(4):
        for lower in range(upper + 1, 4):
            interval = (before[upper] - before[lower]) % 12
            same = interval == (after[upper] - after[lower]) % 12
            if interval in (0, 7) and same and moves[upper] * moves[lower] > 0:
                cost += 12.0
    cost += 3.0 * (before[0] % 12 == leading and moves[0] not in (0, 1))
    return cost + 3.0 * (all(step > 0 for step in moves) or all(step < 0 for step in moves))


def lead_voices(
    rng: np.random.Generator, chords: Sequence[Chord], leading: int, shift: int = 0, beam: int = 24
) -> list[Voicing]:
    """The best voicing of each chord, found by a beam search with a little noise.

    Args:
        rng: of the noise.
        chords: in order.
        leading: pitch class of the leading note.
        shift: semitones by which all ranges are moved.
        beam: how many beginnings are kept.
    """
    best: list[tuple[float, list[Voicing]]] = [(0.0, [])]
    for chord in chords:
        options = voicings(chord, shift) or voicings(
            Chord(0.0, 1.0, chord.tones[:3], chord.tones[0], chord.scale), shift
        )
        options = [options[index] for index in rng.permutation(len(options))[:48]]
        noise = rng.uniform(0.0, 2.5, len(options))
        tried = [
            (
                cost
                + float(noise[index])
                + (_cost(path[-1], option, leading) if path else 0.3 * abs(option[0] - 70 - shift))
                + 0.15 * abs(option[0] - 71 - shift),
                [*path, option],
            )
            for cost, path in best
            for index, option in enumerate(options)
        ]
        best = sorted(tried, key=lambda entry: entry[0])[:beam]
    return best[0][1]


def texture(
    rng: np.random.Generator, way: str, chords: Sequence[Chord], found: Sequence[Voicing], beat: float
) -> list[list[Note]]:
    """Notes of the four voices, the highest first: ``hymn`` with passing notes, ``pulse`` repeated, or ``figured``."""
    parts: list[list[Note]] = [[], [], [], []]
    figured = {int(rng.integers(1, 4)), int(rng.integers(0, 4))} if way == "figured" else set()
    for index, (chord, pitches) in enumerate(zip(chords, found, strict=True)):
        after = found[index + 1] if index + 1 < len(found) else pitches
        for number, part in enumerate(parts):
            start, length, pitch = chord.start, chord.length, pitches[number]
            loud = 74 if number in (0, 3) else 66
            if way == "pulse" and number in (1, 2):
                count = max(1, round(2 * length / beat))
                each = length / count
                part += [Note(start + step * each, 0.7 * each, pitch, loud - 6) for step in range(count)]
            elif number in figured and length >= beat:
                count = max(2, round(2 * length / beat))
                each = length / count
                turns = (0, 1, 0, -1) if rng.random() < 0.5 else (0, -2, 0, 2)
                notes = [move(pitch, turns[step % 4], chord.scale) for step in range(count)]
                part += [Note(start + step * each, 0.95 * each, found_, loud - 2) for step, found_ in enumerate(notes)]
            elif abs(after[number] - pitch) in (3, 4) and rng.random() < 0.45 and length >= beat / 2:
                between = move(pitch, 1 if after[number] > pitch else -1, chord.scale)
                part += [
                    Note(start, 0.5 * length, pitch, loud),
                    Note(start + 0.5 * length, 0.5 * length, between, loud - 4),
                ]
            elif part and way == "hymn" and part[-1].pitch == pitch and rng.random() < 0.35:
                last = part.pop()
                part.append(Note(last.start, last.length + length, pitch, last.velocity))
            else:
                part.append(Note(start, 0.98 * length, pitch, loud))
    return parts
