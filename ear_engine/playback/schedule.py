"""Which loop enters when: the latest one, on the beat, with no silence in between unless the transport stands still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ear_engine.playback import entries
from ear_engine.playback.library import LoadedLoop, LoopLibrary
from ear_engine.playback.plan import Plan, PlannedLoop
from ear_engine.shared_memory.clock import BAR, bars_at, beats_at, next_boundary
from ear_engine.shared_memory.states import ControlState, DreamerState, Entry

_DIVISION = {"half": 0.5, "beat": 1.0, "bar": 4.0, "loop": 0.0}
_DREAM_WAIT = 1.5  # seconds a new source waits for its first dream
_ALIVE = 2.0  # seconds after which a silent dreamer is not waited for
_STOP_FADE = 0.01  # seconds; what is rendered ahead by then is faded out by the graph
_LEAD_IN = 0.005  # seconds of the fade before a first beat
_REST = 0.1  # seconds that a stop lasts at least, so that the graph is open again before the first beat
_SOON = 10.0  # seconds a start may be ahead

Moment = Callable[[float], float]


class Scheduler:
    """Puts loops into ``plan``, always at or after the position that is not rendered yet.

    Before the first dream the source itself sounds, as loop 0, at once. A newer loop enters at the next grid point, one
    of another tempo or length at the next bar; an entry that is not rendered yet gives way to a newer one. A source of
    the same clip brings along what was dreamed so far. Any other waits up to 1.5 s for its first dream, then enters
    itself. What cannot be loaded is reported and skipped.
    """

    def __init__(self, plan: Plan, library: LoopLibrary, sample_rate: int) -> None:
        self._plan = plan
        self._library = library
        self._rate = sample_rate
        self._waiting: tuple[int, float] | None = None  # source number, since when
        self._bar_at: float | None = None  # the last one seen
        self._line: float | None = None  # sample on which a bar line shall fall, while it does not yet
        self._quiet_until = -(1 << 62)  # sample up to which a stop leaves what is rendered already

    def tick(
        self,
        control: ControlState | None,
        dreamer: DreamerState | None,
        position: int,
        at: float,
        heard_from: Moment | None = None,
    ) -> None:
        """Look at the latest states.

        Args:
            control: what is decided.
            dreamer: what is dreamed.
            position: first sample not rendered yet.
            at: clock time.
            heard_from: the sample that is heard at a clock time; without it, bars are not moved.
        """
        if control is None or not control.source:
            return
        last = self._plan.last
        if not control.values.get("playback/run", True):
            self._see_bar(control, None)
            if last is None or not last.entry.silent:
                self._stop(control, position)
            return
        here = self._plan.at(position)
        if last is not None and here is not None and here.entry.silent:
            self._start(control, dreamer, position, heard_from)
            return
        self._see_bar(control, heard_from)
        self._choose(control, dreamer, position, at)
        if self._line is not None:
            self._align(self._line, position)

    def quiet(self, control: ControlState, heard: int) -> bool:
        """Whether the graph shall be silent where it is, at sample ``heard``: what is rendered may still sound."""
        return not control.values.get("playback/run", True) or heard < self._quiet_until

    def restore(self, schedule: list[Entry], position: int) -> None:
        """Take up another process's schedule at ``position``: the loop of that moment, fading in at its phase."""
        past = [entry for entry in schedule if entry.start <= position]
        future = [entry for entry in schedule if entry.start > position]
        self._plan.remember(past)
        for entry in [*past[-1:], *future]:
            start = max(entry.start, position)
            again = replace(entry, start=start, count=beats_at(entry, start), bar=bars_at(entry, start))
            found = None if entry.silent else self._library.load(entry.file)
            if entry.silent:
                self._plan.add(self._silence(again, 0))
            elif found is not None and found.wet.shape[1] == entry.samples:
                self._plan.add(self._planned(again, found, found.source_number, 20.0))

    def _choose(self, control: ControlState, dreamer: DreamerState | None, position: int, at: float) -> None:
        last = self._plan.last
        dreamed = _dreamed(control, dreamer)
        if _recalling(control, dreamer) and last is not None and _from_before(last, control, position):
            self._plan.cancel_from(position)
            last = self._plan.last
        if dreamed:
            if last is not None and last.entry.file == dreamed:
                self._waiting = None
                return
            if self._enter(dreamed, control, position):
                return
        if last is None:
            self._enter(control.source, control, position)
        elif last.source_number != control.source_number:
            if control.carried and self._enter(control.carried, control, position):
                return
            if not self._worth_waiting(control, dreamer, at):
                self._enter(control.source, control, position)

    def _worth_waiting(self, control: ControlState, dreamer: DreamerState | None, at: float) -> bool:
        if self._waiting is None or self._waiting[0] != control.source_number:
            self._waiting = (control.source_number, at)
        alive = dreamer is not None and dreamer.phase == "running" and at - dreamer.heartbeat < _ALIVE
        return alive and at - self._waiting[1] < _DREAM_WAIT

    def _enter(self, file: str, control: ControlState, position: int) -> bool:
        found = self._library.load(file)
        if found is None:
            return False
        values: dict[str, Any] = control.values
        self._plan.cancel_from(position)
        last = self._plan.last
        entry = _at(position, found)
        past = self._plan.schedule()
        if last is not None:
            division = _DIVISION.get(str(values.get("playback/quantize", "beat")), 1.0)
            if not entries.same_time(last.entry, entry.samples, entry.beats):
                division = float(BAR)
            elif values.get("dream/autopilot") and last.source_number != control.source_number and division:
                division = max(division, float(BAR))  # its new loops come on the bar, as all it does
            entry = entries.following(last.entry, next_boundary(position, last.entry, division), entry)
        elif past:  # the loop that sounded could not be loaded again: its clock still counts
            entry = entries.following(past[-1], position, entry)
        self._plan.add(self._planned(entry, found, control.source_number, _crossfade(control)))
        self._waiting = None
        return True

    def _stop(self, control: ControlState, position: int) -> None:
        """Silence from ``position`` on; the graph fades out what is rendered already."""
        self._plan.cancel_from(position)
        last = self._plan.last
        if last is None:
            found = self._library.load(control.source)
            if found is None:
                return
            loop, source_number = _at(position, found), control.source_number
        else:
            loop, source_number = last.entry, last.source_number
        planned = self._silence(entries.stopped(loop, position), source_number)
        self._plan.add(planned)
        self._quiet_until = planned.settled

    def _start(
        self, control: ControlState, dreamer: DreamerState | None, position: int, heard_from: Moment | None
    ) -> None:
        """The newest loop from its first beat on: at once, or where a bar shall begin soon."""
        lead_in = round(_LEAD_IN * self._rate)
        first = max(position, self._quiet_until + round(_REST * self._rate)) + lead_in
        last = self._plan.last
        planned = None if last is None or last.entry.silent else last
        if planned is not None:
            first = planned.entry.origin
        elif heard_from is not None and control.bar_at != self._bar_at:
            asked = round(heard_from(control.bar_at))
            first = asked if first <= asked < position + _SOON * self._rate else first
        self._see_bar(control, None)
        for file in (_dreamed(control, dreamer), control.carried, control.source):
            if planned is not None and file == planned.entry.file:
                return
            found = self._library.load(file) if file else None
            if found is not None:
                self._plan.cancel_from(position + 1)
                entry = entries.from_the_top(_at(position, found), first, lead_in)
                self._plan.add(self._planned(entry, found, control.source_number, 1e3 * _LEAD_IN))
                self._waiting = None
                return

    def _see_bar(self, control: ControlState, heard_from: Moment | None) -> None:
        """Take note of a bar line that was asked for; one from before this process was there has had its time."""
        if control.bar_at != self._bar_at:
            if self._bar_at is not None and heard_from is not None and control.bar_at:
                self._line = heard_from(control.bar_at)
            self._bar_at = control.bar_at

    def _align(self, line: float, position: int) -> None:
        """Let the last loop go on where its bars fall on ``line``, from the next of them on."""
        last = self._plan.last
        if last is None:
            return
        by = entries.shift_to(last.entry, line)
        if by:
            moved = entries.shifted(last.entry, by, max(position, last.entry.start))
            self._plan.add(replace(last, entry=moved))
        elif last.entry.start < position:  # rendered: from now on all loops go on from it
            self._line = None

    def _silence(self, entry: Entry, source_number: int) -> PlannedLoop:
        silence = np.broadcast_to(np.float32(0.0), (2, entry.samples))
        return PlannedLoop(entry, silence, silence, round(_STOP_FADE * self._rate), source_number)

    def _planned(self, entry: Entry, found: LoadedLoop, source_number: int, fade_ms: float) -> PlannedLoop:
        fade = max(1, round(fade_ms * 1e-3 * self._rate))
        return PlannedLoop(entry, found.wet, found.dry, fade, source_number, found.correlation)


def _at(position: int, found: LoadedLoop) -> Entry:
    return Entry(position, position, found.loop, found.file, found.wet.shape[1], found.beats)


def _from_before(planned: PlannedLoop, control: ControlState, position: int) -> bool:
    """Whether ``planned`` is a dream of the current source that nothing has been rendered of."""
    entry = planned.entry
    dreamed = entry.loop > 0 and entry.file != control.carried and planned.source_number == control.source_number
    return dreamed and entry.start >= position


def _crossfade(control: ControlState) -> float:
    return float(control.values.get("playback/crossfade", 20.0))


def _dreamed(control: ControlState, dreamer: DreamerState | None) -> str:
    """File of the newest dream of the source; nothing if there is none, or only from before the loop that is recalled,
    which is not heard any more."""
    if dreamer is None or dreamer.loop <= 0 or dreamer.source_number != control.source_number:
        return ""
    return "" if _recalling(control, dreamer) else dreamer.file


def _recalling(control: ControlState, dreamer: DreamerState | None) -> bool:
    """Whether a loop is recalled that the dreamer has not taken yet."""
    return dreamer is not None and dreamer.recalls < control.recalls
