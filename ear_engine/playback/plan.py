"""The planned signal: what shall sound at every sample of the session, as plain arithmetic.

Loop *k* enters at sample ``start_k`` and is read phase-locked, ``audio[(position - origin) mod samples]``. With *x_k*
the loop and *w_k* rising from 0 at ``start_k`` to 1 at ``start_k + fade_k``, the signal is the fold

    y_0 = silence,    y_k = y_(k-1) + w_k (x_k - y_(k-1)),

so it has no step even if a loop enters before the previous crossfade has ended. *w* is a raised cosine and the two
weights sum to one (equal gain): successive loops are the same sound a little changed, phase-locked, and an equal-power
law would swell by up to 3 dB in every crossfade of correlated material.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.shared_memory.states import Entry

Stereo = NDArray[np.float32]  # (2, samples)
_HISTORY = 4  # the streams keep the loops of the schedule in memory


@dataclass(frozen=True)
class PlannedLoop:
    """A loop and where it enters.

    Shapes:
        wet: (2, entry.samples), the loop.
        dry: (2, n), the source it descends from, read from the same origin.

    Args:
        fade: samples of the crossfade that begins at ``entry.start``.
        source_number: of the source it descends from.
        correlation: between wet and dry, -1..1.
    """

    entry: Entry
    wet: Stereo
    dry: Stereo
    fade: int
    source_number: int = 0
    correlation: float = 1.0

    @property
    def settled(self) -> int:
        """First sample at which nothing of the previous loop is left."""
        return self.entry.start + self.fade


class Plan:
    """Entries in order of time, and the signal they make."""

    def __init__(self) -> None:
        self._loops: list[PlannedLoop] = []
        self._past: list[Entry] = []

    @property
    def last(self) -> PlannedLoop | None:
        """The entry that sounds at the end of the plan."""
        return self._loops[-1] if self._loops else None

    def schedule(self) -> list[Entry]:
        """The last few entries, oldest first, future ones included."""
        return [*self._past, *(planned.entry for planned in self._loops)][-_HISTORY:]

    def remember(self, entries: list[Entry]) -> None:
        """Report ``entries`` as past ones (a process that continues another's session)."""
        self._past = entries[-_HISTORY:]

    def at(self, position: int) -> PlannedLoop | None:
        """The loop whose entry is the last at or before ``position``."""
        found = None
        for planned in self._loops:
            if planned.entry.start <= position:
                found = planned
        return found

    def entered(self, position: int) -> list[PlannedLoop]:
        """The entries before ``position`` whose audio is still held."""
        return [planned for planned in self._loops if planned.entry.start < position]

    def add(self, planned: PlannedLoop) -> None:
        """Append an entry.

        Raises:
            ValueError: it starts before the last one, or its audio does not fit its entry.
        """
        if planned.wet.shape != (2, planned.entry.samples):
            raise ValueError(f"loop of shape {planned.wet.shape} in an entry of {planned.entry.samples} samples")
        if self._loops and planned.entry.start < self._loops[-1].entry.start:
            raise ValueError(f"entry at {planned.entry.start} is before the last at {self._loops[-1].entry.start}")
        self._loops.append(planned)

    def cancel_from(self, position: int) -> None:
        """Drop the entries that start at or after ``position``."""
        self._loops = [planned for planned in self._loops if planned.entry.start < position]

    def prune(self, position: int) -> None:
        """Let go of the audio of loops that cannot sound at or after ``position``."""
        first = self._first_audible(position)
        self._past = [*self._past, *(planned.entry for planned in self._loops[:first])][-_HISTORY:]
        self._loops = self._loops[first:]

    def render(self, start: int, count: int) -> tuple[Stereo, Stereo]:
        """The signal of samples ``start`` to ``start + count``: (wet, dry), each (2, count)."""
        wet = np.zeros((2, count), np.float32)
        dry = np.zeros((2, count), np.float32)
        for planned in self._loops[self._first_audible(start) :]:
            if planned.entry.start >= start + count:
                break
            _enter(wet, planned, planned.wet, start)
            _enter(dry, planned, planned.dry, start)
        return wet, dry

    def _first_audible(self, position: int) -> int:
        settled = [index for index, planned in enumerate(self._loops) if planned.settled <= position]
        return settled[-1] if settled else 0


def _enter(signal: Stereo, planned: PlannedLoop, audio: Stereo, start: int) -> None:
    """One step of the fold, in place, on ``signal`` that begins at sample ``start``."""
    count = signal.shape[1]
    first = min(max(planned.entry.start - start, 0), count)
    full = min(max(planned.settled - start, 0), count)
    loop = cyclic(audio, start + first - planned.entry.origin, count - first)
    if full > first:
        moment = np.arange(start + first, start + full) - planned.entry.start
        weight = (0.5 - 0.5 * np.cos((moment + 0.5) * (np.pi / planned.fade))).astype(np.float32)
        signal[:, first:full] += weight * (loop[:, : full - first] - signal[:, first:full])
    signal[:, full:] = loop[:, full - first :]


def cyclic(audio: Stereo, phase: int, count: int) -> Stereo:
    """``count`` samples of a loop from sample ``phase`` (any integer) on; a view where it does not wrap."""
    phase %= audio.shape[1]
    if phase + count <= audio.shape[1]:
        return audio[:, phase : phase + count]
    return np.take(audio, np.arange(phase, phase + count), axis=1, mode="wrap")


def continued_origin(previous: Entry, start: int, samples: int, beats: int) -> int:
    """Origin of a loop of ``samples`` and ``beats`` that enters at ``start`` while ``previous`` sounds.

    The same length keeps the phase. Another length keeps the beat: entering on beat *b* of the previous loop (to the
    half beat), it begins at its own beat *b* modulo its beats.
    """
    if (samples, beats) == (previous.samples, previous.beats):
        return previous.origin
    inside = (start - previous.origin) % previous.samples
    beat = round(2 * previous.beats * inside / previous.samples) / 2 % beats
    return start - round(beat * samples / beats)
