"""The target: a region of one layer, and how strongly it fires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ear_engine.ear.activations import NeuronIndex
from ear_engine.ear.network import EarConfig
from ear_engine.shared_memory.states import Region

_DEAD = 0.25  # share with which activations below zero count


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


def select(region: Region, index: NeuronIndex, frequencies: Mapping[str, list[float]], beats: float) -> Selection:
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


class RegionObjective:
    """Mean of the selected activations, in units of the layer's own spread.

    Read before the rectifier and through a leaky one: a unit that fires counts in full, a dead one a quarter, so that
    it has a gradient too. (The plain mean before the rectifier rises as well if fewer units fire.)

    Args:
        selection: what to raise (or lower, if its weight is negative).
        spread: standard deviation of the layer's activations before the rectifier.
    """

    def __init__(self, selection: Selection, spread: float) -> None:
        self.selection = selection
        self.spread = max(spread, 1e-6)

    def __call__(self, trace: Mapping[str, Tensor], shifts: Tensor) -> Tensor:
        """The objective, a scalar to be raised.

        Args:
            trace: raw activations, layer → (batch, channels, [bins,] steps).
            shifts: (batch,), how far each copy was shifted, as a share of the loop.
        """
        values = trace[self.selection.layer]
        if values.dim() == 3:
            values = values.unsqueeze(2)
        chosen = values[:, self.selection.channels, self.selection.bins]
        chosen = nn.functional.leaky_relu(chosen, _DEAD).mean(dim=(1, 2))
        if self.selection.length < 1.0:
            steps = chosen.shape[-1]
            place = (torch.arange(steps, device=chosen.device) + 0.5) / steps
            inside = (place - self.selection.start - shifts[:, None]) % 1.0 < self.selection.length
            window = inside.to(chosen.dtype)
            mean = (chosen * window).sum(-1) / window.sum(-1).clamp(min=1.0)
        else:
            mean = chosen.mean(-1)
        return self.selection.weight * mean.mean() / self.spread
