"""The clock all processes share, and where the playhead is at a given moment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ear_engine.shared_memory.states import AudioState, Entry


def now() -> float:
    """Seconds on a monotonic clock that is the same in every process of this machine."""
    return time.perf_counter()


BAR = 4
"""Beats of a bar; the end of a loop ends one too."""


@dataclass(frozen=True)
class Playhead:
    """The moment being heard.

    ``phase`` runs 0..1 over the loop, ``beat`` 0..beats; ``position`` counts engine samples of the session. All but the
    last stand at 0 while the transport has stopped.
    """

    entry: Entry
    position: float
    phase: float
    beat: float

    def frame(self, frames: int) -> int:
        """Index of the frame being heard in a loop of ``frames`` frames."""
        return min(int(self.phase * frames), frames - 1)

    @property
    def count(self) -> float:
        """Beats since the transport was started, through all changes of loop and tempo."""
        return beats_at(self.entry, self.position)

    @property
    def bar(self) -> int:
        """Bars that have ended since then."""
        return bars_at(self.entry, self.position)


def told_ahead(values: Mapping[str, Any]) -> float:
    """Seconds by which the performer wants lights and beats told earlier than they are heard: ``playback/offset``."""
    return float(values.get("playback/offset", 0.0)) / 1000.0


def playhead(audio: AudioState, at: float, *, offset: float = 0.0) -> Playhead | None:
    """Where the sound is at clock time ``at``, ``offset`` seconds ahead of what is heard; None before any loop."""
    position = audio.position + (at - audio.time - audio.latency + offset) * audio.sample_rate
    current: Entry | None = None
    for entry in audio.schedule:
        if entry.start <= position or current is None:
            current = entry
    if current is None:
        return None
    if current.silent:
        return Playhead(current, position, 0.0, 0.0)
    phase = ((position - current.origin) % current.samples) / current.samples % 1.0  # a hair before 0 rounds up to 1
    return Playhead(current, position, phase, phase * current.beats)


def heard_at(audio: AudioState, position: float) -> float:
    """Clock time at which engine sample ``position`` is heard."""
    return audio.time + audio.latency + (position - audio.position) / audio.sample_rate


def beats_at(entry: Entry, position: float) -> float:
    """Beats played from the start of the transport to ``position``, where ``entry`` sounds."""
    return entry.count if entry.silent else entry.count + (position - entry.start) * entry.beats / entry.samples


def bars_at(entry: Entry, position: float) -> int:
    """Bars that have ended by then; a bar line counts at its own (rounded) sample."""
    return entry.bar if entry.silent else entry.bar + _bar_lines(entry, position) - _bar_lines(entry, entry.start)


def _bar_lines(entry: Entry, position: float) -> int:
    loops, inside = divmod(position + 0.5 - entry.origin, entry.samples)
    return int(loops) * -(-entry.beats // BAR) + int(inside * entry.beats / entry.samples / BAR)


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
