"""Finding a region of an ear by words: ``bright hats``, ``tones at 220 Hz``, ``encoder_3_conv1 gaps``."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from ear_engine.ear.naming import words_of
from ear_engine.ear.statistics import NamedRegion, Statistics
from ear_engine.errors import UserError

_FREQUENCY = re.compile(r"(\d+(?:\.\d+)?)\s*(k?)hz\b", re.IGNORECASE)
_NEAR = 1 / 6  # octaves around a frequency that count as being there
_PER_OCTAVE = 0.3  # of the score, lost for each octave away
_SUPERFLUOUS = 0.1  # lost for each word of a name that was not asked for
_LONGEST = 200  # characters of a description


def find_regions(statistics: Statistics, text: str, limit: int = 5) -> tuple[NamedRegion, ...]:
    """The regions that ``text`` describes, the best first; equally good ones by how far they stand out.

    Words may be in any order, singular or plural, slightly misspelled, or name a layer; a frequency chooses bins.

    Raises:
        UserError: no word of it is in any name; the nearest names are given.
    """
    text = text[:_LONGEST].lower()
    wanted = _frequency(text)
    typed = [word for word in re.findall(r"[a-z0-9_]+", _FREQUENCY.sub(" ", text)) if word not in ("at", "the", "and")]
    layers = [layer.name for layer in statistics.index.layers if layer.name in typed]
    regions = [r for layer in layers or statistics.region_names for r in statistics.regions(layer)]
    typed = [word for word in typed if word not in layers]
    vocabulary = {word for region in regions for word in words_of(region.name)}
    known = [word for word in (_nearest(word, vocabulary) for word in typed) if word]
    if not known and (typed or (wanted is None and not layers)):
        raise _unknown(text, regions, vocabulary)
    salience = _salience(statistics)
    scored: list[tuple[float, float, int, NamedRegion]] = []
    for region in regions:
        words = words_of(region.name)
        score = sum(word in words for word in known) - _SUPERFLUOUS * sum(word not in known for word in words)
        if known and not any(word in words for word in known):
            continue
        if wanted is not None:
            region, distance = _at(statistics, region, wanted)
            score -= _PER_OCTAVE * min(distance, 4.0)
        scored.append((-round(score, 3), -salience[region.layer][region.channel], len(scored), region))
    return tuple(item[3] for item in sorted(scored, key=lambda item: item[:3])[:limit])


def _frequency(text: str) -> float | None:
    found = _FREQUENCY.search(text)
    if found is None:
        return None
    hertz = float(found[1]) * (1000.0 if found[2] else 1.0)
    return hertz if 1.0 <= hertz <= 1e6 else None


def _nearest(word: str, vocabulary: Collection[str]) -> str:
    for candidate in vocabulary:
        if word == candidate or word.removesuffix("s") == candidate.removesuffix("s"):
            return candidate
    near = difflib.get_close_matches(word, sorted(vocabulary), n=1, cutoff=0.75)
    return near[0] if near else ""


def _unknown(text: str, regions: list[NamedRegion], vocabulary: set[str]) -> UserError:
    near = difflib.get_close_matches(text, [region.name for region in regions], n=2, cutoff=0.4)
    mend = f"did you mean {' or '.join(near)}" if near else f"use words such as {', '.join(sorted(vocabulary)[:8])}"
    return UserError(f"region {text!r}", "does not exist in this ear", mend, "unknown_region")


def _at(statistics: Statistics, region: NamedRegion, hertz: float) -> tuple[NamedRegion, float]:
    """The bins of the region's channel that lie at a frequency, and how many octaves away they are."""
    layer = statistics.index[region.layer]
    own = statistics.frequency[layer.span].reshape(layer.channels, layer.bins)[region.channel]
    away = np.abs(np.log2(np.maximum(own, 1e-3) / hertz))
    best = int(away.argmin())
    first = last = best
    while first > 0 and away[first - 1] <= _NEAR:
        first -= 1
    while last + 1 < layer.bins and away[last + 1] <= _NEAR:
        last += 1
    inside = own[first : last + 1]
    low, high = float(inside.min()), float(inside.max())
    narrowed = replace(region, first_bin=first, last_bin=last, low=low, high=high)
    return narrowed, max(0.0, float(away[best]) - _NEAR) if math.isfinite(away[best]) else 4.0


def _salience(statistics: Statistics) -> dict[str, list[float]]:
    """How far the strongest activations of each channel stand out, in standard deviations; 0 if it never fired."""
    heard = statistics.excerpt_recording >= 0
    top = np.where(heard, statistics.excerpt_activation, 0.0).sum(axis=1) / np.maximum(heard.sum(axis=1), 1)
    deviation = np.sqrt(statistics.variance)
    stands = np.where(deviation > 0, (top - statistics.mean) / np.maximum(deviation, 1e-12), 0.0)
    return {
        layer.name: [float(v) for v in stands[layer.span].reshape(layer.channels, layer.bins).max(axis=1)]
        for layer in statistics.index.layers
    }
