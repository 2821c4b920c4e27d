"""The live input: the last loop length of it, cut so that it loops in time with what is played."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.clip import LONGEST_SECONDS, SEAM_SECONDS, resample_loop
from ear_engine.playback.events import EventLog
from ear_engine.shared_memory.loops import LoopFile, write_loop
from ear_engine.shared_memory.states import Entry

_KEPT = 4  # files

Frames = NDArray[np.float32]  # (count, 2)


class Capture:
    """Keeps what comes in and writes a loop of it when asked.

    Args:
        loops: the session's loops.
        device_rate: of what comes in, Hz.
        sample_rate: of the engine, Hz.
        latency: seconds from the graph to the listener, by which whoever plays along is late.
        events: told if a loop cannot be written.
        captured: number of the last loop that a process before this one wrote.
    """

    def __init__(
        self, loops: Path, device_rate: int, sample_rate: int, latency: float, events: EventLog, captured: int = 0
    ) -> None:
        self.captured = captured
        self.file = ""
        self._loops = loops
        self._rates = device_rate, sample_rate
        self._late = latency * sample_rate
        self._events = events
        self._ring = np.zeros((round((LONGEST_SECONDS + 1.0) * device_rate), 2), np.float32)
        self._count = 0  # frames that have come in
        self._writer: threading.Thread | None = None

    def hear(self, frames: Frames, lost: int = 0) -> None:
        """Take what has come in since the last time, (count, 2), after ``lost`` frames that nobody has."""
        for part in (np.zeros((min(lost, len(self._ring)), 2), np.float32), frames[-len(self._ring) :]):
            first = self._count % len(self._ring)
            head = min(len(part), len(self._ring) - first)
            self._ring[first : first + head] = part[:head]
            self._ring[: len(part) - head] = part[head:]
            self._count += len(part)

    def look(self, wanted: int, entry: Entry | None, position: float) -> None:
        """Write the last loop length as loop ``wanted`` if that has not been done and so much has come in.

        Args:
            wanted: how many captures were asked for.
            entry: the loop that is played.
            position: engine sample that leaves the graph as the next frame comes in.
        """
        if wanted <= self.captured or entry is None or (self._writer is not None and self._writer.is_alive()):
            return
        length = round(entry.samples * self._rates[0] / self._rates[1])
        fade = min(round(SEAM_SECONDS * self._rates[0]), length // 4)
        if self._count < length + fade or length + fade > len(self._ring):
            return
        places = (self._count - length - fade + np.arange(length + fade)) % len(self._ring)
        taken = self._ring[places].T
        turn = round(position - self._late - entry.origin) % entry.samples
        arguments = (wanted, taken, fade, turn, entry)
        self._writer = threading.Thread(target=self._write, args=arguments, name="capture", daemon=True)
        self._writer.start()

    def _write(self, number: int, taken: Frames, fade: int, turn: int, entry: Entry) -> None:
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        audio = taken[:, fade:].copy()
        audio[:, audio.shape[1] - fade :] *= ramp[::-1]
        audio[:, audio.shape[1] - fade :] += taken[:, :fade] * ramp  # what leads into its start
        audio = np.roll(resample_loop(audio, entry.samples), turn, axis=1)
        name = input_name(number)
        try:
            write_loop(self._loops / name, LoopFile(0, audio, self._rates[1], entry.beats, name="input"))
        except OSError as error:
            self._events.report("error", "no_room", f"The input cannot be written ({error.strerror}).")
            name = ""
        self.file, self.captured = name, number
        with suppress(OSError):
            (self._loops / input_name(number - _KEPT)).unlink(missing_ok=True)


def input_name(number: int) -> str:
    """File name of captured loop ``number``."""
    return f"input-{number:08d}.ear"
