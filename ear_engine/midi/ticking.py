"""A MIDI clock that goes out: 24 ticks a beat where the beat is heard, with start, stop, continue and position."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ear_engine.midi.clock_in import TICKS
from ear_engine.midi.controls import Pulse

_SIXTEENTH = 6  # ticks
_POSITIONS = 1 << 14  # sixteenths that a position can say
_LEAP = 6  # ticks by which the beat may move without a word


@dataclass(frozen=True)
class Line:
    """Where the beat is.

    Args:
        time: a clock time.
        beat: heard then, counted from the start.
        speed: beats a second.
        running: whether it is heard at all.
    """

    time: float
    beat: float
    speed: float
    running: bool = True

    def beat_at(self, time: float) -> float:
        """Beats at clock time ``time``."""
        return self.beat + (time - self.time) * self.speed

    def time_of(self, beat: float) -> float:
        """Clock time of a beat."""
        return self.time + (beat - self.beat) / self.speed


class Ticking:
    """Says which messages are due.

    Not thread-safe; whoever shares it locks.
    """

    def __init__(self) -> None:
        self._line: Line | None = None
        self._next = 0  # number of the next tick: beats from the start times 24
        self._playing = False  # whether start or continue was sent, and no stop
        self._stopped = False  # whether stop is to be sent

    def follow(self, line: Line | None, at: float) -> None:
        """The beat is on this ``line`` from clock time ``at`` on; None ends the clock.

        Ticks go on where nothing is heard, at the tempo of before. It begins, and goes on after a leap, at a sixteenth.
        """
        before, self._line = self._line, line
        here = 0.0 if line is None else line.beat_at(at) * TICKS
        if self._playing and (line is None or not line.running or abs(here - self._next) > _LEAP):
            self._playing, self._stopped = False, True
        if line is None:
            return
        if line.running and not self._playing:
            if before is None or not before.running or self._stopped or not here <= self._next <= here + _SIXTEENTH:
                self._next = max(0, math.ceil(here / _SIXTEENTH)) * _SIXTEENTH
        elif before is None or abs(here - self._next) > _LEAP:
            self._next = math.ceil(here)

    @property
    def next(self) -> float | None:
        """Clock time at which the next message is due; None if there is none."""
        if self._stopped:
            return float("-inf")
        return None if self._line is None else self._line.time_of(self._next / TICKS)

    def due(self, at: float) -> list[Pulse]:
        """What is to be sent at clock time ``at``."""
        found: list[Pulse] = []
        if self._stopped:
            self._stopped = False
            found.append(Pulse("stop"))
        line = self._line
        while line is not None and line.time_of(self._next / TICKS) <= at:
            if line.running and not self._playing:
                self._playing = True
                sixteenths = self._next // _SIXTEENTH % _POSITIONS
                found += [Pulse("position", sixteenths), Pulse("continue")] if sixteenths else [Pulse("start")]
            found.append(Pulse("clock"))
            self._next += 1
        return found
