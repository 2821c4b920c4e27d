"""What the autopilot plays, as data: scenes of four bars in arcs of eight, from the outer layers of the ear to the
deepest. The same seed makes the same scenes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from random import Random

SCENE_BARS = 4
_DEPTHS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # of the scenes of an arc
_GLIDES = (0, 2, 2, 2, 2, 2, 2, 2)  # bars in which a scene takes over from the last
_FLAVOR_SCENES = (0, 1, 2, 4, 6)  # a preset begins,
_CLIP_SCENES = (3, 5, 7)  # another loop: never both at once, so one hears what each does
_OPENING = ("bloom", "upheaval")  # how the first arc begins: a beat that melts, and is built anew
_WORDS = {  # what suits a preset, as target/name takes it
    "bloom": ("soft tones", "low tones", "mid tones", "steady tones"),
    "upheaval": ("hits", "kicks", "plucks"),
    "sparkle": ("bright plucks", "high plucks", "high tones"),
    "drone": ("low tails", "bass", "low tones"),
    "hats": ("hats", "highs", "hits"),
    "surprise": ("plucks", "noise", "tones"),
}
_OWN_TARGET = ("sparkle", "hats", "surprise")  # presets that begin with what they aim at themselves
_CLIPS = ("chords", "break_138", "dub", "voice", "broken_92", "bass", "acid_126", "piano", "beat")


@dataclass(frozen=True)
class Scene:
    """Four bars of the autopilot.

    Args:
        bar: when it begins, in bars since the autopilot was turned on.
        words: what shall be heard, as ``target/name`` takes it; nothing if the preset says what.
        depth: in which layer: 0 is the ear's first, 1 its last.
        glide: bars in which it takes over from the last scene.
        preset: that begins; nothing if the last one stays.
        clip: loop to dream from; nothing if that stays.
    """

    bar: int
    words: str
    depth: float
    glide: int
    preset: str = ""
    clip: str = ""


def plan(seed: int, bars: int, clip: str = "beat") -> tuple[Scene, ...]:
    """The scenes that begin before bar ``bars``, while ``clip`` plays; a longer plan begins with the shorter one."""
    return tuple(takewhile(lambda scene: scene.bar < bars, scenes(seed, clip)))


def scenes(seed: int, clip: str = "beat") -> Iterator[Scene]:
    """All scenes, without end."""
    order = Random(seed)
    preset, words = "", ""
    bar = 0
    while True:
        opening = () if bar else _OPENING
        flavors = [*opening, *_shuffled(order, (name for name in _WORDS if name not in opening), preset)]
        clips = _shuffled(order, _CLIPS, clip)
        for number, (depth, glide) in enumerate(zip(_DEPTHS, _GLIDES, strict=True)):
            fresh = flavors.pop(0) if number in _FLAVOR_SCENES else ""
            preset = fresh or preset
            chosen = clips.pop(0) if number in _CLIP_SCENES else ""
            clip = chosen or clip
            words = order.choice([other for other in _WORDS[preset] if other != words])
            yield Scene(bar, "" if fresh in _OWN_TARGET else words, depth, glide, fresh, chosen)
            bar += SCENE_BARS


def _shuffled(order: Random, names: Iterable[str], last: str) -> list[str]:
    """``names`` in a random order that does not begin with ``last``."""
    shuffled = list(names)
    order.shuffle(shuffled)
    if shuffled[0] == last:
        shuffled.reverse()
    return shuffled
