"""What the autopilot plays, as data: scenes of four bars in arcs of eight, from the outermost layers of the ear to the
deepest. The same seed makes the same scenes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from random import Random

SCENE_BARS = 4
_DEPTHS = (0.15, 0.25, 0.35, 0.45, 0.55, 0.7, 0.85, 1.0)  # of the scenes of an arc
_GLIDES = (0, 2, 3, 2, 3, 2, 3, 2)  # bars in which a scene takes over from the last
_FLAVOR_SCENES = (0, 2, 4, 6)  # a preset's shaping begins,
_CLIP_SCENES = (3, 5, 7)  # another loop: never both at once, so one hears what each does
_WORDS = {  # what suits a preset's shaping, as target/name takes it
    "bloom": ("soft tones", "low tones", "chords", "steady tones"),
    "sparkle": ("bright plucks", "bright hats", "high plucks"),
    "drone": ("low tails", "bass", "low tones"),
    "upheaval": ("hits", "kicks", "plucks"),
}
_CLIPS = ("chords", "break_138", "dub", "voice", "broken_92", "bass", "acid_126", "piano", "beat")


@dataclass(frozen=True)
class Scene:
    """Four bars of the autopilot.

    Args:
        bar: when it begins, in bars since the autopilot was turned on.
        words: what shall be heard, as ``target/name`` takes it.
        depth: in which layer: 0 is the ear's first, 1 its last.
        glide: bars in which it takes over from the last scene.
        preset: whose shaping begins; nothing if that stays.
        clip: loop to dream from; nothing if that stays.
    """

    bar: int
    words: str
    depth: float
    glide: int
    preset: str = ""
    clip: str = ""


def plan(seed: int, bars: int) -> tuple[Scene, ...]:
    """The scenes that begin before bar ``bars``; a longer plan begins with the shorter one."""
    return tuple(takewhile(lambda scene: scene.bar < bars, scenes(seed)))


def scenes(seed: int) -> Iterator[Scene]:
    """All scenes, without end."""
    order = Random(seed)
    preset, clip, words = "", "", ""
    bar = 0
    while True:
        flavors = _shuffled(order, _WORDS, preset)
        clips = _shuffled(order, _CLIPS, clip)
        for number, (depth, glide) in enumerate(zip(_DEPTHS, _GLIDES, strict=True)):
            fresh = flavors.pop() if number in _FLAVOR_SCENES else ""
            preset = fresh or preset
            chosen = clips.pop() if number in _CLIP_SCENES else ""
            clip = chosen or clip
            words = order.choice([other for other in _WORDS[preset] if other != words])
            yield Scene(bar, words, depth, glide if bar else 0, fresh, chosen)
            bar += SCENE_BARS


def _shuffled(order: Random, names: Iterable[str], last: str) -> list[str]:
    """``names`` in a random order, taken from the end; the first one taken is not ``last``."""
    shuffled = list(names)
    order.shuffle(shuffled)
    if shuffled[-1] == last:
        shuffled.reverse()
    return shuffled
