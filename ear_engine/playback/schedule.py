"""Which loop enters when: the latest one, on the beat, and never silence in between."""

from __future__ import annotations

from typing import Any

from ear_engine.playback.library import LoadedLoop, LoopLibrary
from ear_engine.playback.plan import Plan, PlannedLoop, continued_origin
from ear_engine.shared_memory.clock import next_boundary
from ear_engine.shared_memory.states import ControlState, DreamerState, Entry

_DIVISION = {"half": 0.5, "beat": 1.0, "bar": 4.0, "loop": 0.0}
_DREAM_WAIT = 1.5  # seconds a new source waits for its first dream
_ALIVE = 2.0  # seconds after which a silent dreamer is not waited for


class Scheduler:
    """Puts loops into ``plan``, always at or after the position that is not rendered yet.

    Before the first dream the source itself sounds, as loop 0, at once. A newer loop enters at the next grid point; an
    entry that is not rendered yet gives way to a newer one. A new source waits up to 1.5 s for its first dream, then
    enters itself. What cannot be loaded is reported and skipped.
    """

    def __init__(self, plan: Plan, library: LoopLibrary, sample_rate: int) -> None:
        self._plan = plan
        self._library = library
        self._rate = sample_rate
        self._waiting: tuple[int, float] | None = None  # source number, since when

    def tick(self, control: ControlState | None, dreamer: DreamerState | None, position: int, at: float) -> None:
        """Look at the latest states; ``position`` is the first sample not rendered yet, ``at`` the clock's time."""
        if control is None or not control.source:
            return
        last = self._plan.last
        if dreamer is not None and dreamer.file and dreamer.loop > 0 and dreamer.source_number == control.source_number:
            if last is not None and last.entry.file == dreamer.file:
                self._waiting = None
                return
            if self._enter(dreamer.file, control, position):
                return
        if last is None:
            self._enter(control.source, control, position)
        elif last.source_number != control.source_number and not self._worth_waiting(control, dreamer, at):
            self._enter(control.source, control, position)

    def restore(self, schedule: list[Entry], position: int) -> None:
        """Take up another process's schedule at ``position``: the loop of that moment, fading in at its phase."""
        past = [entry for entry in schedule if entry.start <= position]
        future = [entry for entry in schedule if entry.start > position]
        self._plan.remember(past)
        for entry in [*past[-1:], *future]:
            found = self._library.load(entry.file)
            if found is None or found.wet.shape[1] != entry.samples:
                continue
            start = max(entry.start, position)
            again = Entry(start, entry.origin, entry.loop, entry.file, entry.samples, entry.beats)
            self._plan.add(self._planned(again, found, found.source_number, 20.0))

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
        samples = found.wet.shape[1]
        start = origin = position
        past = self._plan.schedule()
        if last is not None:
            division = _DIVISION.get(str(values.get("playback/quantize", "beat")), 1.0)
            if values.get("dream/autopilot") and last.source_number != control.source_number and division:
                division = max(division, _DIVISION["bar"])  # its new loops come on the bar, as all it does
            start = next_boundary(position, last.entry, division)
            origin = continued_origin(last.entry, start, samples, found.beats)
        elif past:  # the loop that sounded could not be loaded again: its clock still counts
            origin = continued_origin(past[-1], start, samples, found.beats)
        entry = Entry(start, origin, found.loop, file, samples, found.beats)
        fade = float(values.get("playback/crossfade", 20.0))
        self._plan.add(self._planned(entry, found, control.source_number, fade))
        self._waiting = None
        return True

    def _planned(self, entry: Entry, found: LoadedLoop, source_number: int, fade_ms: float) -> PlannedLoop:
        fade = max(1, round(fade_ms * 1e-3 * self._rate))
        return PlannedLoop(entry, found.wet, found.dry, fade, source_number, found.correlation)
