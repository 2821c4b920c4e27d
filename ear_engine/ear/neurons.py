"""Places in a network and their numbers, without torch: what the node, a viewer or a map need to name a neuron.

A neuron is (layer, channel, bin); time is left out. Neurons are numbered layer after layer in forward order,
channel-major within a layer (channel * bins + bin), the scalogram first.
"""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from ear_engine.errors import UserError


@dataclass(frozen=True)
class Layer:
    """One layer of neurons.

    Args:
        name: ``[a-z0-9_]+``.
        channels, bins: neurons are channels * bins; a 1-D layer has one bin.
        stride: scalogram frames per time step.
        offset: number of its first neuron.
    """

    name: str
    channels: int
    bins: int
    stride: int
    offset: int

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return self.channels * self.bins

    @property
    def span(self) -> slice:
        """Numbers of its neurons."""
        return slice(self.offset, self.offset + self.neurons)


@dataclass(frozen=True)
class Neuron:
    """A place in the network."""

    layer: str
    channel: int
    bin: int


class NeuronIndex:
    """Numbers for neurons and back.

    Args:
        layers: in forward order, offsets consecutive from 0.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = tuple(layers)
        self._by_name = {layer.name: layer for layer in self.layers}
        self._offsets = [layer.offset for layer in self.layers]

    def __len__(self) -> int:
        return sum(layer.neurons for layer in self.layers)

    def __getitem__(self, name: str) -> Layer:
        """The layer of that name.

        Raises:
            UserError: there is none; the nearest names are given.
        """
        layer = self._by_name.get(name)
        if layer is None:
            near = difflib.get_close_matches(name, self._by_name, n=2, cutoff=0.4) or list(self._by_name)[:3]
            raise UserError(
                f"layer {name!r}", "does not exist in this ear", f"try {' or '.join(near)}", "unknown_layer"
            )
        return layer

    def index(self, layer: str, channel: int, bin: int = 0) -> int:
        """Number of a neuron.

        Raises:
            UserError: the layer does not exist, or the channel or bin is outside it.
        """
        found = self[layer]
        if not (0 <= channel < found.channels and 0 <= bin < found.bins):
            raise UserError(
                f"neuron {layer} channel {channel} bin {bin}",
                f"is outside the layer's {found.channels} channels and {found.bins} bins",
                "count from 0",
                "out_of_range",
            )
        return found.offset + channel * found.bins + bin

    def neuron(self, index: int) -> Neuron:
        """Neuron of a number.

        Raises:
            UserError: outside the network.
        """
        if not 0 <= index < len(self):
            raise UserError(f"neuron {index}", f"is outside the network's {len(self)}", "count from 0", "out_of_range")
        layer = self.layers[bisect.bisect_right(self._offsets, index) - 1]
        channel, bin_ = divmod(index - layer.offset, layer.bins)
        return Neuron(layer.name, channel, bin_)
