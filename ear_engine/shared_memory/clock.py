"""The clock all processes share, and where the playhead is at a given moment."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ear_engine.shared_memory.states import AudioState, Entry


def now() -> float:
    """Seconds on a monotonic clock that is the same in every process of this machine."""
    return time.perf_counter()


@dataclass(frozen=True)
class Playhead:
    """The moment being heard.

    ``phase`` runs 0..1 over the loop, ``beat`` 0..beats; ``position`` counts engine samples of the session.
    """

    entry: Entry
    position: float
    phase: float
    beat: float

    def frame(self, frames: int) -> int:
        """Index of the frame being heard in a loop of ``frames`` frames."""
        return min(int(self.phase * frames), frames - 1)


def playhead(audio: AudioState, at: float, *, offset: float = 0.0) -> Playhead | None:
    """Where the sound is at clock time ``at``, ``offset`` seconds ahead of what is heard; None before any loop."""
    position = audio.position + (at - audio.time - audio.latency + offset) * audio.sample_rate
    current: Entry | None = None
    for entry in audio.schedule:
        if entry.start <= position or current is None:
            current = entry
    if current is None:
        return None
    phase = ((position - current.origin) % current.samples) / current.samples % 1.0  # a hair before 0 rounds up to 1
    return Playhead(current, position, phase, phase * current.beats)


def next_boundary(position: int, entry: Entry, division: float) -> int:
    """First grid point at or after ``position``: every ``division`` beats of the loop that sounds (0 = whole loop).

    Grid points are the rounded sample positions of multiples of ``division`` beats counted from the loop's start.
    """
    step = entry.samples if division <= 0 else entry.samples * division / entry.beats
    loops, inside = divmod(position - entry.origin, entry.samples)
    base = entry.origin + loops * entry.samples
    count = int(inside // step)
    while base + min(round(count * step), entry.samples) < position:
        count += 1
    return base + min(round(count * step), entry.samples)
