"""Parts of one layer: channels, frequencies and times to weights on its neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import Layer
from ear_engine.ear.statistics import FRONT_END
from ear_engine.shared_memory.states import Target


@dataclass(frozen=True)
class Window:
    """A stretch of the loop, as shares of it; a length of 1 is all of it."""

    start: float = 0.0
    length: float = 1.0


def window(start: float, length: float, beats: float) -> Window:
    """``length`` beats from beat ``start`` on, around the end of a loop of ``beats``; a length of 0 is the loop."""
    if length <= 0 or length >= beats:
        return Window()
    return Window((start / beats) % 1.0, length / beats)


def channel_span(center: float, width: float, count: int) -> slice:
    """At least one of ``count`` places, ``width`` of them around ``center`` (both 0..1), moved inside the ends."""
    size = max(1, round(width * count))
    start = min(max(0, round(center * count - size / 2)), count - size)
    return slice(start, start + size)


def bins_inside(centers: Sequence[float], low: float, high: float) -> slice | None:
    """Those of ``centers`` (rising, Hz) that lie in ``low..high``; None if there are none."""
    first, after = np.searchsorted(centers, low, "left"), np.searchsorted(centers, high, "right")
    return slice(int(first), int(after)) if first < after else None


def nearest_bin(centers: Sequence[float], low: float, high: float) -> slice:
    """The bin nearest the middle of ``low..high``, in octaves."""
    place = int(np.abs(np.log2(centers) - np.log2(low * high) / 2).argmin())
    return slice(place, place + 1)


def bin_span(centers: Sequence[float], bins: int, low: float, high: float) -> slice:
    """Bins in ``low..high``, the nearest if there are none, all of a layer that has no frequency axis."""
    if len(centers) != bins:
        return slice(0, bins)
    low, high = min(low, high), max(low, high)
    return bins_inside(centers, low, high) or nearest_bin(centers, low, high)


def followed(layer: Layer) -> int:
    """How many of a layer's channels dreams follow, the first ones: all but the scalogram's phase."""
    return 1 if layer.name == FRONT_END else layer.channels


def block(layer: Layer, channels: slice, bins: slice) -> NDArray[np.float32]:
    """Weights of a rectangle of a layer, all alike, their sum 1; shape (neurons,)."""
    pattern = np.zeros((layer.channels, layer.bins), np.float32)
    part = pattern[channels, bins]
    part[...] = 1.0 / part.size
    return pattern.reshape(-1)


def select(target: Target, layer: Layer, centers: Sequence[float]) -> NDArray[np.float32]:
    """Weights of the channels and frequencies that ``target`` names in a layer; shape (neurons,).

    The span of frequencies takes the bins whose centers lie in it, or the nearest one if none does; a layer without a
    frequency axis (no ``centers``) ignores it. The scalogram's phase is never taken, as no dream follows it.
    """
    bins = bin_span(centers, layer.bins, target.freq_low, target.freq_high)
    return block(layer, channel_span(target.channel, target.channel_width, followed(layer)), bins)
