"""What tracks are drawn from: genres with their patterns, scales, and the order of sections."""

from __future__ import annotations

from dataclasses import dataclass

STEPS = 16
"""Sixteenths in a bar."""


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
"""Seven degrees of each scale, in semitones above the root."""

KEEP: dict[str, dict[str, float]] = {
    "intro": {"kick": 0.6, "snare": 0.3, "hats": 0.6, "bass": 0.3, "chords": 0.4, "pad": 0.6, "lead": 0.3},
    "groove": {"kick": 0.97, "snare": 0.9, "hats": 0.9, "bass": 0.9, "chords": 0.7, "pad": 0.6, "lead": 0.5},
    "break": {"kick": 0.08, "snare": 0.1, "hats": 0.3, "bass": 0.3, "chords": 0.8, "pad": 0.9, "lead": 0.7},
    "build": {"kick": 0.5, "snare": 0.2, "hats": 0.8, "bass": 0.2, "chords": 0.8, "pad": 0.8, "lead": 0.7},
    "drop": {"perc": 0.9, "chords": 0.85, "pad": 0.7, "lead": 0.8},
}
"""Probability that a layer plays in a section of each kind; for layers not named 1 in a drop, else 0.6."""

FOLLOWS: dict[str, tuple[str, ...]] = {
    "intro": ("groove", "groove", "break", "build"),
    "groove": ("groove", "break", "build", "drop"),
    "break": ("build", "build", "drop", "groove"),
    "build": ("drop",),
    "drop": ("groove", "break", "drop", "intro"),
}
"""What may come after a section of each kind; all are as likely."""
