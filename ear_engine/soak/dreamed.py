"""How soon a change of what is dreamed is heard: beats beyond the grid point that it could have reached.

A change is in the dream with the first step that begins after it, and a version of the dream is heard from a grid point
on (``playback/quantize``) if the audio process has it a quarter of a second before. So the point that a change can
reach is the first one a quarter of a second, and what it mostly takes to make a version (mastered, heard by the ear,
written), after that step is done. A loop that enters there is 0 beats late, one that enters at the next beat 1.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ear_engine.offline.rebuilding import entry_of
from ear_engine.performance.reading import Kept, KeptChange
from ear_engine.playback.entries import same_time
from ear_engine.shared_memory.clock import BAR, next_boundary
from ear_engine.shared_memory.states import Entry
from ear_engine.soak.clocks import PartClock, changes_of, clocks_of, end_of_play
from ear_engine.soak.waits import FIRST, KILLED, LAST, NEVER, Away, StepWaits, any_away

_DREAMED = ("target/", "tone/", "rhythm/", "dream/rate", "transform/", "penalty/")
_DIVISIONS = {"half": 0.5, "beat": 1.0, "bar": 4.0, "loop": 0.0}  # beats between grid points, 0 = the whole loop
_LEAD = 0.25  # seconds before a grid point by which the audio process must have a version
_SOON = 0.02  # seconds after which a step that is begun knows a change
_NEW_SOURCE = 8.0  # seconds that another source may take until it sounds, and not longer
_PATIENCE = 16.0  # beats after which what has not come when playing ends does not count as under way
_RESTS = "while the dream rested"
_SOURCE = "when another source came"


@dataclass(frozen=True)
class _Entered:
    """An entry, the clock of its part, and when it was heard."""

    entry: Entry
    source_number: int
    clock: PartClock
    time: float


@dataclass(frozen=True)
class _Point:
    """A grid point: engine sample, clock time, beats a second there, and the entry that sounds until then."""

    sample: int
    time: float
    tempo: float
    entry: Entry
    clock: PartClock


def dream_waits(kept: Kept, away: Sequence[Away] = (), ended: float | None = None) -> StepWaits:
    """Beats from the grid point that each change of the dream could have reached to the first loop that knows of it.

    What no loop knew of counts as never heard; in the last 16 beats, as heard with the first beat that was not played
    any more. Left out are changes whose point had not come when playing ended,
    those before the first dream or while it rested, and those about a change of the source or a killed process.

    Args:
        kept: the performance.
        away: when killed processes were not there.
        ended: when playing ended, seconds on the shared clock; None if it is not known.
    """
    waits = StepWaits()
    heard = _Heard(kept)
    end = end_of_play(kept, ended)
    sources = list(_new_sources(kept, heard.entered))
    steps = Steps(kept)
    for change, values in _changed(kept):
        done = steps.done(change)
        ready = done + steps.making + _LEAD
        point = heard.reachable(ready, str(values.get("playback/quantize", "beat")))
        if point is None or change.time < heard.first_dream:
            waits.left_out[FIRST] += 1
            continue
        answer = heard.answer(change.number)
        if answer is not None and not same_time(point.entry, answer.entry.samples, answer.entry.beats):
            point = heard.reachable(ready, "bar") or point
        if point.time >= end:
            waits.left_out[LAST] += 1
        elif _rests(values) or point.entry.silent:
            waits.left_out[_RESTS] += 1
        elif any_away(away, change.time - 1.0, point.time):
            waits.left_out[KILLED] += 1
        elif any(begin <= point.time and end >= change.time for begin, end in sources):
            waits.left_out[_SOURCE] += 1
        else:
            waits.values.append(_beats(point, answer, end))
            waits.known.append(done - change.time)
    return waits


def _beats(point: _Point, answer: _Entered | None, end: float) -> float:
    """Beats after the point; what has not come when playing ends may at best come with the next beat."""
    if answer is None:
        beats = float(math.ceil((end - point.time) * point.tempo))
        return beats if beats <= _PATIENCE else NEVER
    if answer.clock is point.clock:
        beats = (answer.entry.start - point.sample) * point.entry.beats / point.entry.samples
    else:
        beats = (answer.time - point.time) * point.tempo
    return max(beats, 0.0)


class _Heard:
    """The loops as they were heard."""

    def __init__(self, kept: Kept) -> None:
        self._clocks = clocks_of(kept)
        self.entered = [
            _Entered(entry, int(head["source_number"]), clock, clock.time_of(entry.start))
            for clock in self._clocks
            for head in clock.part.entries
            for entry in (entry_of(head),)
        ]
        self._begins = [clock.begin for clock in self._clocks]
        self._starts = [[int(head["start"]) for head in clock.part.entries] for clock in self._clocks]
        self.first_dream = next((one.time for one in self.entered if one.entry.loop > 0), -math.inf)
        """Clock time; before all time if there was none, so that it is missed."""
        known = sorted(_published(kept))
        self._loops = [loop for loop, _ in known]
        self._known = np.maximum.accumulate([sequence for _, sequence in known] or [-1])
        self._reached = np.maximum.accumulate([one.entry.loop for one in self.entered] or [-1])

    def answer(self, number: int) -> _Entered | None:
        """The first entry of a loop that knows change ``number``."""
        first = int(np.searchsorted(self._known, number))
        if first >= len(self._loops):
            return None
        place = int(np.searchsorted(self._reached, self._loops[first]))
        return self.entered[place] if place < len(self.entered) else None

    def reachable(self, time: float, quantize: str) -> _Point | None:
        """The first grid point at or after a clock time; None before any sound."""
        place = bisect_right(self._begins, time) - 1
        if place < 0 or not self._starts[place]:
            return None
        clock = self._clocks[place]
        sample = math.ceil(clock.engine_at(time))
        number = max(bisect_right(self._starts[place], sample) - 1, 0)
        entry = entry_of(clock.part.entries[number])
        division = float(BAR) if quantize == "bar" else _DIVISIONS.get(quantize, 1.0)
        point = next_boundary(sample, entry, division)
        tempo = entry.beats * int(clock.part.head["sample_rate"]) / entry.samples
        return _Point(point, clock.time_of(point), tempo, entry, clock)


class Steps:
    """When steps of the dream were made, and what they knew.

    Args:
        kept: the performance.
    """

    def __init__(self, kept: Kept) -> None:
        made = [
            (*times, sequence)
            for dream in kept.dreams
            for record in dream.records
            if record.kind == "step" and record.has("times")
            for times, (sequence, *_) in zip(record.array("times"), record.array("steps"), strict=True)
        ]
        self._began, self._done, known = np.array(made, float).reshape(-1, 3).T
        self._known = np.maximum.accumulate(known)
        self.making = _making(kept)
        """Seconds that it mostly takes to make a version; 0 if that is not known."""
        self.late = sum(self._is_late(change) for change, _ in _changed(kept))
        """Changes of what is dreamed that a step did not know though it began after them."""

    def done(self, change: KeptChange) -> float:
        """Clock time at which the first step that knows of it was done; that of the change itself if there is none."""
        first = int(np.searchsorted(self._known, change.number))
        done = self._done[first:]
        return max(change.time, float(done[np.isfinite(done)][0])) if np.isfinite(done).any() else change.time

    def _is_late(self, change: KeptChange) -> bool:
        first = int(np.searchsorted(self._known, change.number))
        return first > 0 and bool(self._began[first - 1] > change.time + _SOON)


def _making(kept: Kept) -> float:
    """From the beginning of a version to that of the next step, in the middle of all."""
    made = [
        float(after.array("times")[0, 0]) - float(record.head["time"])
        for dream in kept.dreams
        for record, after in pairwise(dream.records)
        if record.kind == "publ" and after.kind == "step" and after.has("times")
    ]
    return float(np.median(made)) if made else 0.0


def is_dreamed(name: str) -> bool:
    """Whether another value of a parameter makes another dream."""
    return name.startswith(_DREAMED)


def _changed(kept: Kept) -> Iterator[tuple[KeptChange, Mapping[str, Any]]]:
    """Changes of what is dreamed, and all values after each."""
    state = dict(kept.head.get("state", {}))
    values: dict[str, Any] = {**dict(state.get("values", {})), "still": state.get("still", False)}
    for change in changes_of(kept):
        values.update(change.values)
        values["still"] = change.engine.get("still", values["still"])
        if any(is_dreamed(name) for name in change.values):
            yield change, values


def _rests(values: Mapping[str, Any]) -> bool:
    return bool(not values.get("dream/run", True) or values.get("memory/hold", False) or values["still"])


def _published(kept: Kept) -> Iterator[tuple[int, int]]:
    for dream in kept.dreams:
        for record in dream.records:
            if record.kind == "publ":
                yield int(record.head["loop"]), int(record.head["sequence"])


def _new_sources(kept: Kept, entered: Sequence[_Entered]) -> Iterator[tuple[float, float]]:
    """When each further source was asked for, and when it was heard."""
    for change in changes_of(kept):
        number = change.engine.get("source_number")
        if number is not None:
            heard = (one.time for one in entered if one.source_number >= int(number) and one.time >= change.time)
            yield change.time, min(next(heard, math.inf), change.time + _NEW_SOURCE)
