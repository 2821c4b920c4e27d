"""What is being heard right now, as OSC packets: activations, summaries, playhead and objective of the current loop."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.osc.codec import FloatMessage, encode
from ear_engine.osc.map_stream import POSITIONS
from ear_engine.osc.reports import LayerInfo
from ear_engine.shared_memory.clock import Playhead, playhead
from ear_engine.shared_memory.loops import LoopFile, read_loop
from ear_engine.shared_memory.states import AudioState, Entry, StateReader

PLAYHEAD = "/ear/playhead"
OBJECTIVE = "/ear/objective"
MEAN = "/ear/summary/mean"
MAX = "/ear/summary/max"
LOOP = "/ear/loop"
EVENT = "/ear/event"
AIM = "/ear/aim"
ACTIVATION = "/ear/activation/"
EVENTS = (LOOP, EVENT, AIM)
CHUNK = 256  # floats in a message, which keeps it below 1400 bytes
_SEQUENCE = 1 << 23  # a counter stays exact when a receiver turns it into float32
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moment:
    """The loop being heard, and where in it."""

    playhead: Playhead
    file: LoopFile | None  # None if it could not be read

    @property
    def loop(self) -> int:
        """Number of the loop; 0 is the source."""
        return self.playhead.entry.loop

    @property
    def frame(self) -> int:
        """Scalogram frame; 0 if the loop has none."""
        return self.playhead.frame(self.file.frames) if self.file is not None and self.file.frames else 0

    def row(self, layer: str) -> NDArray[np.float32] | None:
        """Activations of ``layer``, shape (neurons,); a layer slower than the frames holds its value."""
        steps = None if self.file is None else self.file.activations.get(layer)
        return None if steps is None or not len(steps) else steps[self.playhead.frame(len(steps))]


class Streams:
    """Follows the audio process and packs what a subscription asks for.

    A loop is mapped as soon as the audio process has scheduled it and kept mapped until its turn is over.

    Args:
        session: the session folder.
        layers: layers of the ear in forward order; the set of values of a summary and the length of an activation
            follow from it, so they do not change while a loop without activations (a source) is heard.
    """

    def __init__(self, session: Path, layers: Callable[[], Sequence[LayerInfo]]) -> None:
        self._loops = session / "loops"
        self._audio = StateReader(session, "audio", AudioState)
        self._layers = layers
        self._mapped: dict[str, LoopFile | None] = {}
        self._encoders: dict[str, FloatMessage] = {}
        self._packed_for: tuple[str, float] | None = None
        self._packed: dict[str, list[bytes]] = {}
        self._schedule: list[Entry] = []
        self._seen: tuple[LayerInfo, ...] = ()

    def poll(self) -> list[Entry]:
        """Look at the audio process; return the entries of its schedule that were not there before, oldest first."""
        audio = self._audio.read()
        schedule = audio.schedule if audio is not None else []
        if schedule is self._schedule:
            return []
        fresh = [entry for entry in schedule if entry not in self._schedule]
        self._schedule = schedule
        self._mapped = {e.file: self._mapped.get(e.file) or self._map(e.file) for e in schedule}
        for file in self._mapped.values():
            if file is not None and file.activations:
                self._seen = tuple(LayerInfo(name, steps.shape[1], 1) for name, steps in file.activations.items())
        return fresh

    def moment(self, at: float) -> Moment | None:
        """What is heard at clock time ``at``; None before any loop."""
        audio = self._audio.read()
        here = None if audio is None else playhead(audio, at)
        return None if here is None else Moment(here, self._mapped.get(here.entry.file))

    def layers(self) -> tuple[LayerInfo, ...]:
        """Layers of the ear as the node reports them, or else as the loops tell."""
        return tuple(self._layers()) or self._seen

    def addresses(self) -> list[str]:
        """Streams there are: a constant set as long as the ear stays."""
        return [PLAYHEAD, MEAN, MAX, OBJECTIVE, POSITIONS, *(ACTIVATION + layer.name for layer in self.layers())]

    def packets(self, address: str, moment: Moment, sequence: int) -> list[bytes]:
        """Messages of the stream ``address`` at ``moment``; ``sequence`` is the subscription's turn.

        Formats, all without gaps in ``frame``'s meaning (a scalogram frame of the loop)::

            /ear/playhead            i loop, f phase 0..1, i frame, f beat, i sequence modulo 2^23
            /ear/objective           f
            /ear/summary/mean|max    one f a layer, in the order of /ear/layers/list
            /ear/activation/LAYER    i loop, i frame, i offset, i total, then up to 256 f
        """
        if address == PLAYHEAD:
            here = moment.playhead
            return [encode(address, moment.loop, here.phase, moment.frame, here.beat, sequence % _SEQUENCE)]
        if self._packed_for != (moment.playhead.entry.file, moment.playhead.phase):
            self._packed_for = moment.playhead.entry.file, moment.playhead.phase
            self._packed = {}  # packets are shared by all subscriptions served at the same moment
        packed = self._packed.get(address)
        if packed is None:
            packed = self._packed[address] = self._pack(address, moment)
        return packed

    def _pack(self, address: str, moment: Moment) -> list[bytes]:
        if address == OBJECTIVE:
            objective = moment.file.objective if moment.file is not None else 0.0
            return [self._encoder(address, 0).encode((), _finite(np.array([objective], np.float32)))]
        if address in (MEAN, MAX):
            values = np.array([self._summary(address, moment, layer) for layer in self.layers()], np.float32)
            return self._chunks(address, (), values)
        for layer in self.layers():
            if address == ACTIVATION + layer.name:
                row = moment.row(layer.name)
                values = np.zeros(layer.neurons, np.float32) if row is None else _finite(row)
                return self._chunks(address, (moment.loop, moment.frame), values)
        return []

    def _summary(self, address: str, moment: Moment, layer: LayerInfo) -> float:
        row = moment.row(layer.name)
        if row is None or not row.size:
            return 0.0
        row = _finite(row)
        return float(row.mean() if address == MEAN else row.max())

    def _chunks(self, address: str, leading: tuple[int, ...], values: NDArray[np.float32]) -> list[bytes]:
        if not leading:
            return [self._encoder(address, 0).encode((), values[:CHUNK])]
        encoder = self._encoder(address, len(leading) + 2)
        return [
            encoder.encode((*leading, offset, values.size), values[offset : offset + CHUNK])
            for offset in range(0, values.size, CHUNK)
        ]

    def _encoder(self, address: str, integers: int) -> FloatMessage:
        found = self._encoders.get(address)
        if found is None:
            found = self._encoders[address] = FloatMessage(address, integers)
        return found

    def _map(self, name: str) -> LoopFile | None:
        try:
            return read_loop(self._loops / name)
        except (OSError, ValueError) as error:
            _log.warning("loop %s cannot be read: %s", name, error)
            return None

    def close(self) -> None:
        """Unmap the loops and the slot."""
        self._mapped = {}
        self._audio.close()


def _finite(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values if np.isfinite(values.sum()) else np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
