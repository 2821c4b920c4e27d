"""The target: a region of one layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ear_engine.ear.activations import NeuronIndex
from ear_engine.ear.network import EarConfig
from ear_engine.shared_memory.states import Target
from ear_engine.targets.terms import Term


@dataclass(frozen=True)
class Selection:
    """A region resolved for one ear: slices of a layer's (batch, channels, bins, steps) activations."""

    layer: str
    channels: slice
    bins: slice
    start: float  # share of the loop
    length: float  # share of the loop, 1 = all of it
    weight: float


def bin_frequencies(config: EarConfig) -> dict[str, list[float]]:
    """Center frequency in Hz of every bin position of the layers that have a frequency axis.

    A position's center is the middle of what it sees, followed through paddings, kernels and poolings.
    """
    scalogram = config.scalogram
    found = {"scalogram": [float(f) for f in scalogram.frequencies()]}
    first, jump, count = 0.0, 1.0, scalogram.bins

    def hertz() -> list[float]:
        places = (first + jump * i for i in range(count))
        return [scalogram.f_min * 2.0 ** (place / scalogram.bins_per_octave) for place in places]

    for index, block in enumerate(config.encoder):
        for name, (_, kernel), pool in (("conv1", block.conv1, block.pool), ("conv2", block.conv2, 1)):
            pad = block.pad if kernel == 3 else 0
            first += jump * ((kernel - 1) / 2 - pad)
            count = (count + 2 * pad - kernel + 1) // pool
            first += jump * (pool - 1) / 2
            jump *= pool
            found[f"encoder_{index}_{name}"] = hertz()
    return found


def _span(center: float, width: float, count: int) -> slice:
    """At least one of ``count`` places, ``width`` of them around ``center`` (both 0..1), moved inside the ends."""
    size = max(1, round(width * count))
    start = min(max(0, round(center * count - size / 2)), count - size)
    return slice(start, start + size)


def select(region: Target, index: NeuronIndex, frequencies: Mapping[str, list[float]], beats: float) -> Selection:
    """Resolve ``region`` for an ear and a loop of ``beats`` beats.

    The frequency span takes the bins whose centers lie in it, or the nearest one if none does; a layer without a
    frequency axis ignores it.

    Raises:
        UserError: the layer does not exist.
    """
    layer = index[region.layer]
    centers = frequencies.get(region.layer, [])
    bins = slice(0, layer.bins)
    if len(centers) == layer.bins:
        low, high = sorted((region.freq_low, region.freq_high))
        inside = [i for i, hertz in enumerate(centers) if low <= hertz <= high]
        middle = (low * high) ** 0.5
        inside = inside or [min(range(layer.bins), key=lambda i: abs(centers[i] / middle - 1.0))]
        bins = slice(inside[0], inside[-1] + 1)
    length = 1.0 if region.length <= 0 else min(1.0, region.length / beats)
    return Selection(
        region.layer,
        _span(region.channel, region.channel_width, layer.channels),
        bins,
        (region.start / beats) % 1.0,
        length,
        region.weight,
    )


def terms_of(
    targets: Iterable[Target], index: NeuronIndex, frequencies: Mapping[str, list[float]], beats: float
) -> tuple[Term, ...]:
    """Targets by layer as terms.

    Raises:
        UserError: a layer does not exist.
    """
    terms = []
    for target in targets:
        chosen = select(target, index, frequencies, beats)
        layer = index[target.layer]
        pattern = np.zeros((layer.channels, layer.bins), np.float32)
        pattern[chosen.channels, chosen.bins] = 1.0
        pattern /= pattern.sum()
        terms.append(Term("linear", target.weight, target.layer, pattern.reshape(-1), chosen.start, chosen.length))
    return tuple(terms)
