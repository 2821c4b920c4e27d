"""Makes a performance of an arrangement: swing, loose timing, accents, swells, pedal, and the balance of the parts."""

from __future__ import annotations

import numpy as np

from ear_engine.corpora.band.arrange import Player
from ear_engine.corpora.band.plan import BandPlan
from ear_engine.corpora.midi import CHORUS, EXPRESSION, PAN, PEDAL, REVERB, VOLUME, Control, Note, Part, Score

LEVELS = {"drums": 84, "perc": 80, "bass": 84, "comp": 90, "pad": 72, "lead": 112, "counter": 94, "voices": 100}
"""Volumes of the kinds of players, before chance moves them."""

BLOWN = range(40, 80)
"""Programs of strings, winds and brass, which can swell."""


def swung(time: float, amount: float) -> float:
    """A time in straight quarters with eighths swung: 0 straight, 1 the off-beat at two thirds of the beat."""
    beat, place = np.floor(time + 1e-9), (time + 1e-9) % 1.0 - 1e-9
    middle = 0.5 + amount / 6.0
    return float(beat + (place / 0.5 * middle if place < 0.5 else middle + (place - 0.5) / 0.5 * (1.0 - middle)))


def perform(rng: np.random.Generator, plan: BandPlan, band: list[Player]) -> Score:
    """The score as played, with the first bar at the plan's first beat."""
    swing = float(rng.uniform(*plan.style.swing))
    swing = 0.0 if plan.compound else swing * float(np.clip(1.5 - plan.tempo / 360.0, 0.7, 1.0))
    before = plan.first_beat * plan.quarter_tempo / 60.0
    loose = float(rng.uniform(0.002, 0.014)) * plan.quarter_tempo / 60.0
    dynamic, wet = float(rng.uniform(0.6, 1.25)), float(rng.uniform(0.0, 1.0)) ** 1.5
    parts = []
    for player in band:
        late = float(rng.normal(0.0, 0.006)) * plan.quarter_tempo / 60.0
        tight = loose * (0.6 if player.kind in ("drums", "bass", "perc") else 1.0)
        notes = []
        for note in sorted(player.notes, key=lambda note: (note.start, note.pitch)):
            start = before + swung(note.start, swing) + late + float(rng.normal(0.0, tight))
            end = before + swung(note.start + note.length, swing) + late
            accent = 6.0 if note.start % plan.bar < 1e-6 else 0.0
            velocity = 78.0 + dynamic * (note.velocity - 78.0) + accent + float(rng.normal(0.0, 4.0 * dynamic))
            notes.append(Note(max(0.0, start), max(0.05, end - start), note.pitch, round(np.clip(velocity, 12, 126))))
        level = LEVELS[player.kind] * 10.0 ** (float(np.clip(rng.normal(0.0, 3.0), -7.0, 5.0)) / 40.0)
        controls = [
            Control(0.0, VOLUME, round(level)),
            Control(0.0, PAN, 64),
            Control(0.0, REVERB, round(127 * np.clip(wet * rng.uniform(0.5, 1.2), 0, 1))),
            Control(0.0, CHORUS, round(rng.choice((0, 0, 0, 40, 90)))),
        ]
        if player.program in BLOWN and player.kind in ("pad", "lead", "counter", "voices"):
            controls += _swells(rng, player, plan, before)
        if player.program in (0, 1, 4, 5) and player.kind in ("comp", "lead") and rng.random() < 0.6:
            controls += _pedals(player, plan, before)
        parts.append(Part(player.program, notes, controls, player.kind in ("drums", "perc")))
    numerator, denominator = map(int, plan.meter.split("/"))
    return Score(tuple(parts), ((0.0, plan.quarter_tempo),), (numerator, denominator))


def _swells(rng: np.random.Generator, player: Player, plan: BandPlan, before: float) -> list[Control]:
    """Phrases of two or four bars that grow and fade."""
    found, bars = list[Control](), int(rng.choice((1, 2, 4)))
    depth = float(rng.uniform(5, 45))
    for start, length in player.sections:
        for step in np.arange(0.0, length, 0.5):
            shape = np.sin(np.pi * ((step / plan.bar / bars) % 1.0))
            found.append(Control(before + start + float(step), EXPRESSION, round(122 - depth * (1.0 - shape))))
    return found


def _pedals(player: Player, plan: BandPlan, before: float) -> list[Control]:
    """The sustain pedal, changed at every bar."""
    found = []
    for start, length in player.sections:
        for bar in range(round(length / plan.bar)):
            time = before + start + bar * plan.bar
            found += [Control(time + 0.06, PEDAL, 127), Control(time + plan.bar - 0.04, PEDAL, 0)]
    return found
