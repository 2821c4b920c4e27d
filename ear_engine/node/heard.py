"""Every loop once it is heard: in order, each entry of the schedule once, with its file and the moment it began."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ear_engine.shared_memory.loops import LoopFile, read_loop
from ear_engine.shared_memory.states import AudioState, Entry

_TRUSTED = 0.2  # seconds that a state is carried on for: what the audio process has not rendered yet may still change


@dataclass(frozen=True)
class Heard:
    """A loop that has begun to sound.

    Args:
        number: 1, 2, … in this node.
        entry: of the audio process's schedule; the same file enters again when that process was restarted.
        loop: the file, mapped: it stays whole for whoever holds it, also when it is removed; None if it cannot be read.
        time: ``clock.now()`` at which its first sample was heard.
    """

    number: int
    entry: Entry
    loop: LoopFile | None
    time: float


Listener = Callable[[Heard], None]


class HeardLoops:
    """Tells listeners of every entry of the schedule when it is heard; none is left out that the schedule still has.

    Args:
        folder: the session's loops.
    """

    def __init__(self, folder: Path) -> None:
        self.last: Heard | None = None
        """What is heard."""
        self._folder = folder
        self._listeners: list[Listener] = []
        self._pid = 0

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` for every loop from now on, in the order in which they are heard."""
        self._listeners.append(listener)

    def look(self, audio: AudioState, at: float) -> None:
        """See what has begun to sound by clock time ``at``; call it a few times a second."""
        moment = min(at, audio.time + _TRUSTED) - audio.latency
        position = audio.position + (moment - audio.time) * audio.sample_rate
        if audio.pid != self._pid:
            if self.last is not None and position < self.last.entry.start:  # it has begun to count anew
                self._tell_from(audio, -1, position)
            self._pid = audio.pid
        self._tell_from(audio, -1 if self.last is None else self.last.entry.start, position)

    def _tell_from(self, audio: AudioState, after: int, position: float) -> None:
        """Tell of the entries that begin later than ``after``, up to ``position``."""
        for entry in audio.schedule:
            if after < entry.start <= position:
                number = 1 if self.last is None else self.last.number + 1
                time = audio.time + audio.latency + (entry.start - audio.position) / audio.sample_rate
                self.last = heard = Heard(number, entry, self._open(entry.file), time)
                for listener in self._listeners:
                    listener(heard)

    def _open(self, file: str) -> LoopFile | None:
        try:
            return read_loop(self._folder / file)
        except (OSError, ValueError):
            return None
