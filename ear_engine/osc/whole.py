"""The whole network in one frame, for those who want all of it at once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.osc.frames import Frame, Network
from ear_engine.osc.ranks import LoopRanks
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.streams import Streams
from ear_engine.shared_memory.loops import LoopFile

_KEPT = 8  # frames


@dataclass(frozen=True, eq=False)
class Whole:
    """What all neurons do in one frame.

    Args:
        loop: number of the loop; 0 is the source.
        frame: of the loop.
        frames: of the loop; 0 if nobody has listened to it: all ranks are 0 then.
        seconds: until the next frame begins.
        layers: of the ear.
        file: the loop.
        ranks: (neurons,), percentile ranks 0..255, layer after layer.
    """

    loop: int
    frame: int
    frames: int
    seconds: float
    layers: tuple[LayerInfo, ...]
    file: LoopFile | None
    ranks: NDArray[np.uint8]


class WholeNetwork:
    """Looks at what is heard.

    Args:
        streams: know that.
        ranks: of loops.
    """

    def __init__(self, streams: Streams, ranks: LoopRanks) -> None:
        self._streams = streams
        self._ranks = ranks
        self._network = Network(())
        self._kept: OrderedDict[tuple[str, int], NDArray[np.uint8]] = OrderedDict()

    def at(self, at: float, lead: float = 0.0) -> Whole | None:
        """What is heard at clock time ``at``, or ``lead`` beats later; None before any sound, or any ear."""
        moment, layers = self._streams.moment(at, lead), self._streams.layers()
        if moment is None or not layers:
            return None
        if layers != self._network.layers:
            self._network = Network(layers)
            self._kept.clear()
        here, file = moment.playhead, moment.file
        frames = file.frames if file is not None and file.activations else 0
        seconds = 1.0
        if file is not None and frames:
            seconds = max(0.0, (moment.frame + 1) / frames - here.phase) * file.seconds
        ranks = self._row(here.entry.file, file, moment.frame)
        return Whole(moment.loop, moment.frame if frames else 0, frames, seconds, layers, file, ranks)

    def _row(self, name: str, file: LoopFile | None, frame: int) -> NDArray[np.uint8]:
        row = self._kept.get((name, frame))
        if row is None:
            row = Frame(self._network, name, file, frame, self._ranks).ranks
            if row.any():  # else they may still be on their way
                self._kept[name, frame] = row
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return row
