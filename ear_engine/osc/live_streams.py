"""What the ear makes of the live input, as OSC packets: the same formats as the loop's, from the listening process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.osc.formats import LIST, PACKET, Fields, Packer, Reading, Vector
from ear_engine.osc.frames import Floats, Frame, Network
from ear_engine.osc.ranks import LoopRanks
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.stream_names import (
    ALL,
    LIVE_ACTIVATION,
    LIVE_RANK,
    LIVE_SUMMARIES,
    LIVE_SURPRISE,
)
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.listen_state import ListenReader, ListenState

_STALE = 1.0  # seconds after which what was heard last is not told any more
_FRAMES = 1 << 31


class _LiveFrame(Frame):
    """A frame of the live input; all 0 if it is that of an ear which has been left."""

    def __init__(self, network: Network, state: ListenState, ranks: LoopRanks) -> None:
        super().__init__(network, "", None, state.frame % _FRAMES, ranks)
        self._known = [(layer.name, layer.neurons) for layer in network.layers] == list(state.layers)
        self._state = state

    @cached_property
    def values(self) -> Floats:
        """Activations, (neurons,)."""
        return self._state.activations if self._known else np.zeros(self.network.total, np.float32)

    @cached_property
    def ranks(self) -> NDArray[np.uint8]:
        """Percentile ranks, (neurons,), 0..255."""
        return self._state.ranks if self._known else np.zeros(self.network.total, np.uint8)


class LiveStreams:
    """Packs what a subscription asks for of the frame that is heard.

    Args:
        session: the session folder.
        network: layers of the ear.
        on: whether it shall listen.
    """

    def __init__(self, session: Path, network: Callable[[], Network], on: Callable[[], bool]) -> None:
        self._reader = ListenReader(session)
        self._network, self._on = network, on
        self._packer = Packer()
        self._ranks = LoopRanks(lambda: None)
        self._state: ListenState | None = None
        self._frame: _LiveFrame | None = None
        self._packets: dict[tuple[str, str, int], list[bytes]] = {}

    @staticmethod
    def addresses(layers: Sequence[LayerInfo]) -> tuple[str, ...]:
        """Streams there are."""
        names = [layer.name for layer in layers]
        each = [family + name for family in (LIVE_ACTIVATION, LIVE_RANK) for name in ([*names, ALL] if names else ())]
        return (LIVE_SURPRISE, *LIVE_SUMMARIES, *each)

    @property
    def speaking(self) -> bool:
        """Whether there is something to tell."""
        state = self._reader.read() if self._on() else None
        return state is not None and state.phase == "listening" and now() - state.heartbeat < _STALE

    def forget(self) -> None:
        """The ear is another one."""
        self._packer.forget()
        self._state = None

    def packets(self, address: str, format: str = LIST, size: int = PACKET) -> list[bytes]:
        """Messages of the stream ``address``; none while nothing is heard."""
        if not self.speaking:
            return []
        state = self._reader.read()
        assert state is not None
        if state is not self._state or self._frame is None:
            self._state, self._frame = state, _LiveFrame(self._network(), state, self._ranks)
            self._packets.clear()
        packed = self._packets.get((address, format, size))
        if packed is None:
            reading = self._read(address, state, self._frame)
            packed = [] if reading is None else self._packer.pack(address, reading, format, size)
            self._packets[address, format, size] = packed
        return packed

    def _read(self, address: str, state: ListenState, frame: _LiveFrame) -> Reading | None:
        if address == LIVE_SURPRISE:
            known = state.surprise >= 0.0
            return Fields((("", state.surprise), ("rank", state.surprise_rank))) if known else None
        network = frame.network
        summary = LIVE_SUMMARIES.get(address)
        if summary is not None:
            values = getattr(frame.summary, summary)
            return Vector(values, 0, frame.frame, lambda: [layer.name for layer in network.layers], bare=True)
        family, _, name = address.rpartition("/")
        span = slice(0, network.total) if name == ALL else network.spans[name]
        found = frame.ranks[span] if family + "/" == LIVE_RANK else frame.values[span]
        return Vector(found, 0, frame.frame, lambda: [f"n{k}" for k in range(span.stop - span.start)])

    def close(self) -> None:
        """Unmap the slot."""
        self._reader.close()
