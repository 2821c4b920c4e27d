"""What comes in through the live input: a ring of samples that the audio process writes and whoever listens reads.

The samples are in ``input.ring``, a plain memory-mapped file; how many there are, and when the last one came, is in the
slot ``input``. Samples are written first and counted after, so a reader takes none that is not there. One that is too
late for the ring is told so.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.shared_memory.slot import SlotReader, SlotWriter

CAPACITY = 1 << 19  # samples
_MARGIN = 1 << 17  # that may be being written anew while others are read
_STATE = struct.Struct("<QdI")

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class InputState:
    """How far the input is.

    Args:
        count: samples since the session began.
        time: clock.now() when the last of them had come in.
        rate: Hz; another one if the device has been changed.
    """

    count: int
    time: float
    rate: int


class InputWriter:
    """The one writer; a new one in the same session goes on counting.

    Args:
        session: the session folder.
        rate: Hz.
    """

    def __init__(self, session: Path, rate: int) -> None:
        path = session / "input.ring"
        if not path.exists():
            path.write_bytes(bytes(4 * CAPACITY))
        self._ring: Samples = np.memmap(path, np.float32, "r+")
        before = _read(SlotReader(session / "input.slot"))
        self._count = 0 if before is None else before.count
        self._slot = SlotWriter(session / "input.slot", _STATE.size)
        self._rate = rate

    def write(self, samples: Samples, at: float) -> None:
        """Add (count,) samples, the last of which has come in at clock time ``at``."""
        for part in np.split(samples, range(_MARGIN, len(samples), _MARGIN)):
            first = self._count % CAPACITY
            head = min(len(part), CAPACITY - first)
            self._ring[first : first + head] = part[:head]
            self._ring[: len(part) - head] = part[head:]
            self._count += len(part)
            self._slot.write(_STATE.pack(self._count, at, self._rate))

    def close(self) -> None:
        """Let go of the files; what is in them stays."""
        self._slot.close()
        del self._ring


class InputReader:
    """A reader of a ring that may not exist yet."""

    def __init__(self, session: Path) -> None:
        self._path = session / "input.ring"
        self._slot = SlotReader(session / "input.slot")
        self._ring: Samples | None = None

    def state(self) -> InputState | None:
        """How far the input is; None before the first sample."""
        return _read(self._slot)

    def samples(self, first: int, stop: int) -> Samples | None:
        """Samples ``first`` to ``stop`` by their count, a copy; None if some of them are not there any more."""
        if self._ring is None:
            self._ring = np.memmap(self._path, np.float32, "r")
        found: Samples = self._ring[np.arange(first, stop) % CAPACITY]
        state = self.state()
        return found if state is not None and state.count - first <= CAPACITY - _MARGIN else None

    def close(self) -> None:
        """Let go of the files."""
        self._slot.close()
        self._ring = None


def _read(slot: SlotReader) -> InputState | None:
    found = slot.read()
    return None if found is None else InputState(*_STATE.unpack(found[1]))
