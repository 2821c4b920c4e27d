"""How far a map is that is being laid out: the slot ``layout``, written by the layout process."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from ear_engine.shared_memory.slot import SlotReader, SlotWriter

_LARGEST = 1 << 16  # bytes: a message and two paths of letters that JSON escapes


@dataclass(frozen=True)
class LayoutState:
    """What the layout process is doing.

    Args:
        pid: of the process.
        ear: folder of the ear whose map it makes.
        phase: ``laying_out``, ``done``, ``failed``, or ``left`` if the engine has another ear by now.
        percent: how much is done.
        message: if it has failed, why, in a sentence.
        path: of the map, when it is done.
    """

    pid: int
    ear: str
    phase: str = "laying_out"
    percent: int = 0
    message: str = ""
    path: str = ""


class LayoutWriter:
    """Publishes it in a session folder."""

    def __init__(self, session: Path) -> None:
        self._slot = SlotWriter(session / "layout.slot", _LARGEST)

    def write(self, state: LayoutState) -> None:
        """Publish."""
        self._slot.write(json.dumps(dataclasses.asdict(state)).encode())

    def close(self) -> None:
        """Unmap; the last state stays readable."""
        self._slot.close()


class LayoutReader:
    """Reads the latest state."""

    def __init__(self, session: Path) -> None:
        self._slot = SlotReader(session / "layout.slot")
        self._sequence = 0
        self._state: LayoutState | None = None

    def read(self) -> LayoutState | None:
        """The latest state, or None before the first."""
        if self._slot.sequence != self._sequence:
            found = self._slot.read()
            if found is not None:
                self._sequence, payload = found
                self._state = LayoutState(**json.loads(payload))
        return self._state

    def close(self) -> None:
        """Unmap the slot."""
        self._slot.close()
