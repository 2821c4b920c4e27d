"""The live input: what comes in is kept for a while, cut to loops that are in time with what is played, and passed on.

Whoever plays along hears engine sample S ``latency`` seconds after it has left the graph, so what he plays to it comes
in that much later, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.clip import LONGEST_SECONDS, SEAM_SECONDS, resample_loop
from ear_engine.playback.events import EventLog
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.input_ring import InputWriter
from ear_engine.shared_memory.loops import LoopFile, write_loop
from ear_engine.shared_memory.states import Entry

_KEPT = 4  # files
_SLACK = 2.0  # seconds that are kept beyond the longest loop

Frames = NDArray[np.float32]  # (count, 2)


@dataclass(frozen=True)
class _Cut:
    """What a loop is made of: audio (2, fade + length), whose first sample after the fade lies ``turn`` samples after
    the beginning of the loop ``entry``."""

    audio: Frames
    fade: int
    turn: int
    entry: Entry


class Capture:
    """Keeps what comes in and writes loops of it when asked.

    Args:
        loops: the session's loops.
        device_rate: of what comes in, Hz.
        sample_rate: of the engine, Hz.
        latency: seconds from the graph to the listener, by which whoever plays along is late.
        events: told if a loop cannot be written.
        captured, taken: numbers of the last loops that a process before this one wrote.
        live: passes on what comes in.
        instead: what is heard in place of what comes in: the next so many frames, (count, 2).
    """

    def __init__(
        self,
        loops: Path,
        device_rate: int,
        sample_rate: int,
        latency: float,
        events: EventLog,
        captured: int = 0,
        taken: int = 0,
        live: InputWriter | None = None,
        instead: Callable[[int], Frames] | None = None,
    ) -> None:
        self.captured = captured
        self.file = ""
        self.taken = taken
        """Number of the last take that is there, or never will be."""
        self.take_file = ""
        """Its file; empty if it could not be had."""
        self._loops = loops
        self._rates = device_rate, sample_rate
        self._late = latency * sample_rate
        self._events = events
        self._live = live
        self._instead = instead
        self._ring = np.zeros((round((LONGEST_SECONDS + _SLACK) * device_rate), 2), np.float32)
        self._count = 0  # frames that have come in
        self._writer: threading.Thread | None = None
        self._taking: tuple[int, Entry] | None = None  # number of the take that is being recorded, and its loop

    def hear(self, frames: Frames, lost: int = 0) -> None:
        """Take what has come in since the last time, (count, 2), after ``lost`` frames that nobody has."""
        missing = np.zeros((min(lost, len(self._ring)), 2), np.float32)
        if self._instead is not None:
            for passed in range(0, lost, len(self._ring)):
                self._instead(min(lost - passed, len(self._ring)))
            frames = self._instead(len(frames))
        for part in (missing, frames[-len(self._ring) :]):
            first = self._count % len(self._ring)
            head = min(len(part), len(self._ring) - first)
            self._ring[first : first + head] = part[:head]
            self._ring[: len(part) - head] = part[head:]
            self._count += len(part)
            if self._live is not None and len(part):
                self._live.write(part.mean(axis=1), now())

    def look(self, wanted: int, entry: Entry | None, position: float) -> None:
        """Write the last loop length as loop ``wanted`` if that has not been done and so much has come in.

        Args:
            wanted: how many captures were asked for.
            entry: the loop that is played.
            position: engine sample that leaves the graph as the next frame comes in.
        """
        if wanted <= self.captured or entry is None or self._busy:
            return
        cut = self._cut(entry, position - self._late - entry.samples, position)
        if cut is not None:
            self._begin(self._write_captured, wanted, cut)

    def record(self, number: int, start: int, entry: Entry | None, position: float) -> None:
        """Write take ``number``, one loop from engine sample ``start`` on, as soon as it has come in.

        The loop that is played at its start says how long it is. What is too old to be had is given up.

        Args:
            number: of the take.
            start: where it begins; below 0 it is not wanted any more.
            entry, position: as :meth:`look` has them.
        """
        if number <= self.taken or start < 0 or entry is None or self._busy:
            self._taking = self._taking if start >= 0 else None
            return
        if self._taking is None or self._taking[0] != number:
            if position < start:
                return
            self._taking = number, entry
        entry = self._taking[1]
        if position - self._late < start + entry.samples:
            return
        cut = self._cut(entry, start, position)
        if cut is None:
            self.take_file, self.taken = "", number
        else:
            self._begin(self._write_take, number, cut)

    @property
    def _busy(self) -> bool:
        return self._writer is not None and self._writer.is_alive()

    def _cut(self, entry: Entry, start: float, position: float) -> _Cut | None:
        """One loop as long as ``entry`` that was played to engine sample ``start`` and what follows; None if it is not
        all there."""
        ratio = self._rates[0] / self._rates[1]
        length = round(entry.samples * ratio)
        fade = min(round(SEAM_SECONDS * self._rates[0]), length // 4)
        first = self._count - round((position - self._late - start) * ratio)
        if first - fade < max(0, self._count - len(self._ring)) or first + length > self._count:
            return None
        places = np.arange(first - fade, first + length) % len(self._ring)
        return _Cut(self._ring[places].T, fade, round(start - entry.origin) % entry.samples, entry)

    def _begin(self, write: Callable[[int, _Cut], None], number: int, cut: _Cut) -> None:
        self._writer = threading.Thread(target=write, args=(number, cut), name="capture", daemon=True)
        self._writer.start()

    def _write_captured(self, number: int, cut: _Cut) -> None:
        self.file, self.captured = self._write(input_name(number), cut), number
        with suppress(OSError):
            (self._loops / input_name(number - _KEPT)).unlink(missing_ok=True)

    def _write_take(self, number: int, cut: _Cut) -> None:
        self.take_file, self.taken = self._write(take_name(number), cut), number

    def _write(self, name: str, cut: _Cut) -> str:
        """Write a loop without a click at its seam; return its file name, nothing if it cannot be written."""
        fade, entry = cut.fade, cut.entry
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        audio = np.nan_to_num(cut.audio[:, fade:], nan=0.0, posinf=0.0, neginf=0.0)
        before = np.nan_to_num(cut.audio[:, :fade], nan=0.0, posinf=0.0, neginf=0.0)
        audio[:, audio.shape[1] - fade :] *= ramp[::-1]
        audio[:, audio.shape[1] - fade :] += before * ramp  # what leads into its start
        audio = np.roll(resample_loop(audio, entry.samples), cut.turn, axis=1)
        try:
            write_loop(self._loops / name, LoopFile(0, audio, self._rates[1], entry.beats, name="input"))
        except OSError as error:
            self._events.report("error", "no_room", f"The input cannot be written ({error.strerror}).")
            return ""
        return name


def input_name(number: int) -> str:
    """File name of captured loop ``number``."""
    return f"input-{number:08d}.ear"


def take_name(number: int) -> str:
    """File name of take ``number``."""
    return f"take-{number:08d}.ear"
