"""What is being heard right now, or a little later, as OSC packets: one row a stream."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ear_engine.osc.formats import LIST, PACKET, Fields, Packer, Reading, Vector
from ear_engine.osc.frames import Frame, Network
from ear_engine.osc.live_streams import LiveStreams
from ear_engine.osc.moments import TOP_COUNT, Moment, place_of, top_of
from ear_engine.osc.ranks import LoopRanks
from ear_engine.osc.regions import WORDS, Defined, Regions
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.stream_names import (
    ACTIVATION,
    ALL,
    HEARTBEAT,
    LISTEN,
    LIVE_ACTIVATION,
    LIVE_RANK,
    LIVE_SUMMARIES,
    OBJECTIVE,
    PLAYHEAD,
    POSITIONS,
    RANK,
    REGION,
    SUMMARIES,
    SURPRISE,
    TOP,
)
from ear_engine.shared_memory.clock import playhead
from ear_engine.shared_memory.loops import LoopFile, read_loop
from ear_engine.shared_memory.states import AudioState, Entry, StateReader

RANKED = (RANK, TOP, SURPRISE)
"""Beginnings of the addresses of streams that tell nothing but ranks."""
_KEPT = 8  # frames whose packets are kept
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Kept:
    """A frame and what has been packed of it."""

    frame: Frame
    packets: dict[tuple[str, str, int], list[bytes]]


class Streams:
    """Follows the audio process and packs what a subscription asks for.

    A loop is mapped as soon as the audio process has scheduled it and kept mapped until its turn is over.

    Args:
        session: the session folder.
        layers: layers of the ear in forward order; the set of values of a summary and the length of an activation
            follow from it, so they do not change while a loop without activations (a source) is heard.
        ranks: of loops; among the frames of each loop if None.
        regions: reads the regions of clients.
        ahead: seconds by which all is told earlier than it is heard (``playback/offset``).
        listening: whether the ear shall hear the live input (``listen/run``).
    """

    def __init__(
        self,
        session: Path,
        layers: Callable[[], Sequence[LayerInfo]],
        ranks: LoopRanks | None = None,
        regions: Regions | None = None,
        ahead: Callable[[], float] = float,
        listening: Callable[[], bool] = bool,
    ) -> None:
        self._ahead = ahead
        self._loops = session / "loops"
        self._audio = StateReader(session, "audio", AudioState)
        self._layers = layers
        self._ranks = ranks or LoopRanks(lambda: None)
        self._regions = regions or Regions(lambda: None)
        self._mapped: dict[str, LoopFile | None] = {}
        self._schedule: list[Entry] = []
        self._seen: tuple[LayerInfo, ...] = ()
        self._network = Network(())
        self._packer = Packer()
        self._kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()
        self._addresses: tuple[str, ...] = ()
        self.live = LiveStreams(session, lambda: self._network, listening)
        """What the ear makes of the live input."""

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

    def warm(self) -> None:
        """A dreamed loop is heard: let ranks be known when they are first asked for."""
        if any(entry.loop for entry in self._schedule):
            self._ranks.warm()

    def prepare(self) -> None:
        """Begin what ranks of what is scheduled need; for when someone wants them."""
        for entry in self._schedule:
            file = self._mapped.get(entry.file)
            if file is not None and file.frames and file.activations:
                begins = (entry.start - entry.origin) % entry.samples / entry.samples
                self._ranks.prepare(entry.file, file, min(int(begins * file.frames), file.frames - 1))

    def moment(self, at: float, lead: float = 0.0) -> Moment | None:
        """What is told at clock time ``at``: what is heard then, or ``lead`` beats later; None before any loop.

        What comes next is known as far as the audio process has planned; beyond that the present loop goes on.
        """
        audio = self._audio.read()
        ahead = self._ahead()
        here = None if audio is None else playhead(audio, at, offset=ahead)
        if audio is not None and here is not None and lead > 0.0:
            seconds = lead * here.entry.samples / here.entry.beats / audio.sample_rate
            here = playhead(audio, at, offset=ahead + seconds)
        if here is None:
            return None
        return Moment(here, None if here.entry.silent else self._file(here.entry.file))

    @property
    def audio(self) -> AudioState | None:
        """Latest state of the audio process."""
        return self._audio.read()

    def age(self, at: float) -> float | None:
        """Seconds since the audio process last said where it is; None if it has not yet."""
        audio = self._audio.read()
        return None if audio is None else max(0.0, at - audio.time)

    def layers(self) -> tuple[LayerInfo, ...]:
        """Layers of the ear as the node reports them, or else as the loops tell."""
        return tuple(self._layers()) or self._seen

    def addresses(self) -> tuple[str, ...]:
        """Streams there are: a constant set as long as the ear stays."""
        layers = self.layers()
        if layers != self._network.layers or not self._addresses:
            self._network = Network(layers)
            self._packer.forget()
            self._kept.clear()
            self.live.forget()
            names = [layer.name for layer in layers]
            each = [family + name for family in (ACTIVATION, RANK, TOP) for name in ([*names, ALL] if names else ())]
            regions = [REGION + word for word in WORDS]
            loops = (PLAYHEAD, HEARTBEAT, *SUMMARIES, OBJECTIVE, POSITIONS, *each, *regions)
            self._addresses = (*loops, *self.live.addresses(layers))
        return self._addresses

    def size(self, address: str) -> int:
        """How many values a stream has at most; 0 for what is no stream."""
        family, _, name = address.rpartition("/")
        self.addresses()
        if address == POSITIONS:
            return 2 * self._network.total
        if family + "/" in (ACTIVATION, RANK, LIVE_ACTIVATION, LIVE_RANK):
            span = self._network.spans.get(name)
            return self._network.total if name == ALL else 0 if span is None else span.stop - span.start
        return len(self.layers()) if address in (*SUMMARIES, *LIVE_SUMMARIES) else 2 * TOP_COUNT + 2

    def packets(
        self,
        address: str,
        moment: Moment | None,
        sequence: int,
        format: str = LIST,
        size: int = PACKET,
        regions: Defined | None = None,
    ) -> list[bytes]:
        """Messages of the stream ``address`` (:mod:`ear_engine.osc.stream_table` says what is in them).

        Args:
            address: a row of :meth:`addresses`; the map's positions and the heartbeat come from elsewhere.
            moment: when; None is before any sound, when all is 0.
            sequence: the subscription's turn.
            format, size: as :meth:`ear_engine.osc.formats.Packer.pack` has them.
            regions: of the client.
        """
        if address not in self.addresses() or address in (POSITIONS, HEARTBEAT):
            return []
        if address.startswith(LISTEN):
            return self.live.packets(address, format, size)
        if address == PLAYHEAD:
            return self._packer.pack(address, place_of(moment, sequence), format, size)
        kept = self._keep(moment)
        loop = moment.loop if moment is not None else 0
        if address.startswith(REGION):
            reading = self._regions.read(
                regions if regions is not None else {}, address[len(REGION) :], loop, kept.frame
            )
            return self._packer.pack(address, reading, format, size)
        packed = kept.packets.get((address, format, size))
        if packed is None:
            packed = self._packer.pack(address, self._read(address, moment, loop, kept.frame), format, size)
            kept.packets[address, format, size] = packed
        return packed

    def lacks(self, address: str, moment: Moment | None) -> bool:
        """Whether what a stream tells cannot be told yet: the first ranks of an ear are still being made."""
        return address.startswith(RANKED) and not self._keep(moment).frame.ranked

    def heartbeat(self, values: Fields, format: str, size: int) -> list[bytes]:
        """The packets of a heartbeat."""
        return self._packer.pack(HEARTBEAT, values, format, size)

    def _keep(self, moment: Moment | None) -> _Kept:
        """The frame of ``moment``, and what has been packed of it: subscriptions share it."""
        self.addresses()
        name, number = (moment.playhead.entry.file, moment.frame) if moment is not None else ("", 0)
        kept = self._kept.get((name, number))
        if kept is None:
            file = moment.file if moment is not None else None
            kept = _Kept(Frame(self._network, name, file, number, self._ranks), {})
            self._kept[name, number] = kept
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept

    def _read(self, address: str, moment: Moment | None, loop: int, frame: Frame) -> Reading:
        if address == OBJECTIVE:
            objective = moment.file.objective if moment is not None and moment.file is not None else 0.0
            return Fields((("", float(np.nan_to_num(objective, posinf=0.0, neginf=0.0))),))
        summary = SUMMARIES.get(address)
        if summary is not None:
            values = getattr(frame.summary, summary)
            return Vector(values, loop, frame.frame, lambda: [layer.name for layer in self._network.layers], bare=True)
        family, _, name = address.rpartition("/")
        span = slice(0, self._network.total) if name == ALL else self._network.spans[name]
        if family + "/" == TOP:
            return top_of(loop, frame, span)
        found = frame.ranks[span] if family + "/" == RANK else frame.values[span]
        return Vector(found, loop, frame.frame, lambda: [f"n{k}" for k in range(span.stop - span.start)])

    def _file(self, name: str) -> LoopFile | None:
        """A loop that is scheduled; with a lead it may be told before :meth:`poll` has seen it."""
        if name not in self._mapped:
            self._mapped[name] = self._map(name)
        return self._mapped[name]

    def _map(self, name: str) -> LoopFile | None:
        try:
            return read_loop(self._loops / name)
        except (OSError, ValueError) as error:
            _log.warning("loop %s cannot be read: %s", name, error)
            return None

    def close(self) -> None:
        """Unmap the loops and the slot."""
        self._mapped = {}
        self._kept.clear()
        self._ranks.close()
        self._audio.close()
        self.live.close()
