"""A MIDI clock that comes in: its tempo and where its beat is, through jitter, lost ticks and jumps.

A filter of second order predicts each tick and corrects phase and period by what it misses (an alpha-beta filter; its
gains are those of a straight line fitted to all ticks so far, for ``MEMORY`` ticks at most: Brookner, Tracking and
Kalman Filtering Made Easy, 1998, section 1.2.10). Ticks are counted by the time that passes, so a lost one leaves no
trace; but where jitter is nearly as wide as a tick, or the tempo has jumped, by those that came: else one that is late
would be taken for a lost one, and the beat would lie wrong from then on.
"""

from __future__ import annotations

from collections import deque
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from ear_engine.midi.controls import Pulse

TICKS = 24
"""In a beat."""
MEMORY = 96
"""Ticks by which the filter goes at most."""
_FIRST = 24  # ticks before the filter begins
_SURE = 48  # before a tempo is told
_SILENT = 1.0  # seconds without a tick after which the clock has stopped coming
_OTHER = 0.12  # share by which intervals differ from the period if the tempo has jumped
_ASTRAY, _JITTER = 0.24, 0.005  # share of a period, and seconds, of the mean miss of a filter that has lost its way
_WIDE = 0.2  # share of a period of the mean miss from which on jitter looks like lost ticks
_CLEARER = 0.65  # how much better a line through ticks must fit if some are taken for lost
_SPARSE = 1.4  # periods between any two ticks of a beat, if they come from a slower clock
_COARSE, _COARSE_TICKS = 0.004, 12  # share of the tempo, and for how many ticks it has to be off to be told anew
_FINE, _FINE_TICKS = 0.0012, 96
_SIXTEENTH = 6  # ticks


class ClockIn:
    """Listens to one clock."""

    def __init__(self) -> None:
        self.running = False
        """Whether it has said start or continue, and not stop."""
        self.tempo: float | None = None
        """Beats a minute, changed only if the clock's really does; None until that is known."""
        self._raw: deque[float] = deque(maxlen=_FIRST)  # times of ticks
        self._numbers: deque[int] = deque(maxlen=_FIRST)  # and their numbers
        self._forget()
        self._cue: int | None = None  # position of the next tick
        self._base: tuple[int, int] | None = None  # a tick's number, and its position

    def _forget(self) -> None:
        self._raw.clear()
        self._numbers.clear()
        self._number = -1  # of the last tick, lost ones counted
        self._came = -1  # the same without lost ones
        self._anchor = (0, 0)  # both of a tick that was counted rightly, as far as can be known
        self._sure = True  # whether jitter is so small that lost ticks can be told
        self._time = 0.0  # of that tick, filtered
        self._period = 0.0  # seconds; 0 is not known
        self._heard = 0  # ticks by which it goes
        self._noise = 0.0  # mean square of what it misses, as a part of the way from tick to tick
        self._missed = 0.0  # and as it counts them
        self._off = [0, 0]  # ticks in a row that were off in tempo, coarsely and finely

    def take(self, pulse: Pulse, at: float) -> None:
        """One message of the clock, which came at clock time ``at``."""
        if pulse.beat == "clock":
            self._tick(at)
        elif pulse.beat == "position":
            self._cue = pulse.sixteenths * _SIXTEENTH
        else:
            self.running = pulse.beat != "stop"
            if pulse.beat == "start":
                self._cue = 0
            elif pulse.beat == "stop" and self._base is not None:
                self._cue, self._base = self._position(self._number) + 1, None

    def alive(self, at: float) -> bool:
        """Whether ticks come."""
        return bool(self._raw) and at - self._raw[-1] < _SILENT

    @property
    def estimate(self) -> float | None:
        """Beats a minute as they are known just now, which changes with every tick."""
        return 60.0 / (self._period * TICKS) if self._period else None

    @property
    def beat(self) -> tuple[float, float] | None:
        """Position in beats from the start, and its clock time; None if the clock has not said where it is."""
        if self._base is None or not self._period or not self.running:
            return None
        return self._position(self._number) / TICKS, self._time

    @property
    def time(self) -> float:
        """Clock time of the last tick, filtered."""
        return self._time

    def _position(self, number: int) -> int:
        assert self._base is not None
        return self._base[1] + number - self._base[0]

    def _tick(self, at: float) -> None:
        if self._raw and not 0 <= at - self._raw[-1] < _SILENT:
            position = None if self._base is None else self._position(self._number) + 1
            self._forget()
            if position is not None and self._cue is None:
                self._cue, self._base = position, None
        self._raw.append(at)
        if self._period:
            self._follow(at)
        else:
            self._number += 1
            self._came += 1
            self._time = at
        self._numbers.append(self._number)
        if len(self._raw) == _FIRST:
            if not self._period:
                self._fit()
            elif self._jumped():
                self._fit(_CLEARER)
        if self._cue is not None and self.running:
            self._base, self._cue = (self._number, self._cue), None
            self._anchor = self._came, self._number
        self._tell()

    def _follow(self, at: float) -> None:
        since = (at - self._time) / self._period
        wrapped = (since - round(since)) * self._period
        self._noise += (wrapped**2 - self._noise) / _FIRST
        self._came += 1
        was, limit = self._sure, _ASTRAY if self._sure else _WIDE
        self._sure = self._noise < (limit * self._period) ** 2
        if was and not self._sure:
            since += self._recount()
        passed = max(0, round(since)) if self._sure else 1
        miss = (since - passed) * self._period
        self._missed += (miss**2 - self._missed) / _FIRST
        phase, slope = gains(min(self._heard, MEMORY))
        self._heard += 1
        self._number += passed
        self._time += passed * self._period + miss * phase
        self._period += miss * slope
        if self._sure and len(self._numbers) == _FIRST:
            self._anchor = max(self._anchor, (self._came - _FIRST, self._numbers[0]))

    def _recount(self) -> int:
        """Take back what looked like lost ticks since the anchor: it was jitter, or another tempo; return how many."""
        came, number = self._anchor
        first = self._came - len(self._numbers)  # of the numbers; the newest tick has none yet
        counted = (max(place - came, 0) + number for place in range(first, self._came))
        known = zip(range(first, self._came), self._numbers, counted, strict=True)
        self._numbers = deque((old if place <= came else new for place, old, new in known), maxlen=_FIRST)
        lost = self._number - self._numbers[-1]
        self._number, self._time = self._numbers[-1], self._time - lost * self._period
        return lost

    def _jumped(self) -> bool:
        """Whether the ticks of the last beat seem to have another tempo than the filter, in the mean and for most of
        them; or the filter misses most of them, as it does if it has counted wrongly."""
        if self._period <= 0:
            return True
        intervals = np.diff(list(self._raw))
        typical, mean = median(intervals) / self._period - 1.0, fmean(intervals) / self._period - 1.0
        if min(typical, mean) > _OTHER or max(typical, mean) < -_OTHER:
            return True
        return self._heard >= 2 * _FIRST and self._noise > max(_ASTRAY * self._period, _JITTER) ** 2

    def _fit(self, share: float | None = None) -> None:
        """Begin with the straight line through the last ticks; if ``share`` is given, only if it misses no more than
        that share of what the filter does, or ticks are so far apart that no tempo has lost ones in between."""
        times = np.array(self._raw)
        plain, numbers = np.arange(len(times)), counted(times)
        slope, start, missed = _fitted(times, numbers)
        faster = median(np.diff(times)) < self._period * (1.0 - _OTHER)  # then those of the tempo before look like gaps
        if faster or not self._sure or missed > min(_CLEARER * _fitted(times, plain)[2], _WIDE * slope):
            numbers = plain
            slope, start, missed = _fitted(times, plain)
        sparse = bool(np.diff(times).min() > _SPARSE * self._period)
        if share is not None and missed > share * self._missed**0.5 and not sparse:
            return
        self._period = max(slope, 1e-3)
        self._time = start + slope * float(numbers[-1])
        self._heard = len(times)
        self._noise = self._missed = missed**2
        place = self._anchor[0] - self._came + len(times) - 1  # of the anchor among these ticks
        first = self._anchor[1] - (int(numbers[place]) if place >= 0 else place)
        self._numbers = deque((first + int(number) for number in numbers), maxlen=_FIRST)
        self._number = self._numbers[-1]

    def _tell(self) -> None:
        estimate = self.estimate
        if estimate is None or self._heard < _SURE:
            return
        if self.tempo is None:
            self.tempo = rounded(estimate)
            return
        share = abs(estimate / self.tempo - 1.0)
        for place, (limit, ticks) in enumerate(((_COARSE, _COARSE_TICKS), (_FINE, _FINE_TICKS))):
            self._off[place] = self._off[place] + 1 if share > limit else 0
            if self._off[place] >= ticks:
                self.tempo = rounded(estimate)
                self._off = [0, 0]
                return


def rounded(tempo: float) -> float:
    """The tempo that is meant: a half or whole number of beats a minute if it is that within a tenth."""
    half = round(tempo * 2) / 2
    return half if abs(tempo - half) <= 0.1 else round(tempo, 2)


def gains(count: int) -> tuple[float, float]:
    """How much of what was missed goes to phase and period after ``count`` ticks."""
    return 2 * (2 * count + 1) / ((count + 1) * (count + 2)), 6 / ((count + 1) * (count + 2))


def counted(times: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers of ticks at these ``times``, in which lost ones leave gaps."""
    period = float(np.median(np.diff(times))) or 1e-3
    number, at, numbers = 0, float(times[0]), [0]
    for place, time in enumerate(map(float, times[1:])):
        passed = max(0, round((time - at) / period))
        miss = time - at - passed * period
        phase, slope = gains(place + 6)
        number, at = number + passed, at + passed * period + miss * phase
        period = max(period + miss * slope, 1e-3)
        numbers.append(number)
    return np.array(numbers)


def _fitted(times: NDArray[np.float64], numbers: NDArray[np.int64]) -> tuple[float, float, float]:
    """Seconds of a tick, time of the tick 0, and the root of the mean square of what is missed."""
    if numbers[-1] == 0:
        return 1e-3, float(times[-1]), float("inf")
    slope, start = np.polyfit(numbers, times - times[0], 1)
    missed = times - times[0] - start - slope * numbers
    return float(slope), float(times[0] + start), float(np.sqrt(np.mean(missed**2)))
