"""Turns a plan into parts: who is in the band, what each section's music is, and who plays in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ear_engine.corpora.band import patterns as rhythms
from ear_engine.corpora.band import players
from ear_engine.corpora.band.harmony import Chord, Key, lay, progression
from ear_engine.corpora.band.melody import Manner, guide, melody, thirds
from ear_engine.corpora.band.plan import BandPlan, Section
from ear_engine.corpora.band.styles import CENTERS, ENSEMBLES, Role, programs
from ear_engine.corpora.band.voices import lead_voices, texture
from ear_engine.corpora.midi import Note

PLUCKED = {
    "steel",
    "nylon",
    "clean",
    "banjo",
    "harp",
    "dulcimer",
    "koto",
    "overdrive",
    "distortion",
    "shamisen",
    "sitar",
}
STACCATO = {"pizz", "xylophone", "marimba", "banjo", "muted", "kalimba"}


@dataclass
class Player:
    """One channel of the band and everything it plays, in straight quarter notes."""

    role: Role
    kind: str
    instrument: str
    program: int
    center: float
    notes: list[Note] = field(default_factory=list)
    sections: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Music:
    """What sections of one letter share."""

    chords: list[Chord]
    theme: list[Note]
    ways: dict[int, str]
    seed: int


def hire(rng: np.random.Generator, plan: BandPlan) -> list[list[Player]]:
    """The band: players of each role (one, or four voices); the first role is never missing."""
    known, band, lead = programs(), list[list[Player]](), "piano"
    for index, role in enumerate(plan.style.roles):
        present = rng.random() < role.chance or index == 0
        instrument = str(rng.choice(role.instruments))
        instrument = lead if instrument == "same" else instrument
        lead = instrument if index == 0 else lead
        if not present:
            band.append([])
            continue
        names = ENSEMBLES.get(instrument, (instrument,)) if role.kind == "voices" else (instrument,)
        centers = {"comp": 62.0, "pad": 62.0, "bass": 37.0, "counter": 62.0}
        made = []
        for name in names:
            usual = float(CENTERS.get(name, 70))
            center = centers.get(role.kind, usual)
            if role.kind == "counter":
                center = min(usual, 66.0)
            if role.kind == "comp" and name in ("glock", "celesta", "music_box", "xylophone", "flute", "bells"):
                center = 76.0
            made.append(
                Player(role, role.kind, name, int(rng.choice(known[name])), center + float(rng.integers(-3, 4)))
            )
        band.append(made)
    return band


def compose(rng: np.random.Generator, plan: BandPlan, letter: str, bars: int, band: list[list[Player]]) -> Music:
    """Chords, theme and ways of playing of a letter."""
    style, key = plan.style, Key(plan.root, plan.scale)
    family = str(rng.choice(style.harmony))
    sizes = (0.5, 1.0, 1.0, 2.0) if family in ("loop", "vamp") else (0.5, 1.0, 1.0, 1.0)
    span = plan.bar * (1.0 if family in ("blues", "none") or plan.beats % 2 else float(rng.choice(sizes)))
    if any(player.kind == "voices" for group in band for player in group):
        span = plan.bar / plan.beats if plan.beats != 5 and rng.random() < 0.7 else plan.bar
    if plan.tempo > 140 and span < plan.bar:
        span = plan.bar
    count = round(bars * plan.bar / span)
    size = int(rng.integers(style.rich[0], style.rich[1] + 1))
    tokens = progression(rng, "vamp" if family == "none" else family, plan.scale, count)
    chords = lay(rng, key, tokens, span, size)
    seed = int(rng.integers(2**31))
    ways = {index: str(rng.choice(role.ways)) for index, role in enumerate(style.roles)}
    lead = next((player for group in band for player in group if player.kind == "lead"), None)
    index = next((index for index, role in enumerate(style.roles) if role.kind == "lead"), 0)
    way = ways[index] if lead else "melody"
    theme = melody(
        rng,
        chords,
        bars,
        plan.bar,
        compound=plan.compound,
        center=(lead.center if lead else 72.0) + (4.0 if letter == "B" else 0.0),
        manner=_manner(rng, way, plan, lead.instrument if lead else "piano"),
    )
    return Music(chords, theme, ways, seed)


def _manner(rng: np.random.Generator, way: str, plan: BandPlan, instrument: str) -> Manner:
    """How a lead's way of playing moves, slower in time where the tempo is fast."""
    quick = np.clip(1.6 - plan.quarter_tempo / 150.0, 0.3, 1.1)
    manner = Manner(
        density=float(np.clip(rng.uniform(0.3, 0.75) * quick, 0.05, 0.95)),
        leap=float(rng.uniform(0.12, 0.4)),
        legato=0.55 if instrument in STACCATO else float(rng.uniform(0.75, 1.0)),
        triplets=rng.random() < 0.2,
        rest=float(rng.uniform(0.0, 0.15)),
    )
    if way in ("bebop", "running"):
        busy = Manner(density=float(np.clip(1.25 * quick, 0.3, 1.0)), leap=0.2, rest=0.05, span=12.0, vary=0.6)
        return replace(busy, vary=0.3 if way == "running" else 0.7, legato=manner.legato)
    if way == "slow":
        return replace(manner, density=0.05, leap=0.35, rest=0.2)
    return manner


def arrange(rng: np.random.Generator, plan: BandPlan, sections: list[Section]) -> list[Player]:
    """Everything that the band plays, section after section."""
    band = hire(rng, plan)
    library: dict[tuple[str, int], Music] = {}
    start = 0.0
    for number, section in enumerate(sections):
        named = (section.letter, section.bars)
        if named not in library:
            library[named] = compose(rng, plan, section.letter, section.bars, band)
        music, length = library[named], section.bars * plan.bar
        ready = [index for index, group in enumerate(band) if group]
        playing = [index for index in ready if rng.random() < 0.25 + 0.85 * section.energy]
        if not playing or (plan.tonal and all(band[index][0].kind in ("drums", "perc") for index in playing)):
            playing = ready if len(ready) < 3 else ready[:3]
        for index in playing:
            for player, notes in zip(
                band[index], _play(rng, plan, section, music, index, band[index], number), strict=True
            ):
                kept = [note for note in notes if note.start < length - 1e-6]
                player.notes += [replace(note, start=note.start + start) for note in kept]
                player.sections.append((start, length))
        start += length
    return [player for group in band for player in group if player.notes]


def _play(
    rng: np.random.Generator,
    plan: BandPlan,
    section: Section,
    music: Music,
    index: int,
    group: list[Player],
    number: int,
) -> list[list[Note]]:
    """What the players of one role play in a section; the pattern is the letter's, small changes are the section's."""
    way, player, chords = music.ways[index], group[0], music.chords
    fixed = np.random.default_rng((music.seed, index))
    family, bars, steps = plan.family, section.bars, plan.steps
    if player.kind in ("drums", "perc"):
        choice = rhythms.grooves(way, family)
        groove = choice[int(fixed.integers(len(choice)))]
        solo = not plan.tonal
        fill = 0.9 if solo else 0.7 if player.kind == "drums" else 0.0
        crash = player.kind == "drums" and number > 0 and rng.random() < section.energy * 0.7
        return [players.drums(rng, groove, bars, steps, fill=fill, crash=crash, busy=2.5 if solo else 1.0)]
    if player.kind == "bass":
        if way == "riff":
            return [players.play_riff(players.riff(fixed, bars, plan.bar), chords, plan.bar, player.center)]
        _, choices = rhythms.patterns(rhythms.BASSES, way, family)
        return [players.bass(rng, str(fixed.choice(choices)), chords, bars, steps, round(player.center))]
    if player.kind == "comp":
        if way == "cells":
            return [players.cells(fixed, chords, bars, steps, player.center)]
        sustain, choices = rhythms.patterns(rhythms.COMPS, way, family)
        loud = player.instrument in ("distortion", "overdrive")
        count = 3 if loud else int(fixed.integers(3, 6)) if player.instrument in PLUCKED else int(fixed.integers(3, 5))
        spread = float(fixed.uniform(0.01, 0.05)) if player.instrument in PLUCKED else 0.0
        pattern, center = str(fixed.choice(choices)), player.center - (12.0 if loud else 0.0)
        power = loud and way in ("power", "gallop", "eighths", "strum")
        return [
            players.comp(
                rng, pattern, sustain, chords, bars, steps, center=center, count=count, spread=spread, power=power
            )
        ]
    if player.kind == "pad":
        return [players.pad(fixed, way, chords, plan.root, player.center, int(fixed.integers(3, 5)))]
    if player.kind == "voices":
        beat = plan.bar / plan.beats
        shift = int(np.clip(round(group[0].center - 72), -5, 5))
        leading = (plan.root + 11) % 12
        return texture(fixed, way, chords, lead_voices(fixed, chords, leading, shift), beat)
    if player.kind == "counter":
        if way == "thirds":
            return [thirds(music.theme, chords, int(fixed.choice((-2, -2, -5))))]
        if way == "echo":
            late = plan.bar * float(fixed.choice((1.0, 2.0)))
            return [[replace(note, start=note.start + late, velocity=note.velocity - 14) for note in music.theme]]
        return [guide(fixed, chords, player.center)]
    return [_lead(rng, plan, section, music, way, player, fixed)]


def _lead(
    rng: np.random.Generator,
    plan: BandPlan,
    section: Section,
    music: Music,
    way: str,
    player: Player,
    fixed: np.random.Generator,
) -> list[Note]:
    """The theme, ornamented a little; its octaves or chords; a riff; or a new line where the lead improvises."""
    if way == "riff":
        return players.play_riff(players.riff(fixed, section.bars, plan.bar), music.chords, plan.bar, player.center)
    if way == "bebop" and section.letter == "C":
        manner = _manner(rng, way, plan, player.instrument)
        return melody(
            rng, music.chords, section.bars, plan.bar, compound=plan.compound, center=player.center, manner=manner
        )
    notes = list[Note]()
    for note in music.theme:
        chance = rng.random()
        if chance < 0.04 and note.length >= 1.0:
            short = 0.125
            notes += [
                Note(note.start, short, note.pitch + int(rng.choice((1, 2))), note.velocity),
                Note(note.start + short, note.length - short, note.pitch, note.velocity),
            ]
        elif chance < 0.985 or note.start == 0.0:
            notes.append(note)
    if way == "octaves":
        notes += [replace(note, pitch=note.pitch - 12, velocity=note.velocity - 8) for note in notes]
    elif way == "chords":
        notes += [
            replace(note, velocity=note.velocity - 14) for note in thirds(notes, music.chords) if note.length >= 0.5
        ]
    return notes
