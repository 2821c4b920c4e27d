"""The loops that a session has at the moment: those that sound, those that wait for their turn, and a few before."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

from ear_engine.shared_memory.loops import LoopFile, loop_name, read_loop
from ear_engine.shared_memory.states import AudioState, ControlState, Entry, StateReader

MOST_NUMBER = 99_999_999  # as many digits as names of loops have
_REMEMBERED = 64


@dataclass(frozen=True)
class LoopFacts:
    """A loop, without its arrays.

    Args:
        loop: its number; 0 is the source.
        file: its name in the session's loops folder; of two loops in a session it is never the same.
        name: of the clip it descends from.
        seconds: length.
        frames: of its scalogram; 0 if nobody has listened to it.
        gradient: whether it has one.
        begins: ``clock.now()`` at which it is or was first heard, as far as the schedule goes; None if it waits.
    """

    loop: int
    file: str
    name: str
    beats: int
    seconds: float
    sample_rate: int
    frames: int
    objective: float
    step: int
    gradient: bool
    begins: float | None = None


class Shelf:
    """Finds loops by their number.

    Args:
        session: the session folder; nothing is written there.
    """

    def __init__(self, session: Path) -> None:
        self._folder, self._wavs = session / "loops", session / "wav"
        self._audio = StateReader(session, "audio", AudioState)
        self._control = StateReader(session, "control", ControlState)
        self._read: OrderedDict[str, LoopFacts] = OrderedDict()

    def loops(self) -> tuple[LoopFacts, ...]:
        """All there are, by their numbers."""
        names = {path.name for path in self._folder.glob("loop-*.ear")} | {self._source()}
        begins = self._begins()
        found = (self._facts(name, begins) for name in names if name)
        return tuple(sorted((facts for facts in found if facts is not None), key=lambda facts: facts.loop))

    def facts(self, number: int) -> LoopFacts | None:
        """Of the loop ``number`` (0: the source); None if it is not there, or no longer."""
        name = self._name(number)
        return self._facts(name, self._begins()) if name else None

    def open(self, number: int) -> LoopFile | None:
        """The loop ``number``, mapped; it stays whole for whoever holds it, even when its file is removed."""
        name = self._name(number)
        return _opened(self._folder / name) if name else None

    def wav(self, number: int) -> Path | None:
        """The WAV file that a dreamed loop was announced with, which stays a while longer; None if there is none."""
        if not 0 < number <= MOST_NUMBER:
            return None
        path = (self._wavs / loop_name(number)).with_suffix(".wav")
        return path if path.is_file() else None

    def gone(self, number: int) -> bool:
        """Whether there are later loops than the dreamed loop ``number``."""
        return 0 < number < max((int(path.stem[5:]) for path in self._folder.glob("loop-*.ear")), default=0)

    def close(self) -> None:
        """Unmap the slots."""
        self._audio.close()
        self._control.close()

    def _name(self, number: int) -> str:
        if not 0 <= number <= MOST_NUMBER:
            return ""
        return loop_name(number) if number else self._source()

    def _source(self) -> str:
        """Of what the newest loop 0 is in."""
        scheduled = [entry.file for entry in self._schedule() if entry.loop == 0]
        if scheduled:
            return scheduled[-1]
        control = self._control.read()
        return control.source if control is not None else ""

    def _schedule(self) -> list[Entry]:
        audio = self._audio.read()
        return audio.schedule if audio is not None else []

    def _begins(self) -> dict[str, float]:
        audio = self._audio.read()
        if audio is None:
            return {}
        heard = audio.time + audio.latency  # when what is at audio.position is heard
        found: dict[str, float] = {}
        for entry in audio.schedule:
            found.setdefault(entry.file, heard + (entry.start - audio.position) / audio.sample_rate)
        return found

    def _facts(self, name: str, begins: dict[str, float]) -> LoopFacts | None:
        facts = self._read.get(name)
        if facts is None:
            loop = _opened(self._folder / name)
            if loop is None:
                return None
            facts = self._read[name] = LoopFacts(
                loop.loop,
                name,
                loop.name,
                loop.beats,
                loop.seconds,
                loop.sample_rate,
                loop.frames,
                loop.objective,
                loop.step,
                loop.gradient is not None,
            )
            if len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        elif not (self._folder / name).exists():
            return None
        if name not in begins:
            return facts
        return replace(facts, begins=begins[name])


def _opened(path: Path) -> LoopFile | None:
    try:
        return read_loop(path)
    except (OSError, ValueError):  # pruned just now
        return None
