"""Where neurons lie on the map, in a square of side 1.

An ear that has been laid out has a map (:mod:`ear_engine.layout.map_places`): neurons lie near those
that they are joined with, roughly from low to high and from shallow to deep. Any other has a chart: left to right is
low to high, the frequency that a neuron answers to most, on a logarithmic axis; bottom to top is shallow to deep, each
layer a stripe as high as the others. So an XY pad plays pitch and depth. Neurons of one spot are spread over the height
of their stripe and by half a bin in frequency, always the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import NeuronIndex
from ear_engine.ear.statistics import Statistics
from ear_engine.layout.map_file import MapFile
from ear_engine.layout.map_places import find_map

_GOLDEN = 0.6180339887498949  # multiples of it, modulo 1, never crowd
_SILVER = 0.4142135623730950
_STRIPE = 0.8  # share of a stripe's height that is used
_NEARBY = 1 / 48  # octaves by which neurons of one frequency are spread to either side


def read_layout(folder: Path, count: int) -> MapFile | None:
    """The map of the ear in a folder, which has ``count`` neurons; None if it has not been laid out.

    Raises:
        UserError: the file is damaged, or of another ear.
    """
    return find_map(folder, count)


def flat(stored: MapFile) -> NDArray[np.float32]:
    """Positions (neurons, 2), 0..1; of a map in space, what is seen from the front."""
    return np.ascontiguousarray(stored.positions[:, :2])


def read_positions(folder: Path, count: int) -> NDArray[np.float32] | None:
    """Positions (count, 2) of the ear in a folder, 0..1; None if it has not been laid out.

    Raises:
        UserError: the file is damaged, or of another ear.
    """
    stored = read_layout(folder, count)
    return None if stored is None else flat(stored)


def chart(
    index: NeuronIndex, frequencies: Mapping[str, Sequence[float]], statistics: Statistics | None
) -> NDArray[np.float32]:
    """The chart of an ear, (neurons, 2), 0..1.

    Args:
        index: its neurons.
        frequencies: layer → center of each bin, Hz, of the layers that have a frequency axis.
        statistics: tell at which frequency each neuron answers most; without them it is the center of its bin, and
            layers without bins are spread by their channels.
    """
    octaves = np.full(len(index), np.nan)
    for layer in index.layers:
        centers = frequencies.get(layer.name, ())
        if statistics is not None:
            hertz = statistics.frequency[layer.span].astype(np.float64)
        elif len(centers) == layer.bins:
            hertz = np.tile(np.asarray(centers, np.float64), layer.channels)
        else:
            continue
        octaves[layer.span] = np.log2(np.maximum(hertz, 1.0))
    known = octaves[np.isfinite(octaves)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    number = np.arange(len(index))
    octaves += _NEARBY * (2.0 * ((number * _SILVER) % 1.0) - 1.0)
    x = (octaves - low) / max(high - low, 1e-9)
    y = np.empty(len(index))
    for depth, layer in enumerate(index.layers):
        inside = np.arange(layer.neurons)
        channel = inside // layer.bins
        spread = (inside * _GOLDEN) % 1.0
        y[layer.span] = (depth + 0.5 + _STRIPE * (spread - 0.5)) / len(index.layers)
        x[layer.span] = np.where(np.isfinite(x[layer.span]), x[layer.span], (channel + 0.5) / layer.channels)
    return np.clip(np.stack([x, y], axis=1), 0.0, 1.0).astype(np.float32)
