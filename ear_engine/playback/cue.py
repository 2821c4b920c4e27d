"""What the cue hears of what comes next: the newest dream, before it enters the hall or while it is kept out of it.

It is in phase with the hall, or on its beat where it has another length, and enters the cue at once. If nothing is
newer than what the hall plays, or is about to play, the cue hears that.
"""

from __future__ import annotations

from dataclasses import replace

from ear_engine.playback import entries
from ear_engine.playback.library import LoopLibrary
from ear_engine.playback.plan import Plan, PlannedLoop
from ear_engine.shared_memory.states import ControlState, DreamerState, Entry

_FADE = 0.02  # seconds


class Cue:
    """Puts loops into a plan of its own; :attr:`plan` is rendered beside the hall's.

    Args:
        library: of the session's loops.
        sample_rate: of the engine, Hz.
    """

    def __init__(self, library: LoopLibrary, sample_rate: int) -> None:
        self.plan = Plan()
        self._library = library
        self._fade = max(1, round(_FADE * sample_rate))
        self._seen: tuple[str, Entry] | None = None

    def tick(self, control: ControlState | None, dreamer: DreamerState | None, hall: Plan, position: int) -> None:
        """Look at the latest states; ``position`` is the first sample that is not rendered yet."""
        last = hall.last
        if control is None or last is None:
            return
        file = newest(control, dreamer) or last.entry.file
        if self._seen == (file, last.entry):
            return
        self._seen = file, last.entry
        planned = self._planned(file, last, position)
        if planned is None:
            return
        current = self.plan.last
        if current is None or not _goes_on(current.entry, planned.entry):
            self.plan.cancel_from(position)
            self.plan.add(planned)

    def _planned(self, file: str, last: PlannedLoop, position: int) -> PlannedLoop | None:
        if file == last.entry.file and not last.entry.silent:
            return replace(last, entry=replace(last.entry, start=position), fade=self._fade)
        found = self._library.load(file)
        if found is None:
            return None
        loop = Entry(position, position, found.loop, file, found.wet.shape[1], found.beats)
        entry = entries.following(last.entry, position, loop)
        return PlannedLoop(entry, found.wet, found.dry, self._fade, found.source_number)


def newest(control: ControlState, dreamer: DreamerState | None) -> str:
    """File of the newest dream of the source, after the last recall; nothing if there is none."""
    if dreamer is None or dreamer.loop <= 0 or dreamer.recalls < control.recalls:
        return ""
    return dreamer.file if dreamer.source_number == control.source_number else ""


def _goes_on(one: Entry, other: Entry) -> bool:
    """Whether ``other`` sounds as ``one`` does already."""
    if (one.file, one.samples) != (other.file, other.samples):
        return False
    return (one.origin - other.origin) % one.samples == 0
