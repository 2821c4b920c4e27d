"""One frame of a loop, all neurons in order: what streams are read from, computed once for all who want it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ear_engine.osc.formats import UNIT
from ear_engine.osc.ranks import LoopRanks
from ear_engine.osc.reports import LayerInfo
from ear_engine.shared_memory.loops import LoopFile

Floats = NDArray[np.float32]
_BITS: NDArray[np.float64] = np.abs(np.log2(1.0 - np.arange(256) / 256.0))  # of a rank in a byte


class Network:
    """The layers of an ear, and which neurons are whose.

    Args:
        layers: in forward order.
    """

    def __init__(self, layers: Sequence[LayerInfo]) -> None:
        self.layers = tuple(layers)
        counts = [layer.neurons for layer in self.layers]
        ends = np.cumsum([0, *counts])
        self.total = int(ends[-1])
        self.spans = {
            layer.name: slice(int(first), int(first) + layer.neurons)
            for layer, first in zip(self.layers, ends, strict=False)
        }
        self.firsts = ends[:-1].astype(np.intp)
        self.counts = np.array(counts, np.float64)


@dataclass(frozen=True, eq=False)
class Summary:
    """One number a layer, each (layers,), float32.

    Args:
        mean, max: of the activations.
        energy: root of their mean square.
        surprise: bits, 0..8, the mean of -log2(1 - rank) over the layer's neurons: how rarely music makes them fire as
            strongly. A loop does not hold what the ear predicts, so this is not its predictions' own surprise.
    """

    mean: Floats
    max: Floats
    energy: Floats
    surprise: Floats


class Frame:
    """A frame of a loop.

    Args:
        network: which neurons there are.
        name: of the loop's file.
        file: the loop; None if nothing is heard, or it could not be read: all is 0 then.
        frame: its number.
        ranks: ranks of loops.
    """

    def __init__(self, network: Network, name: str, file: LoopFile | None, frame: int, ranks: LoopRanks) -> None:
        self.network = network
        self.frame = frame
        self._name = name
        self._file = file if file is not None and file.frames and file.activations else None
        self._ranks = ranks
        self._row: NDArray[np.uint8] | None = None

    @cached_property
    def values(self) -> Floats:
        """Activations, (neurons,), finite; a layer slower than the frames holds its value."""
        found = np.zeros(self.network.total, np.float32)
        if self._file is None:
            return found
        for name, span in self.network.spans.items():
            steps = self._file.activations.get(name)
            if steps is not None and len(steps) and steps.shape[1] == span.stop - span.start:
                found[span] = steps[self.frame * len(steps) // self._file.frames]
        if not np.isfinite(found.sum()):
            np.nan_to_num(found, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        return found

    @property
    def ranks(self) -> NDArray[np.uint8]:
        """Percentile ranks, (neurons,), 0..255; all 0 while the first ones are being made (:attr:`ranked`)."""
        row = self._find()
        return np.zeros(self.network.total, np.uint8) if row is None else row

    @property
    def ranked(self) -> bool:
        """Whether :attr:`ranks` are known; they are also where there is nothing to be ranked."""
        return self._find() is not None

    def _find(self) -> NDArray[np.uint8] | None:
        if self._row is None:
            self._row = self._rank()
        return self._row

    def _rank(self) -> NDArray[np.uint8] | None:
        nothing = np.zeros(self.network.total, np.uint8)
        if self._file is None:
            return nothing
        theirs = [(name, steps.shape[1]) for name, steps in self._file.activations.items()]
        if theirs != [(layer.name, layer.neurons) for layer in self.network.layers]:
            return nothing  # of an ear that has been left
        return self._ranks.row(self._name, self._file, self.frame, self.values)

    @cached_property
    def summary(self) -> Summary:
        """Of each layer."""
        network, values = self.network, self.values.astype(np.float64)
        if not network.total:
            nothing = np.zeros(len(network.layers), np.float32)
            return Summary(nothing, nothing, nothing, nothing)

        def mean(of: NDArray[np.float64]) -> Floats:
            return (np.add.reduceat(of, network.firsts) / network.counts).astype(np.float32)

        return Summary(
            mean(values),
            np.maximum.reduceat(values, network.firsts).astype(np.float32),
            np.sqrt(mean(np.square(values))),
            mean(_BITS[self.ranks]),
        )

    def top(self, span: slice, count: int) -> list[tuple[int, float]]:
        """The neurons of ``span`` with the highest ranks, the highest first: number in the network, and rank.

        Of equal ranks that comes first which is further above its mean in music, in standard deviations; without
        statistics, that with the larger activation. Silent neurons are left out.
        """
        ranks = self.ranks[span]
        if not ranks.size:
            return []
        least = max(1, int(np.partition(ranks, -min(count, ranks.size))[-min(count, ranks.size)]))
        found = np.flatnonzero(ranks >= least)
        numbers = found + span.start
        above = self.values[numbers]
        statistics = None if self._file is None else self._ranks.statistics(self._name, self._file)
        if statistics is not None:
            above = (above - statistics.mean[numbers]) / np.sqrt(np.maximum(statistics.variance[numbers], 1e-12))
        order = np.lexsort((-above, -ranks[found].astype(np.int16)))[:count]
        return [(int(numbers[place]), float(UNIT[ranks[found[place]]])) for place in order]
