"""Beats told ahead: each as a bundle whose time tag is the moment at which it is heard."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from ear_engine.osc.codec import bundle, encode
from ear_engine.osc.stream_names import BEAT
from ear_engine.shared_memory.clock import BAR, bars_at, heard_at, now
from ear_engine.shared_memory.states import AudioState, Entry

AHEAD = 0.15
"""Seconds before its time that a beat is told: by then it is rendered, and its tempo does not change any more."""
_LATE = 1.0  # seconds that a beat may be told late, if nobody could look before
_LEAST_GAP = 0.3  # of a beat, between two of them: a bar that is moved does not begin twice


class Beats:
    """Tells every beat once.

    Args:
        audio: latest state of the audio process.
        offset: seconds that beats are told to be earlier than they are heard.
        send: takes the packet of a beat.
        clock: seconds; :func:`ear_engine.shared_memory.clock.now`.
        wall: Unix seconds.
    """

    def __init__(
        self,
        audio: Callable[[], AudioState | None],
        offset: Callable[[], float],
        send: Callable[[bytes], None],
        clock: Callable[[], float] = now,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._audio = audio
        self._offset = offset
        self._send = send
        self._clock = clock
        self._wall = wall
        self._due = 0.0  # engine sample whose time it was in the last step
        self._last = float("-inf")  # engine sample of the last beat
        self._pid = 0

    def step(self) -> None:
        """Tell the beats that are due; call it every few hundredths of a second."""
        audio = self._audio()
        if audio is None:
            return
        seconds = self._clock() - audio.time - audio.latency + self._offset()
        due = audio.position + seconds * audio.sample_rate
        until = due + AHEAD * audio.sample_rate
        if audio.pid != self._pid:
            self._due, self._pid = due, audio.pid
            if self._last > until:  # it has not gone on from there
                self._last = float("-inf")
        since = min(due, self._due) if due - self._due < _LATE * audio.sample_rate else due
        self._due = due
        for entry, place in _beats(audio.schedule, max(since, self._last), until):
            step = entry.samples / entry.beats
            if place - self._last >= _LEAST_GAP * step:
                self._last = place
                moment = heard_at(audio, place) - self._offset() + self._wall() - self._clock()
                self._send(bundle(moment, _message(entry, place, audio.sample_rate)))


def _beats(schedule: list[Entry], after: float, until: float) -> Iterator[tuple[Entry, int]]:
    """Beats at samples beyond ``after`` up to ``until``, each with the entry that sounds there."""
    for number, entry in enumerate(schedule):
        end = schedule[number + 1].start if number + 1 < len(schedule) else float("inf")
        first = max(entry.start, int(after) + 1)
        if entry.silent or first >= end:
            continue
        loops, inside = divmod(first - entry.origin, entry.samples)
        beat = int(inside * entry.beats / entry.samples)
        while True:
            place = entry.origin + (loops + beat // entry.beats) * entry.samples
            place += round(beat % entry.beats * entry.samples / entry.beats)
            if place >= end or place > until:
                break
            if place >= first:
                yield entry, place
            beat += 1


def _message(entry: Entry, place: int, sample_rate: int) -> bytes:
    position = round((place - entry.origin) % entry.samples * entry.beats / entry.samples) % entry.beats
    tempo = entry.beats * 60.0 * sample_rate / entry.samples
    return encode(BEAT, bars_at(entry, place) + 1, position % BAR + 1, position, float(tempo))
