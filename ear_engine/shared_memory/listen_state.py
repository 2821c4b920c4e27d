"""What the ear makes of the live input: the slot ``listen``, written by the listening process.

A JSON header (its length first), the activations of all neurons and their percentile ranks.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ear_engine.shared_memory.slot import SlotReader, SlotWriter

MOST_NEURONS = 1 << 18
_LENGTH = struct.Struct("<I")
_HEADER = 1 << 16  # bytes: names of layers, a path and a message of letters that JSON escapes

Phase = Literal["loading", "waiting", "listening", "stalled", "failed"]


@dataclass(frozen=True, eq=False)
class ListenState:
    """What the listening process is doing.

    Args:
        pid: of the process.
        phase: ``loading`` the ear; ``waiting`` for the first sound; ``listening``; ``stalled``, if no sound comes any
            more; ``failed``.
        heartbeat: clock.now().
        ear: its folder.
        frame: number of the scalogram's frame, since listening began.
        time: clock.now() at which the middle of that frame was played.
        delay: seconds that a frame waits for what comes after its middle.
        late: seconds from the middle of the frame to its activations, as measured.
        load: share of one processor core that listening takes.
        level: largest sample of the last second, 1 is full scale.
        clipped: share of the samples of the last second that are at full scale or beyond.
        broken: samples so far that were no numbers; they are heard as silence.
        skipped: samples so far that came too fast to be heard.
        surprise: bits; below 0 while it is not known.
        surprise_rank: share of the last minutes in which it was lower, 0..1.
        message: if it has failed, why, in a sentence.
        layers: name and number of neurons of each layer, in the order of the activations.
        activations: (neurons,), finite.
        ranks: (neurons,), percentile ranks in music, 0..255; all 0 if the ear has no statistics.
    """

    pid: int
    phase: Phase
    heartbeat: float
    ear: str
    frame: int = 0
    time: float = 0.0
    delay: float = 0.0
    late: float = 0.0
    load: float = 0.0
    level: float = 0.0
    clipped: float = 0.0
    broken: int = 0
    skipped: int = 0
    surprise: float = -1.0
    surprise_rank: float = 0.0
    message: str = ""
    layers: tuple[tuple[str, int], ...] = ()
    activations: NDArray[np.float32] = dataclasses.field(default_factory=lambda: np.zeros(0, np.float32))
    ranks: NDArray[np.uint8] = dataclasses.field(default_factory=lambda: np.zeros(0, np.uint8))


_NAMES = [field.name for field in dataclasses.fields(ListenState) if field.name not in ("activations", "ranks")]


class ListenWriter:
    """Publishes it in a session folder."""

    def __init__(self, session: Path) -> None:
        self._slot = SlotWriter(session / "listen.slot", _LENGTH.size + _HEADER + 5 * MOST_NEURONS)

    def write(self, state: ListenState) -> None:
        """Publish.

        Raises:
            ValueError: more neurons than the slot holds.
        """
        header = {name: getattr(state, name) for name in _NAMES}
        about = json.dumps({**header, "message": state.message[:1000]}).encode()
        values = np.ascontiguousarray(state.activations, "<f4").tobytes() + state.ranks.tobytes()
        self._slot.write(_LENGTH.pack(len(about)) + about + values)

    def close(self) -> None:
        """Unmap; the last state stays readable."""
        self._slot.close()


class ListenReader:
    """Reads the latest state; unpacks it only when it has changed."""

    def __init__(self, session: Path) -> None:
        self._slot = SlotReader(session / "listen.slot")
        self._sequence = 0
        self._state: ListenState | None = None

    def read(self) -> ListenState | None:
        """The latest state, or None before the first."""
        if self._slot.sequence != self._sequence:
            found = self._slot.read()
            if found is not None:
                self._sequence, payload = found
                end = _LENGTH.size + _LENGTH.unpack_from(payload)[0]
                about = json.loads(payload[_LENGTH.size : end])
                about["layers"] = tuple((str(name), int(count)) for name, count in about["layers"])
                neurons = (len(payload) - end) // 5
                values = np.frombuffer(payload, "<f4", neurons, end)
                ranks = np.frombuffer(payload, np.uint8, neurons, end + 4 * neurons)
                self._state = ListenState(**about, activations=values, ranks=ranks)
        return self._state

    def close(self) -> None:
        """Unmap the slot."""
        self._slot.close()
