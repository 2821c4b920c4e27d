"""How bright each neuron of a loop is at any moment: what it does just then, against what it does in music.

That is its percentile rank, the share of time in music that it fires less, times where its activation lies between its
least and its most in the loop: deep layers fire alike all through a loop, and what little they change is to be seen.
Without statistics it is the latter alone. Between the steps of a layer, brightness goes straight from one to the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.ranks import RankTable
from ear_engine.ear.statistics import Statistics
from ear_engine.layout.heard_loop import HeardLoop

_DIMMEST = 0.07  # of a neuron that is off: the map is always to be seen
_CONTRAST = 2.2  # power of brightness: most light is for what fires as it seldom does
_STEADY = 0.35  # brightness of what is at its least in the loop, of the same at its most


class Lights:
    """Brightness of all neurons of a loop.

    Args:
        loop: what is heard.
        statistics: of the ear's neurons.
    """

    def __init__(self, loop: HeardLoop, statistics: Statistics | None) -> None:
        self._index = loop.index
        self._levels = {}
        self._starts = {}
        table = RankTable(statistics.quantiles, statistics.floor) if statistics is not None else None
        for layer in loop.index.layers:
            heard = loop.activations[layer.name]
            inside = _between_extremes(heard)
            if table is None:
                self._levels[layer.name] = inside
            else:
                self._levels[layer.name] = table(heard, layer.span) * (_STEADY + (1.0 - _STEADY) * inside)
            self._starts[layer.name] = loop.starts(layer.name)

    def at(self, time: float) -> NDArray[np.float32]:
        """Brightness, (neurons,), 0..1.

        Args:
            time: share of the loop; after 1 it comes again.
        """
        time %= 1.0
        light = np.empty(len(self._index), np.float32)
        for layer in self._index.layers:
            levels, starts = self._levels[layer.name], self._starts[layer.name]
            step = min(int(np.searchsorted(starts, time, side="right")) - 1, len(levels) - 1)
            share = np.float32((time - starts[step]) / max(starts[step + 1] - starts[step], 1e-9))
            light[layer.span] = levels[step] + share * (levels[(step + 1) % len(levels)] - levels[step])
        return np.asarray(_DIMMEST + (1.0 - _DIMMEST) * light**_CONTRAST, np.float32)


def _between_extremes(heard: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = heard.min(axis=0), heard.max(axis=0)
    return np.asarray((heard - low) / np.maximum(high - low, 1e-12), np.float32)
