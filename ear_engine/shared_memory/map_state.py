"""Where neurons are while the map moves: the slot ``map``, written by the map process.

A JSON header (its length first) and the positions, so that nobody parses 42,000 numbers as text.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.shared_memory.slot import SlotReader, SlotWriter

MOST_NUMBERS = 1 << 20  # coordinates of all neurons together
_LENGTH = struct.Struct("<I")
_HEADER = 1 << 16  # bytes: a message and a path of letters that JSON escapes


@dataclass(frozen=True, eq=False)
class MapState:
    """What the map process is doing.

    Args:
        pid: of the process.
        phase: ``loading``, ``moving``, ``frozen`` or ``failed``.
        heartbeat: clock.now().
        ear: folder of the ear whose map it is.
        step: of the simulation.
        steps_per_second: that it makes.
        message: if it has failed, why, in a sentence.
        positions: (neurons, 2 or 3); on a stored map 0..1, moving ones a little beyond. Empty while loading.
    """

    pid: int
    phase: str
    heartbeat: float
    ear: str
    step: int = 0
    steps_per_second: float = 0.0
    message: str = ""
    positions: NDArray[np.float32] = dataclasses.field(default_factory=lambda: np.zeros((0, 2), np.float32))


class MapWriter:
    """Publishes the moving map in a session folder."""

    def __init__(self, session: Path) -> None:
        self._slot = SlotWriter(session / "map.slot", _LENGTH.size + _HEADER + 4 * MOST_NUMBERS)

    def write(self, state: MapState) -> None:
        """Publish.

        Raises:
            ValueError: more neurons than the slot holds.
        """
        header = {name: getattr(state, name) for name in _NAMES}
        about = json.dumps({**header, "message": state.message[:1000], "shape": state.positions.shape}).encode()
        values = np.ascontiguousarray(state.positions, "<f4")
        self._slot.write(_LENGTH.pack(len(about)) + about + values.tobytes())

    def close(self) -> None:
        """Unmap; the last state stays readable."""
        self._slot.close()


class MapReader:
    """Reads the latest moving map; unpacks it only when it has changed."""

    def __init__(self, session: Path) -> None:
        self._slot = SlotReader(session / "map.slot")
        self._sequence = 0
        self._state: MapState | None = None

    def read(self) -> MapState | None:
        """The latest state, or None before the first."""
        if self._slot.sequence != self._sequence:
            found = self._slot.read()
            if found is not None:
                self._sequence, payload = found
                end = _LENGTH.size + _LENGTH.unpack_from(payload)[0]
                about = json.loads(payload[_LENGTH.size : end])
                positions = np.frombuffer(payload, "<f4", offset=end).reshape(about.pop("shape"))
                self._state = MapState(**about, positions=positions)
        return self._state

    def close(self) -> None:
        """Unmap the slot."""
        self._slot.close()


_NAMES = [field.name for field in dataclasses.fields(MapState) if field.name not in ("positions", "message")]
