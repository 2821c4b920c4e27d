"""Where the device is at a given moment, and when it has missed a beat of its own.

A driver tells neither the time of its blocks nor its underruns (pyo hides both), but its sample counter does. Seen at
time *t*, a counter of *P* samples gives ``t - P / rate``: the start of a device that never stopped, plus however late
we looked. The least of some in a row is near that start; below all of these of the last minute lies a line, the clock
of the device: that one of the edges of their lower hull over the middle of the time (the least sum of distances
from above; Moon, Skelly, Towsley, "Estimation and removal of clock skew from network delay measurements", 1999). Over
25 s it wandered by 2.5 samples (99 % of the time; measured beside a full processor), over a minute by 0.7.

We look when a block is due, now a little sooner, now a little later (:meth:`Timeline.pause`), so that what is seen is
seen at once: every 5 ms alone, the position wanders by 10 samples (99 % of the time; simulated, as in the tests), so by
less than one.

If even the least of some in a row has moved later by more than a quarter of a block, the device stood still in between:
one dropout. A device whose clock is wrong by 1000 ppm moves by 0.2 ms in that time and is followed, not counted. So is
one that has jumped ahead, or has lain behind for a while: what was seen before that is forgotten, but not how fast its
clock is.
"""

from __future__ import annotations

from collections import deque
from itertools import islice, pairwise

_BUCKET = 8  # observed blocks at least,
_LASTING = 0.16  # and seconds of sound at least, of which the least counts
_SEEN = 60.0  # seconds of sound over which the clock is found
_RECENT = 8  # buckets against which a dropout shows
_LEAST_SHIFT = 0.004  # seconds; block times of a real driver are not cleaner than this
_BESIDE = 0.0005  # seconds beside its clock at which a device makes what was seen before worth nothing
_SOON = 1.5  # seconds over which the start is found until it is known how fast the clock is:
_SPAN = 6.0  # seconds of which have to be seen
_MOST = 1e-3  # by which it may be wrong, ratio
_AROUND = 0.0002  # seconds around the moment at which a block is due
_JUST_BEFORE = 0.001  # seconds before it: what has been decided until then is in the block
_GOLDEN = 0.6180339887498949


class Timeline:
    """Fed with (position, time) whenever the counter is seen to have moved."""

    def __init__(self, rate: int, buffer_size: int) -> None:
        self._rate = rate
        self._block = buffer_size / rate
        self._threshold = max(_LEAST_SHIFT, self._block / 4)
        self._past: deque[tuple[float, float]] = deque()  # seconds of sound, start as seen then
        self._bucket: list[tuple[float, float]] = []  # start as seen, seconds of sound
        self._zero = 0.0  # clock time of sample 0, if the device had always run as it does now
        self._drift = 0.0  # seconds that the clock gains in a second of sound
        self._known = False  # whether it was found
        self._turn = 0.0
        self.dropouts = 0
        self.observed = 0

    def observe(self, position: int, time: float) -> None:
        """The counter was seen to have reached ``position`` at ``time``."""
        self.observed += 1
        self._turn = (self._turn + _GOLDEN) % 1.0
        sound = position / self._rate
        self._bucket.append((time - sound, sound))
        if len(self._bucket) < _BUCKET or sound - self._bucket[0][1] < _LASTING:
            if not self._past:
                self._zero = min(self._bucket)[0] - self._drift * sound
            return
        least, sound = min(self._bucket)
        self._bucket.clear()
        before = min((start for _, start in islice(reversed(self._past), _RECENT)), default=least)
        stood = least - before > self._threshold
        self.dropouts += stood
        if stood or least < before - _BESIDE:
            self._past.clear()
        self._past.append((sound, least))
        while sound - self._past[0][0] > _SEEN:
            self._past.popleft()
        self._follow()

    def position_at(self, time: float) -> float:
        """Samples that have left the graph at ``time``.

        Raises:
            ValueError: nothing was observed yet.
        """
        if not self.observed:
            raise ValueError("nothing was observed yet")
        return (time - self._zero) / (1.0 + self._drift) * self._rate

    def pause(self, time: float, longest: float) -> float:
        """Seconds to wait from ``time`` on, at most ``longest``, until it is worth looking again: just before a block
        is due and when it is."""
        if len(self._past) < 2:
            return longest
        pace = self._block * (1.0 + self._drift)
        blocks = (time + longest + _AROUND - self._zero) // pace
        due = self._zero + blocks * pace
        for look in (due - _JUST_BEFORE, due + (2.0 * self._turn - 1.0) * _AROUND, due + _AROUND):
            if time < look < time + longest:
                return look - time
        return longest

    def _follow(self) -> None:
        """Lay the line below all that was seen."""
        past = self._past
        behind = (
            start - self._drift * sound - self._zero > _BESIDE for sound, start in islice(reversed(past), _RECENT)
        )
        if len(past) > _RECENT and all(behind):
            while len(past) > _RECENT:
                past.popleft()
        if past[-1][0] - past[0][0] >= _SPAN:
            self._drift, self._known = self._found(), True
        since = past[0][0] if self._known else past[-1][0] - _SOON
        self._zero = min(start - self._drift * sound for sound, start in past if sound >= since)

    def _found(self) -> float:
        """Drift of the edge of the lower hull over the middle of what was seen."""
        past = self._past
        hull: list[tuple[float, float]] = []
        for point in past:
            while len(hull) > 1 and not _turns_left(hull[-2], hull[-1], point):
                hull.pop()
            hull.append(point)
        middle = (past[0][0] + past[-1][0]) / 2.0
        first, last = next(edge for edge in pairwise(hull) if edge[1][0] >= middle)
        return min(max((last[1] - first[1]) / (last[0] - first[0]), -_MOST), _MOST)


def _turns_left(one: tuple[float, float], two: tuple[float, float], three: tuple[float, float]) -> bool:
    """Whether the second of three points, in order, lies below the line from the first to the third."""
    return (two[1] - one[1]) * (three[0] - one[0]) < (three[1] - one[1]) * (two[0] - one[0])
