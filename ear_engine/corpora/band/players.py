"""What the players of a section play: drums, bass, accompaniment and pads, as notes in straight quarter notes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ear_engine.corpora.band.harmony import Chord, nearest, voice
from ear_engine.corpora.band.melody import chord_at, move
from ear_engine.corpora.band.patterns import fit
from ear_engine.corpora.midi import Note

STEP = 0.25
"""Quarter notes in a step of a pattern."""

LOUD = {"x": 100, "o": 58}


def drums(
    rng: np.random.Generator, groove: dict[int, str], bars: int, steps: int, *, fill: float, crash: bool, busy: float
) -> list[Note]:
    """A groove for some bars: now and then a hit more or less, a fill before every fourth or eighth bar, a crash first.

    Args:
        rng: of all choices.
        groove: marks by General MIDI key.
        bars: how many.
        steps: sixteenths in a bar.
        fill: probability of a fill in the last bar.
        crash: whether the section begins with a cymbal.
        busy: 0..1, how much is varied.
    """
    notes = [Note(0.0, 1.0, 49, 92)] if crash else []
    for bar in range(bars):
        last = (bar % 4 == 3 and rng.random() < 0.3 * fill) or (bar == bars - 1 and rng.random() < fill)
        cut = steps - int(rng.choice((4, 4, 8))) if last else steps
        for key, pattern in groove.items():
            for step, mark in enumerate(fit(pattern, steps)[:cut]):
                odd = rng.random()
                if mark != "." and (step == 0 or odd > 0.03 * busy):
                    notes.append(Note((bar * steps + step) * STEP, 0.2, key, LOUD[mark]))
                elif mark == "." and key in (36, 38) and step % 2 == 1 and odd < 0.03 * busy:
                    notes.append(Note((bar * steps + step) * STEP, 0.2, key, 45))
        if last:
            keys = [int(key) for key in rng.choice(((38, 38, 45, 41), (50, 47, 45, 41), (38, 38, 38, 38)))]
            for step in range(cut, steps):
                if rng.random() < 0.8:
                    key = keys[4 * (step - cut) // (steps - cut)]
                    notes.append(Note((bar * steps + step) * STEP, 0.2, key, 70 + 3 * (step - cut)))
    return notes


def bass(
    rng: np.random.Generator, pattern: str, chords: Sequence[Chord], bars: int, steps: int, low: int
) -> list[Note]:
    """A pattern of :data:`~ear_engine.corpora.band.patterns.BASSES` over chords, about the MIDI pitch ``low``."""
    notes, pitch = list[Note](), float(low)
    for bar in range(bars):
        marks = fit(pattern, steps)
        hits = [step for step, mark in enumerate(marks) if mark != "."]
        for index, step in enumerate(hits):
            time = (bar * steps + step) * STEP
            chord = chord_at(chords, time)
            after = chord_at(chords, min(time + chord.length, chords[-1].start))
            span = ((hits[index + 1] if index + 1 < len(hits) else steps) - step) * STEP
            root, goal = nearest((chord.bass,), low), nearest((after.bass,), pitch)
            mark = marks[step]
            if mark in "Rr":
                now = nearest((chord.bass,), 0.6 * low + 0.4 * pitch)
            elif mark == "n":
                now = nearest((after.bass,), low)
            elif mark == "o":
                now = root + 12
            elif mark == "a":
                now = goal + int(rng.choice((-1, 1, -1, 2)))
            elif mark == "w":
                up = 1 if goal >= pitch else -1
                now = move(int(pitch), up * int(rng.choice((1, 1, 2))), chord.scale)
                now = nearest(chord.tones[:3], now) if rng.random() < 0.5 else now
            else:
                place = {"f": 2, "t": 1, "s": 3}[mark]
                tone = chord.tones[place] if place < len(chord.tones) else move(root, 5, chord.scale) % 12
                now = nearest((tone,), root + 3)
            pitch = float(min(max(now, 26), 58))
            length = span * (0.92 if span > 0.5 else 0.8)
            notes.append(Note(time, length, int(pitch), 92 if mark == "R" else 82))
    return notes


def riff(rng: np.random.Generator, bars: int, bar: float) -> list[list[tuple[float, float, int]]]:
    """One or two bars of (start, length, step of the scale), for a line that is repeated over every chord."""
    made = []
    for _ in range(int(rng.choice((1, 2)))):
        slots = sorted(
            {0.0, *rng.choice(np.arange(0.0, bar, 0.5 if rng.random() < 0.6 else 0.25), int(rng.integers(3, 7)))}
        )
        ends = [*slots[1:], bar]
        steps = rng.choice((0, 0, 0, 2, 4, 7, -1, 1, 3, 6, -3), len(slots))
        made.append([(a, (b - a) * 0.85, int(s)) for a, b, s in zip(slots, ends, steps, strict=True)])
    return [made[index % len(made)] for index in range(bars)]


def play_riff(
    figure: Sequence[Sequence[tuple[float, float, int]]], chords: Sequence[Chord], bar: float, low: float
) -> list[Note]:
    """The riff over chords, from the root nearest to ``low`` in each bar."""
    notes = []
    for index, bar_figure in enumerate(figure):
        for offset, length, step in bar_figure:
            chord = chord_at(chords, index * bar + offset)
            pitch = move(nearest((chord.tones[0],), low), step, chord.scale)
            notes.append(Note(index * bar + offset, length, pitch, 92 if offset == 0.0 else 82))
    return notes


def comp(
    rng: np.random.Generator,
    pattern: str,
    sustain: str,
    chords: Sequence[Chord],
    bars: int,
    steps: int,
    *,
    center: float,
    count: int,
    spread: float = 0.0,
    power: bool = False,
) -> list[Note]:
    """A pattern of :data:`~ear_engine.corpora.band.patterns.COMPS` over chords.

    Args:
        rng: of small changes.
        pattern: its marks.
        sustain: ``hold``, ``ring`` or ``short``.
        chords: in order.
        bars: how many.
        steps: sixteenths in a bar.
        center: MIDI pitch of the middle of the chord.
        count: notes in a chord.
        spread: quarter notes between the notes of a strummed chord.
        power: root, fifth and octave instead of the chord.
    """
    voiced, found = dict[float, tuple[int, ...]](), list[Note]()
    before: tuple[int, ...] = ()
    for chord in chords:
        root = nearest((chord.tones[0],), center)
        before = (root, root + 7, root + 12) if power else voice(chord, count, center, before)
        voiced[chord.start] = before
    line, total = "".join(fit(pattern, steps) for _ in range(bars)), bars * steps
    hits = [step for step, mark in enumerate(line) if mark != "."]
    for index, step in enumerate(hits):
        time = step * STEP
        chord, mark = chord_at(chords, time), line[step]
        pitches = voiced[chord.start]
        after = (hits[index + 1] if index + 1 < len(hits) else total) - step
        until = max(STEP, chord.start + chord.length - time)
        length = {"short": min(after * STEP * 0.6, 0.6), "hold": after * STEP * 0.97, "ring": min(until, 4.0)}[sustain]
        length = max(min(length, until if sustain != "short" else length), 0.1)
        if mark in "Cc":
            direction = 1 if step % 4 == 0 else -1
            for place, pitch in enumerate(pitches[::direction]):
                found.append(Note(time + place * spread, length, pitch, 80 if mark == "C" else 64))
        elif mark in "12345":
            place = int(mark) - 1
            pitch = pitches[place % len(pitches)] + 12 * (place // len(pitches))
            found.append(Note(time, length, pitch, 74 if step % 4 == 0 else 64))
        else:
            below = nearest((chord.bass if mark in "bB" else chord.tones[2],), center - 19)
            found += [Note(time, length, pitch, 80) for pitch in ((below - 12, below) if mark == "B" else (below,))]
    return [note for note in found if note.start == 0.0 or rng.random() > 0.015]


def cells(rng: np.random.Generator, chords: Sequence[Chord], bars: int, steps: int, center: float) -> list[Note]:
    """A small figure repeated without end, as long as the bar or not, its notes taken from chord and scale."""
    length = int(rng.choice((steps, steps, steps // 2, 6, 10, 12)))
    unit = int(rng.choice((1, 2, 2)))
    slots = [step for step in range(0, length, unit) if rng.random() < 0.8] or [0]
    places = rng.integers(0, 6, len(slots))
    notes = []
    for start in range(0, bars * steps, length):
        for slot, place in zip(slots, places, strict=True):
            step = start + slot
            if step < bars * steps:
                chord = chord_at(chords, step * STEP)
                base = nearest((chord.tones[0],), center - 5)
                tones = sorted((tone - base) % 12 for tone in chord.tones)
                pitch = base + tones[place % len(tones)] + 12 * (int(place) // len(tones))
                notes.append(Note(step * STEP, unit * STEP * 0.95, pitch, 78 if slot == slots[0] else 66))
    return notes


def pad(
    rng: np.random.Generator, way: str, chords: Sequence[Chord], root: int, center: float, count: int
) -> list[Note]:
    """Held chords: ``swell`` and ``block`` held, ``tremolo`` repeated fast, ``drone`` root and fifth throughout."""
    if way == "drone":
        end, base = chords[-1].start + chords[-1].length, nearest((root,), center - 12)
        spans = [(start, min(8.0, end - start)) for start in np.arange(0.0, end, 8.0)]
        return [Note(float(a), float(b), pitch, 64) for a, b in spans for pitch in (base, base + 7)]
    notes, before = list[Note](), tuple[int, ...]()
    rate = float(rng.choice((0.125, 0.25)))
    for chord in chords:
        before = voice(chord, count, center, before)
        repeats = round(chord.length / rate) if way == "tremolo" else 1
        each = chord.length / repeats
        for pitch in before:
            notes += [Note(chord.start + index * each, 0.97 * each, pitch, 66) for index in range(repeats)]
    return notes
