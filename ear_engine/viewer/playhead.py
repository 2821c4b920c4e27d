"""Where the sound is between two messages: a clock that follows the engine's, without its jitter and without jumps."""

from __future__ import annotations

import math
from collections import deque

from ear_engine.viewer.model import Heard

_WINDOW = 1.5  # seconds of messages that are looked at
_EARLY = 0.2  # quantile of what they say: messages may be late, never early
_PULL = 0.35  # seconds in which a difference is made up for
_MOST = 0.08  # share by which the phase may then run faster or slower
_JUMP = 0.15  # seconds beyond which it is no jitter but another loop, or another start
_SURE = 3  # messages in a row that say so
_LOST = 1.0  # seconds without a message after which nothing is known
_SLOPE = 0.3  # seconds of messages that tell how fast the phase goes


class PlayheadClock:
    """Turns messages of ``/ear/playhead``, each a little late, into a phase at any moment.

    The phase goes on evenly and never backward; small differences are made up for by going a little faster or slower,
    large ones (another clip, a new engine) at once.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()  # when, and turns of the loop so far (phase, unwrapped)
        self._loop = 0
        self._beats_a_turn = 0.0
        self._seconds = 0.0
        self._given = 0.0
        self._at = -math.inf  # moment of the anchor,
        self._turns = 0.0  # turns at it
        self._speed = 0.0  # and turns a second from there on
        self._off = 0

    def clear(self) -> None:
        """Forget everything: another engine."""
        self.__init__()  # type: ignore[misc]

    def add(self, at: float, loop: int, phase: float, beat: float, seconds: float = 0.0) -> None:
        """Take a message.

        Args:
            at: seconds on this machine's clock at which it came; not before the one before.
            loop: number of the loop that is heard.
            phase: 0..1 in it.
            beat: 0..beats.
            seconds: length of the loop, if it is known.
        """
        self._loop, self._given = loop, seconds
        if phase > 0.02:
            self._beats_a_turn = beat / phase
        if self._seen and at - self._seen[-1][0] > _LOST:
            self._seen.clear()
        if self._seen:
            before = self._seen[-1]
            wanted = before[1] + (at - before[0]) / self._seconds if self._seconds else before[1]
            turns = phase + round(wanted - phase) if self._seconds else _after(before[1], phase)
        else:
            turns = phase
        self._seen.append((at, turns))
        while self._seen[0][0] < at - _WINDOW:
            self._seen.popleft()
        self._seconds = self._length()
        self._follow(at)

    def at(self, when: float, ahead: float = 0.0) -> Heard | None:
        """Where the sound is at ``when``; None if nothing is known.

        Args:
            when: seconds on this machine's clock.
            ahead: seconds that are added, for displays that are late.
        """
        if not self._seen or when - self._seen[-1][0] > _LOST:
            return None
        turns = self._turns + (when + ahead - self._at) * self._speed
        phase = min(turns % 1.0, math.nextafter(1.0, 0.0))
        return Heard(self._loop, phase, phase * self._beats_a_turn, when, self._seconds)

    @property
    def seconds(self) -> float:
        """Length of the loop as far as it is known; 0 if it is not."""
        return self._seconds

    def _length(self) -> float:
        """As it was given, unless messages say otherwise by a tenth or more; else what they say."""
        first, last = self._seen[0], self._seen[-1]
        span, turns = last[0] - first[0], last[1] - first[1]
        if span < _SLOPE or turns <= 0.0:
            return self._given or self._seconds
        told = span / turns
        if not math.isfinite(told):
            return self._given or self._seconds
        return self._given if self._given and abs(told / self._given - 1.0) < 0.1 else told

    def _follow(self, at: float) -> None:
        if not self._seconds:
            self._turns, self._at, self._speed = self._seen[-1][1], at, 0.0
            return
        rate = 1.0 / self._seconds
        here = self._turns + (at - self._at) * self._speed if math.isfinite(self._at) else math.inf
        newest = abs(self._seen[-1][1] - here) * self._seconds
        self._off = self._off + 1 if newest > _JUMP else 0
        if not math.isfinite(here) or self._off >= _SURE or not self._speed:
            self._seen = deque([self._seen[-1]])
            self._turns, self._at, self._speed, self._off = self._seen[-1][1], at, rate, 0
            return
        if self._off:  # wait for the next ones before believing it
            return
        said = sorted(turns + (at - when) * rate for when, turns in self._seen)  # what each says of this moment
        late = said[int((len(said) - 1) * (1.0 - _EARLY))] - here
        change = max(-_MOST, min(_MOST, late * self._seconds / _PULL))
        self._turns, self._at, self._speed = here, at, rate * (1.0 + change)


def _after(turns: float, phase: float) -> float:
    """The first moment from ``turns`` on that has this ``phase``."""
    found = math.floor(turns) + phase
    return found + 1.0 if found < turns - 0.5 else found
