"""Names for what neurons answer to, from measured facts and a small fixed vocabulary: the same facts, the same name.

A name says what the sound does (hits, tones, noise, tails) and where it lies (low, bright, 220 Hz). Facts are -1..1:
0 is what music does on average, ±1 far from it. What is not clear is not said: then only the register is named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

CLEAR = 0.35
"""A fact this far from 0 is worth a word."""
_LOUD = 0.7
_QUIET = -0.5
_MOVES = 0.6  # a glide this far from 0: the least certain of the facts
_KINDS = {
    "plucks": "onset",
    "kicks": "onset",
    "bursts": "onset",
    "hats": "onset",
    "hits": "onset",
    "bass": "tone",
    "chords": "tone",
    "tones": "tone",
    "silence": "quiet",
    "gaps": "quiet",
    "rumble": "noise",
    "hiss": "noise",
    "noise": "noise",
    "tails": "decay",
}
_WIDE = 2.0  # octaves
_PHASE = 0.55  # share of the answer
_IDLE = "idle"
_HERTZ = re.compile(r"^\d[\d.]*$")
_ORDINAL = re.compile(r" #\d+$")


@dataclass(frozen=True)
class Facts:
    """What was measured about a neuron, or about a region of neurons.

    Args:
        frequency: where it answers most, Hz; 0 for a region that spans most of its layer.
        bandwidth: octaves in which it answers at least half as much.
        onset: 1 where sounds begin, -1 where none does.
        decay: 1 where sounds die away, -1 where none does.
        tonality: 1 for clear tones, -1 where there is none.
        noisiness: 1 for noise, -1 where there is none.
        loudness: of its own bands when it fires, -1 quiet .. 1 loud.
        glide: -1 falling pitch .. 1 rising pitch.
        phase: share of its answer that is to the phase channel, 0..1.
        alive: whether it ever fired.
    """

    frequency: float
    bandwidth: float = 0.5
    onset: float = 0.0
    decay: float = 0.0
    tonality: float = 0.0
    noisiness: float = 0.0
    loudness: float = 0.0
    glide: float = 0.0
    phase: float = 0.0
    alive: bool = True


def hertz(frequency: float) -> str:
    """A frequency in two figures: ``220 Hz``, ``8.2 kHz``, ``12 kHz``."""
    rounded = float(f"{frequency:.2g}")
    return f"{rounded:g} Hz" if rounded < 1000 else f"{rounded / 1000:g} kHz"


def _register(frequency: float) -> str:
    limits = ((0.0, ""), (90.0, "deep"), (250.0, "low"), (2000.0, "mid"), (5000.0, "high"), (float("inf"), "bright"))
    return next(word for limit, word in limits if frequency <= limit)


def _noun(facts: Facts) -> tuple[str, bool]:
    """The noun, and whether it says the register too."""
    f, wide = facts.frequency, facts.bandwidth >= _WIDE
    deep = 0 < f <= 140 and not wide
    if facts.onset >= CLEAR and facts.onset >= facts.decay:
        if facts.tonality >= CLEAR:
            return "plucks", False
        if deep:
            return "kicks", True
        if wide or f <= 0:
            return "bursts", True
        return ("hats", False) if f >= 4500 else ("hits", False)
    if facts.tonality >= CLEAR and facts.tonality >= facts.noisiness:
        if deep:
            return "bass", True
        return ("chords", False) if wide else ("tones", False)
    if facts.loudness <= _QUIET:
        return ("silence", True) if wide or f <= 0 else ("gaps", False)
    if facts.decay >= CLEAR:
        return "tails", False
    if facts.noisiness >= CLEAR:
        if deep:
            return "rumble", True
        return ("hiss", True) if f >= 4500 and not wide else ("noise", False)
    if wide or f <= 0:
        return "sound", True
    return ("lows" if f <= 250 else "mids" if f <= 2000 else "highs"), True


def describe_sound(facts: Facts) -> tuple[tuple[str, ...], str, str]:
    """The words of a name: at most two adjectives, the register (empty if the noun says it), the noun."""
    if not facts.alive:
        return (), "", _IDLE
    noun, says_register = _noun(facts)
    adjectives = []
    if max(facts.onset, facts.decay) <= -CLEAR:
        adjectives.append("steady")
    if abs(facts.glide) >= _MOVES and noun in ("tones", "chords", "bass", "plucks"):
        adjectives.append("rising" if facts.glide > 0 else "falling")
    elif facts.phase >= _PHASE:
        adjectives.append("wavering")
    if facts.bandwidth >= _WIDE and noun not in ("silence", "chords", "bursts"):
        adjectives.append("wide")
    if noun not in ("silence", "gaps"):
        if facts.loudness >= _LOUD:
            adjectives.append("loud")
        elif facts.loudness <= -CLEAR:
            adjectives.append("soft")
    register = "" if says_register or facts.bandwidth >= _WIDE else _register(facts.frequency)
    return tuple(adjectives[:2]), register, noun


def kind_of_sound(facts: Facts) -> str:
    """``onset``, ``tone``, ``noise``, ``decay``, ``quiet``, or nothing where nothing is clear."""
    return _KINDS.get(_noun(facts)[0], "")


def neuron_name(facts: Facts) -> str:
    """``steady tones @ 220 Hz``."""
    adjectives, _, noun = describe_sound(facts)
    return f"{' '.join((*adjectives, noun))} @ {hertz(facts.frequency)}"


def sound_name(facts: Facts) -> str:
    """``steady low tones``."""
    adjectives, register, noun = describe_sound(facts)
    return " ".join(part for part in (*adjectives, register, noun) if part)


def region_names(regions: Sequence[Facts]) -> tuple[str, ...]:
    """Names of the regions of a layer, no two alike.

    Those that would be alike get their frequency (``220 Hz tones``), and if that is not enough, a number
    (``220 Hz tones #2``) in the order given.
    """
    words = [describe_sound(facts) for facts in regions]
    short = [sound_name(facts) for facts in regions]
    often = Counter(short)
    names = [
        " ".join((*adjectives, hertz(facts.frequency), noun))
        if often[name] > 1 and noun != _IDLE and facts.frequency > 0
        else name
        for name, (adjectives, _, noun), facts in zip(short, words, regions, strict=True)
    ]
    seen: Counter[str] = Counter()
    for at, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[at] = f"{name} #{seen[name]}"
    return tuple(names)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name that say what it is: no frequency and no number."""
    plain = _ORDINAL.sub("", name).replace("@", " ").lower().split()
    return tuple(word for word in plain if not _HERTZ.match(word) and word not in ("hz", "khz", "at"))
