"""What is drawn: the map, what fires on it, and where the sound is; wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import NeuronIndex


@dataclass(frozen=True, eq=False)
class MapPicture:
    """Where neurons lie and which groups are joined.

    A group is a layer's place (all its channels there); groups are numbered layer after layer, place after place.

    Args:
        id: of the map; another one whenever it is another map.
        index: all neurons.
        positions: (neurons, 2 or 3) float32, 0..1 (moving maps a little beyond), y upward.
        links: (links, 2) int32, numbers of the groups that are joined: source, target.
    """

    id: str
    index: NeuronIndex
    positions: NDArray[np.float32]
    links: NDArray[np.int32]

    @property
    def groups(self) -> NDArray[np.int32]:
        """Group of each neuron, (neurons,)."""
        found, first = np.empty(len(self.index), np.int32), 0
        for layer in self.index.layers:
            found[layer.span] = first + np.arange(layer.neurons) % layer.bins
            first += layer.bins
        return found


@dataclass(frozen=True, eq=False)
class LoopLights:
    """What the ear does in one loop.

    Args:
        loop: its number; 0 is a source.
        ranks: (frames, neurons) uint8, percentile rank in music of each activation, 0..255; slow layers hold theirs.
        gradient: (frames, bins) float32, what the last steps changed at the ear's input, if it is known.
    """

    loop: int
    ranks: NDArray[np.uint8]
    gradient: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Heard:
    """Where the sound is.

    Args:
        loop: number of the loop that is heard.
        phase: 0..1 in it.
        beat: 0..beats.
        at: seconds on this machine's monotonic clock at which that was so.
        seconds: length of the loop; 0 if it is not known.
    """

    loop: int
    phase: float
    beat: float
    at: float
    seconds: float = 0.0
