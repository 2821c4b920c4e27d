"""What is known of an ear when a target is resolved for it; read from its folder without torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.ear.region_search import RegionSearch
from ear_engine.ear.shape import read_frequencies
from ear_engine.ear.statistics import FRONT_END, Statistics
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.errors import UserError
from ear_engine.layout.map_file import MapFile
from ear_engine.targets.directions import fitting, load_directions
from ear_engine.targets.positions import chart, flat, read_layout

Read = TypeVar("Read")


class InLayer(Protocol):
    """A named direction, as far as a target needs to know it."""

    @property
    def layer(self) -> str:
        """Whose activations it is a direction of."""

    @property
    def vector(self) -> NDArray[np.float32]:
        """(channels,) or (neurons,) of the layer, channel-major."""


@dataclass(frozen=True, eq=False)
class EarFacts:
    """What targets are resolved against.

    Args:
        index: all neurons.
        frequencies: layer → center of each bin, Hz, of the layers that have a frequency axis.
        statistics: of the ear, if it has any.
        positions: (neurons, 2), 0..1, places on the map.
        directions: named directions.
        stored: the map as its file has it, in space too and with what is joined; None if there is only the chart.
    """

    index: NeuronIndex
    frequencies: Mapping[str, list[float]]
    statistics: Statistics | None
    positions: NDArray[np.float32]
    directions: Mapping[str, InLayer] = field(default_factory=dict)
    stored: MapFile | None = None

    @cached_property
    def search(self) -> RegionSearch | None:
        """Finds regions by name; made on first use, which takes a while; None without statistics."""
        return None if self.statistics is None else RegionSearch(self.statistics)

    @cached_property
    def deep(self) -> tuple[Layer, ...]:
        """The layers of the network, without what it is given."""
        return tuple(layer for layer in self.index.layers if layer.name != FRONT_END) or self.index.layers

    @cached_property
    def drawn(self) -> NDArray[np.bool_]:
        """(neurons,), whether a disc on the map takes them: all but the scalogram's phase, which no dream follows."""
        taken = np.ones(len(self.index), bool)
        for layer in self.index.layers:
            if layer.name == FRONT_END:
                taken[layer.offset + layer.bins : layer.offset + layer.neurons] = False
        return taken

    @cached_property
    def hertz(self) -> NDArray[np.float64]:
        """(neurons,), where each answers most, as measured, or else the center of its bin; NaN where there are none."""
        if self.statistics is not None:
            return self.statistics.frequency.astype(np.float64)
        found = np.full(len(self.index), np.nan)
        for layer in self.index.layers:
            centers = self.frequencies.get(layer.name, ())
            if len(centers) == layer.bins:
                found[layer.span] = np.tile(centers, layer.channels)
        return found

    def warm(self) -> EarFacts:
        """Prepare everything that is made on first use, so that no target has to wait for it."""
        _ = self.search, self.deep, self.drawn
        return self


def make_facts(
    index: NeuronIndex,
    frequencies: Mapping[str, list[float]],
    statistics: Statistics | None = None,
    stored: MapFile | None = None,
    directions: Mapping[str, InLayer] | None = None,
) -> EarFacts:
    """Facts; without a map neurons lie as the chart has them.

    Statistics of an ear with other layers are left out.
    """
    if statistics is not None and statistics.index.layers != index.layers and not _alike(statistics.index, index):
        statistics = None
    positions = chart(index, frequencies, statistics) if stored is None else flat(stored)
    return EarFacts(index, frequencies, statistics, positions, directions or {}, stored)


def load_facts(
    folder: Path, index: NeuronIndex | None = None, faults: Callable[[UserError], object] = lambda _fault: None
) -> EarFacts | None:
    """Read what the folder of an ear says of it; None if neither statistics nor ``index`` say what layers it has.

    Args:
        folder: of the ear.
        index: its neurons, if they are known already.
        faults: told of each file that cannot be used; the others are.
    """

    def read(file: Callable[[], Read], otherwise: Read) -> Read:
        try:
            return file()
        except UserError as fault:
            faults(fault)
            return otherwise

    statistics = read(lambda: load_statistics(folder), None)
    if statistics is not None and (index is None or _alike(statistics.index, index)):
        index = statistics.index  # which knows strides, too
    if index is None:
        return None
    nothing: Mapping[str, list[float]] = {}
    frequencies = read(lambda: read_frequencies(folder), nothing)
    stored = read(lambda: read_layout(folder, len(index)), None)
    none: Mapping[str, InLayer] = {}
    directions = read(lambda: fitting(load_directions(folder), index), none)
    return make_facts(index, frequencies, statistics, stored, directions)


def _alike(one: NeuronIndex, other: NeuronIndex) -> bool:
    """Whether two indices number the same neurons."""
    return [(k.name, k.channels, k.bins) for k in one.layers] == [(k.name, k.channels, k.bins) for k in other.layers]
