"""Regions of an ear, one a channel, and names for them from what was measured of their neurons."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.naming import Facts, kind_of_sound, region_names
from ear_engine.ear.neurons import NeuronIndex
from ear_engine.ear.statistics import FRONT_END

_GIVEN = ("level", "phase")  # what the front end's channels are
_STRONG = 0.75  # of a channel's strongest activation: bins that can be in its region
_EVERYWHERE = 2.5  # octaves: a region so wide has no register


def name_regions(
    index: NeuronIndex,
    columns: Mapping[str, NDArray[np.float32]],
    strength: NDArray[np.float32],
    alive: NDArray[np.bool_],
) -> tuple[dict[str, tuple[str, ...]], NDArray[np.int32]]:
    """Names of all channels, and the bins in which each fires most.

    A channel's region is the stretch of bins around its strongest in which it is at least 0.75 times as strong and
    answers to the same kind of sound, the kind that most of those bins have; its facts are the means over the region.

    Args:
        index: all neurons.
        columns: the fields of :class:`ear_engine.ear.naming.Facts`, each (neurons,).
        strength: how strongly each neuron fires at its strongest moments, (neurons,), from 0.
        alive: whether each ever fired, (neurons,).

    Returns:
        names by layer, and (channels of all layers, 2) first and last bins.
    """
    names: dict[str, tuple[str, ...]] = {}
    bins: list[tuple[int, int]] = []
    for layer in index.layers:
        facts = []
        for channel in range(layer.channels):
            first = layer.offset + channel * layer.bins
            own = slice(first, first + layer.bins)
            kinds = [kind_of_sound(_facts(columns, slice(k, k + 1), strength, True)) for k in range(first, own.stop)]
            low, high = _stretch(strength[own], kinds)
            bins.append((low, high))
            facts.append(_facts(columns, slice(first + low, first + high + 1), strength, bool(alive[own].any())))
        front = layer.name == FRONT_END and layer.channels == len(_GIVEN)
        names[layer.name] = _GIVEN if front else region_names(facts)
    return names, np.array(bins, np.int32)


def _facts(
    columns: Mapping[str, NDArray[np.float32]], inside: slice, strength: NDArray[np.float32], alive: bool
) -> Facts:
    """Means over neurons, weighted by strength; no register if they are octaves apart."""
    weight = strength[inside] + 1e-12
    mean = {name: float(np.average(values[inside], weights=weight)) for name, values in columns.items()}
    pitches = np.log2(columns["frequency"][inside])
    apart = float(pitches.max() - pitches.min())
    mean["frequency"] = 0.0 if apart > _EVERYWHERE else float(np.exp2(np.average(pitches, weights=weight)))
    return Facts(**mean, alive=alive)


def _stretch(strength: NDArray[np.float32], kinds: list[str]) -> tuple[int, int]:
    strong = strength >= _STRONG * strength.max()
    shares = {
        kind: sum(s for s, k, yes in zip(strength, kinds, strong, strict=True) if yes and k == kind) for kind in kinds
    }
    kind = max(sorted(shares), key=lambda name: shares[name])
    inside = strong & np.array([k == kind for k in kinds])
    best = int(np.where(inside, strength, -1.0).argmax())
    first = last = best
    while first > 0 and inside[first - 1]:
        first -= 1
    while last + 1 < len(strength) and inside[last + 1]:
        last += 1
    return first, last
