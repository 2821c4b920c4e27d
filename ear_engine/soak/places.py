"""Whether everything was where it should be: loops on the grid to the sample, the playhead where the sound was.

**Boundaries.** A loop enters on a grid point of the one before, half beats at the finest, which is a whole sample; one
of the same length stays in phase with it, and so does one that another process plays on, as the sound does where it had
to be placed anew.

**Playhead.** With each change of the log it was kept where the playhead was. Within a stretch of at most a minute in
which the device did not stand still, the middle of all of these is the clock of the sound, unless a mark has seen the
sound earlier; by how much the playhead is beside that is its error. By how much it runs ahead of the sound is seen by
the marks alone, as exactly as they were seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ear_engine.offline.rebuilding import entry_of
from ear_engine.performance.reading import Kept
from ear_engine.shared_memory.states import Entry
from ear_engine.soak.clocks import PartClock, changes_of, clocks_of

_FINEST = 0.5  # beats between grid points
_STRETCH = 60.0  # seconds
_FEWEST_MARKS = 10  # in a stretch, of which the earliest is the clock


@dataclass(frozen=True)
class Boundaries:
    """Of loops.

    Args:
        count: that were looked at.
        worst: the most by which one is off, in loops; not a number if there was none.
    """

    count: int = 0
    worst: float = math.nan


@dataclass(frozen=True)
class Playhead:
    """Against the sound.

    Args:
        errors: samples by which it was beside the clock of the sound, one a change of the log.
        ahead: seconds by which it was ahead of all that was seen to have left, at most; not a number if unknown.
    """

    errors: tuple[float, ...] = ()
    ahead: float = math.nan


def boundaries(kept: Kept) -> Boundaries:
    """How exactly loops entered."""
    aligned = any("bar_at" in change.engine for change in changes_of(kept))
    off = list(_offsets(kept, aligned))
    return Boundaries(len(off), max(off, default=math.nan))


def _offsets(kept: Kept, aligned: bool) -> Iterator[float]:
    """In loops; bars that were moved on purpose (``aligned``) tell nothing of phases."""
    before: Entry | None = None
    for clock in clocks_of(kept):
        for number, head in enumerate(clock.part.entries):
            entry = entry_of(head)
            if before is not None and not (before.silent or entry.silent):
                same = (before.samples, before.beats) == (entry.samples, entry.beats)
                if same and not aligned:
                    yield _around(entry.origin - before.origin, entry.samples) / entry.samples
                if number and not aligned:
                    yield _off_grid(before, entry.start) / before.samples
                    yield _off_grid(entry, entry.start) / entry.samples
            before = entry
        anchors = clock.part.anchors
        ratio = int(clock.part.head["sample_rate"]) / clock.part.rate
        for (device, engine, _), (next_device, next_engine, _) in pairwise(anchors):
            moved = abs(next_engine - engine - (next_device - device) * ratio)
            if before is not None:
                yield (moved if moved >= 1.0 else 0.0) / before.samples  # resampled, it lies between samples


def _off_grid(entry: Entry, position: int) -> float:
    """Samples to the nearest grid point of a loop; its points are rounded to samples."""
    step = entry.samples * _FINEST / entry.beats
    inside = (position - entry.origin) % entry.samples
    return float(abs(inside - min(round(round(inside / step) * step), entry.samples)))


def _around(samples: int, length: int) -> float:
    """Samples between two phases, the shorter way."""
    return float(min(samples % length, -samples % length))


def playhead_of(kept: Kept) -> Playhead:
    """How exactly the playhead is known to have been where the sound was."""
    clocks = clocks_of(kept)
    begins = np.array([clock.begin for clock in clocks])
    seen: list[list[tuple[float, float]]] = [[] for _ in clocks]
    for change in changes_of(kept):
        place, position = int(np.searchsorted(begins, change.time, "right")) - 1, change.state.get("position")
        if place >= 0 and isinstance(position, (int, float)) and change.time <= clocks[place].end:
            zero = change.time - clocks[place].device_of(position) / clocks[place].part.rate
            seen[place].append((change.time, zero))
    errors: list[float] = []
    ahead: list[float] = []
    for clock, heads in zip(clocks, seen, strict=True):
        for told, marks in _stretches(clock, np.array(heads).reshape(-1, 2)):
            middle = min(float(np.median(told)), marks.min(initial=math.inf))
            errors += [float(error) for error in np.abs(told - middle) * clock.part.rate]
            if len(marks) >= _FEWEST_MARKS:
                ahead.append(float(marks.min() - told.min()))
    return Playhead(tuple(errors), max(ahead, default=math.nan))


def _stretches(
    clock: PartClock, heads: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Clock times of sample 0 by the playhead and by marks, stretch by stretch."""
    times = clock.seen + clock.ends / clock.part.rate
    edges = [clock.begin]
    for slip in [*clock.slips, math.inf]:
        stop = min(slip, clock.end)
        while stop - edges[-1] > _STRETCH:
            edges.append(edges[-1] + _STRETCH)
        edges.append(slip)
    for begin, end in pairwise(edges):
        told = heads[(heads[:, 0] >= begin) & (heads[:, 0] < end), 1]
        if len(told):
            yield told, clock.seen[(times >= begin) & (times < end)]
