"""The ways to choose neurons: each turns one of them into weighted terms whose weights sum to 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.naming import words_of
from ear_engine.ear.neurons import Layer
from ear_engine.ear.statistics import NamedRegion
from ear_engine.errors import UserError
from ear_engine.targets.extents import Window, bin_span, block, followed
from ear_engine.targets.facts import EarFacts
from ear_engine.targets.neuron_list import read_neurons
from ear_engine.targets.terms import Term

IMPRINT_DEPTHS = (0.15, 0.35, 0.6)
"""Where in the ear a clip is compared if no layer is named: texture, timbre, and how it moves."""
_LIKE_NAMED = 4  # regions of one name that fire together
_LOW, _HIGH = 20.0, 20000.0  # Hz, all that can be asked for

Terms = list[Term]


def pattern_terms(layer: str, pattern: NDArray[np.float32], when: Window, weight: float = 1.0) -> Terms:
    """A pattern on one layer."""
    return [Term("linear", weight, layer, pattern, when.start, when.length)]


def check_followed(subject: str, terms: Terms, facts: EarFacts) -> None:
    """See that ``terms`` are not about the scalogram's phase alone.

    Raises:
        UserError: they are, about ``subject``.
    """
    of_phase = [t.pattern is not None and not t.pattern[facts.drawn[facts.index[t.layer].span]].any() for t in terms]
    if terms and all(of_phase):
        raise _phase(subject)


def _phase(subject: str) -> UserError:
    reason = "is nothing but the scalogram's phase, which is heard but not followed"
    return UserError(subject, reason, "choose its channel 0, or other neurons", "empty_target")


def by_weights(weights: NDArray[np.floating], facts: EarFacts, when: Window) -> Terms:
    """Weights on all neurons, (neurons,), not below 0: a term for each layer that has any, its share the weight."""
    layers = facts.index.layers
    sums = np.add.reduceat(weights, [layer.offset for layer in layers])
    whole = float(sums.sum())
    terms = []
    for layer, size in zip(layers, sums.tolist(), strict=True):
        if size > 0:
            pattern = (weights[layer.span] / size).astype(np.float32)
            terms += pattern_terms(layer.name, pattern, when, size / whole)
    return terms


def by_disc(x: float, y: float, radius: float, facts: EarFacts, when: Window) -> Terms:
    """Neurons in a disc on the map, less towards its edge: (1 - (d / radius)²)². One always: the nearest."""
    dx, dy = facts.positions[:, 0] - np.float32(x), facts.positions[:, 1] - np.float32(y)
    distance = dx * dx + dy * dy
    inside = np.flatnonzero((distance < radius * radius) & facts.drawn)
    weights = np.zeros(len(facts.index))
    weights[inside] = (1.0 - distance[inside] / radius**2) ** 2
    if not weights.any():
        weights[int(np.where(facts.drawn, distance, np.inf).argmin())] = 1.0
    return by_weights(weights, facts, when)


def by_numbers(text: str, facts: EarFacts, when: Window) -> Terms:
    """Listed neurons, all alike.

    Raises:
        UserError: the list is empty, no list, names a neuron that the ear does not have, or none that is followed.
    """
    weights = np.zeros(len(facts.index))
    weights[read_neurons(text, len(facts.index))] = 1.0
    terms = by_weights(weights, facts, when)
    check_followed("target/neurons", terms, facts)
    return terms


def by_name(text: str, facts: EarFacts, when: Window) -> Terms:
    """The region that ``text`` describes best, and up to three more that have the same words in their names.

    Raises:
        UserError: the ear has no statistics, or no region is called anything like it.
    """
    terms: Terms = []
    regions = named_regions(text, facts)
    for region in regions:
        layer = facts.index[region.layer]
        channels = slice(region.channel, region.channel + 1)
        pattern = block(layer, channels, slice(region.first_bin, region.last_bin + 1))
        terms += pattern_terms(region.layer, pattern, when, 1.0 / len(regions))
    return terms


def named_regions(text: str, facts: EarFacts) -> tuple[NamedRegion, ...]:
    """The regions that :func:`by_name` takes.

    Raises:
        UserError: as there.
    """
    if not text.strip():
        raise UserError("target/name", "is empty", "say what shall be heard: bright hats", "empty_target")
    if facts.search is None:
        mend = "make them with `ear-engine statistics`, or choose a layer"
        raise UserError("this ear", "has no statistics, so nothing in it has a name", mend, "no_statistics")
    named = facts.search.find(text, 2 * _LIKE_NAMED)
    found = [region for region in named if region.channel < followed(facts.index[region.layer])]
    if not found:
        raise _phase(f"region {text!r}")
    words = words_of(found[0].name)
    return tuple(region for region in found if words_of(region.name) == words)[:_LIKE_NAMED]


def by_clip(clip: str, facts: EarFacts, when: Window, low: float = _LOW, high: float = _HIGH) -> Terms:
    """Likeness to a clip at three depths, between ``low`` and ``high`` Hz.

    Raises:
        UserError: no clip is named.
    """
    if not clip:
        raise UserError("target/imprint", "names no clip", "name one, or now, source or input", "empty_target")
    layers = [at_depth(depth, facts)[0][0] for depth in IMPRINT_DEPTHS]
    terms = []
    for layer in layers:
        pattern = None
        if low > _LOW or high < _HIGH:
            bins = bin_span(facts.frequencies.get(layer.name, ()), layer.bins, low, high)
            pattern = block(layer, slice(0, followed(layer)), bins)
        terms.append(Term("likeness", 1.0 / len(layers), layer.name, pattern, when.start, when.length, text=clip))
    return terms


def at_depth(depth: float, facts: EarFacts) -> Sequence[tuple[Layer, float]]:
    """The layers at ``depth`` (0 the first of the network, 1 the last) and their shares, the larger first."""
    place = min(max(depth, 0.0), 1.0) * (len(facts.deep) - 1)
    below = min(int(place), max(0, len(facts.deep) - 2))
    share = place - below
    pair = [(facts.deep[below], 1.0 - share)]
    if len(facts.deep) > 1:
        pair.append((facts.deep[below + 1], share))
    return sorted((one for one in pair if one[1] > 0), key=lambda one: -one[1])
