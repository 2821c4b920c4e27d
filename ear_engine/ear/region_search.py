"""Finding a region of an ear by words: ``bright hats``, ``tones at 220 Hz``, ``encoder_3_conv1 gaps``.

Searched are the named regions, one a channel, and inside every channel the stretches of bins whose neurons would all
have the same name: a channel that answers to onsets anywhere has kicks at its lower end and hats at its upper.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.naming import words_of
from ear_engine.ear.statistics import FRONT_END, NamedRegion, Statistics
from ear_engine.errors import UserError

_FREQUENCY = re.compile(r"(\d+(?:\.\d+)?)\s*(k?)hz\b", re.IGNORECASE)
_NEAR = 1 / 6  # octaves around a frequency that count as being there
_PER_OCTAVE = 0.3  # of the score, lost for each octave away
_SUPERFLUOUS = 0.1  # lost for each word of a name that was not asked for
_OUTSTANDING = 8.0  # standard deviations
_OFTEN = 0.02  # share of time
_MEANINGS = {
    "onset": ("hits", "kicks", "hats", "bursts", "plucks"),
    "attack": ("hits", "kicks", "hats", "bursts", "plucks"),
    "drum": ("hits", "kicks", "hats"),
    "snare": ("hits",),
    "clap": ("hits",),
    "hihat": ("hats",),
    "cymbal": ("hats", "hiss"),
    "note": ("tones", "plucks"),
    "melody": ("tones", "plucks"),
    "pitch": ("tones", "chords"),
    "harmony": ("chords",),
    "pad": ("chords", "tones"),
    "decay": ("tails",),
    "release": ("tails",),
    "pause": ("silence", "gaps"),
    "quiet": ("silence", "gaps", "soft"),
    "sustained": ("steady",),
    "treble": ("bright", "highs"),
}
_LONGEST = 200  # characters of a description


def find_regions(statistics: Statistics, text: str, limit: int = 5) -> tuple[NamedRegion, ...]:
    """The regions that ``text`` describes, the best first; equally good ones by how far and how widely they stand out.

    Words may be in any order, singular or plural, slightly misspelled, or name a layer; a frequency chooses bins.

    Raises:
        UserError: no word of it is in any name; the nearest names are given.
    """
    text = text[:_LONGEST].lower()
    wanted = _frequency(text)
    typed = [word for word in re.findall(r"[a-z0-9_]+", _FREQUENCY.sub(" ", text)) if word not in ("at", "the", "and")]
    layers = [layer.name for layer in statistics.index.layers if layer.name in typed]
    typed = [word for word in typed if word not in layers]
    regions = [r for layer in layers or statistics.region_names for r in _regions(statistics, layer)]
    vocabulary = {word for region in regions for word in words_of(region.name)}
    known = [words for words in (_meant(word, vocabulary) for word in typed) if words]
    if not known and (typed or (wanted is None and not layers)):
        raise _unknown(text, regions, vocabulary)
    salience = _salience(statistics)
    scored: list[tuple[float, float, int, NamedRegion]] = []
    for region in regions:
        words = words_of(region.name)
        matched = [meant.intersection(words) for meant in known]
        if known and not any(matched):
            continue
        superfluous = sum(word not in set().union(*matched) for word in words) if known else 0
        score = sum(map(bool, matched)) - _SUPERFLUOUS * superfluous
        if wanted is not None:
            region, distance = _at(statistics, region, wanted)
            score -= _PER_OCTAVE * min(distance, 4.0)
        width = 1.0 + 0.5 * math.log2(region.last_bin - region.first_bin + 1)
        stands = width * float(salience[_numbers(statistics, region)].max())
        scored.append((-round(score, 3), -stands, len(scored), region))
    found: dict[tuple[str, int], NamedRegion] = {}
    for *_, region in sorted(scored, key=lambda item: item[:3]):
        found.setdefault((region.layer, region.channel), region)  # the best of each channel
        if len(found) == limit:
            break
    return tuple(found.values())


def _regions(statistics: Statistics, layer: str) -> list[NamedRegion]:
    """The named regions of a layer, and the stretches of like-named neurons in each of its channels."""
    regions = list(statistics.regions(layer))
    place = statistics.index[layer]
    if place.bins == 1 or layer == FRONT_END:
        return regions
    for channel in range(place.channels):
        start = place.offset + channel * place.bins
        names = statistics.sounds[start : start + place.bins]
        first = 0
        for last in range(place.bins):
            if last + 1 < place.bins and names[last + 1] == names[first]:
                continue
            hertz = statistics.frequency[start + first : start + last + 1]
            low, high = float(hertz.min()), float(hertz.max())
            regions.append(NamedRegion(names[first], layer, channel, first, last, low, high))
            first = last + 1
    return regions


def _numbers(statistics: Statistics, region: NamedRegion) -> slice:
    layer = statistics.index[region.layer]
    start = layer.offset + region.channel * layer.bins
    return slice(start + region.first_bin, start + region.last_bin + 1)


def _frequency(text: str) -> float | None:
    found = _FREQUENCY.search(text)
    if found is None:
        return None
    hertz = float(found[1]) * (1000.0 if found[2] else 1.0)
    return hertz if 1.0 <= hertz <= 1e6 else None


def _meant(word: str, vocabulary: AbstractSet[str]) -> set[str]:
    """The words of names that a typed word can stand for: itself, one that means it, or the nearest."""
    if word in vocabulary:
        return {word}
    plain = word.removesuffix("s")
    for candidate in vocabulary:
        if plain == candidate.removesuffix("s"):
            return {candidate}
    if plain in _MEANINGS:
        return set(_MEANINGS[plain]) & vocabulary
    return set(difflib.get_close_matches(word, sorted(vocabulary), n=1, cutoff=0.75))


def _unknown(text: str, regions: list[NamedRegion], vocabulary: set[str]) -> UserError:
    names = dict.fromkeys(" ".join(words_of(region.name)) for region in regions)
    near = difflib.get_close_matches(text, names, n=2, cutoff=0.4)
    mend = f"did you mean {' or '.join(near)}" if near else f"use words such as {', '.join(sorted(vocabulary)[:8])}"
    return UserError(f"region {text!r}", "does not exist in this ear", mend, "unknown_region")


def _at(statistics: Statistics, region: NamedRegion, hertz: float) -> tuple[NamedRegion, float]:
    """The bins of the region that lie at a frequency, or the nearest, and how many octaves away they are."""
    own = statistics.frequency[_numbers(statistics, region)]
    away = np.abs(np.log2(own / hertz))
    best = int(away.argmin())
    first = last = best
    while first > 0 and away[first - 1] <= _NEAR:
        first -= 1
    while last + 1 < len(own) and away[last + 1] <= _NEAR:
        last += 1
    inside, start = own[first : last + 1], region.first_bin
    low, high = float(inside.min()), float(inside.max())
    narrowed = replace(region, first_bin=start + first, last_bin=start + last, low=low, high=high)
    return narrowed, max(0.0, float(away[best]) - _NEAR)


def _salience(statistics: Statistics) -> NDArray[np.float32]:
    """How far each neuron's strongest activations stand out, in standard deviations, at most 8; (neurons,).

    Less for one that hardly ever fires: what it would take to excite it is anybody's guess.
    """
    heard = statistics.excerpt_recording >= 0
    top = np.where(heard, statistics.excerpt_activation, 0.0).sum(axis=1) / np.maximum(heard.sum(axis=1), 1)
    deviation = np.maximum(np.sqrt(statistics.variance), 1e-12)
    stands = np.clip((top - statistics.mean) / deviation, 0.0, _OUTSTANDING)
    often = np.minimum(1.0, (1.0 - statistics.floor) / _OFTEN)
    salience: NDArray[np.float32] = (stands * often).astype(np.float32)
    return salience
