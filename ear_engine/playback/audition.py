"""An excerpt of music over the loop: read once, entered with a fade, gone with one, the loop softer meanwhile.

Like the loop it is a planned signal (:mod:`ear_engine.playback.plan`), but without a plan ahead: it enters as soon as
the graph still takes it in. Signal *k*, an excerpt or the silence that ends one, enters at device sample ``start_k``:

    y_0 = silence,    y_k = y_(k-1) + w_k (x_k - y_(k-1)),

*w* a raised cosine from 0 to 1 in ``fade_k`` samples. How far the loop ducks is a third channel of the same signal: 1
in an excerpt, back to 0 after it. So neither ever has a step, however often one is asked for.

What is ended leaves the ring after what the graph may have read already, so it is heard for a tenth of a second more.
After a panic the graph itself silences it in 30 ms, until nothing of it is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.playback.events import EventLog
from ear_engine.playback.graph import Graph
from ear_engine.playback.library import read_stereo
from ear_engine.shared_memory.states import ControlState

_ENTER = 0.02  # seconds in which an excerpt comes,
_LEAVE = 0.06  # one that is ended goes,
_RETURN = 0.25  # and the loop comes back after one that has ended by itself
_MARGIN = 0.02  # seconds beyond the blocks that the graph may be computing
_MOST = 20.0  # seconds
_PANIC = "playback/panic"

Signal = NDArray[np.float32]  # (3, samples): left, right, how far the loop is ducked


@dataclass(frozen=True)
class _Entered:
    """A signal, zero after its end, that begins at device sample ``start``, ``fade`` samples until it is all there."""

    start: int
    signal: Signal
    fade: int


class Audition:
    """Follows ``ControlState.audition``; each file is taken once.

    Args:
        loops: the session's loops folder.
        graph: that has a ring for excerpts.
        device_rate: Hz; a file of another rate is refused.
        buffer_size: of the graph.
        events: told of what cannot sound.
        taken: file that a process before this one has taken.
    """

    def __init__(
        self, loops: Path, graph: Graph, device_rate: int, buffer_size: int, events: EventLog, taken: str = ""
    ) -> None:
        self.taken = taken
        """The last file that was taken."""
        self._loops = loops
        self._graph = graph
        self._rate = device_rate
        self._margin = 2 * buffer_size + graph.delay + round(_MARGIN * device_rate)
        self._events = events
        self._entered: list[_Entered] = []
        self._written = 0  # first device sample that is not in the ring, while anything sounds
        self._end = 0  # of the newest excerpt
        self._wanted = taken
        self._panics: int | None = None  # how many there were
        self._silenced: int | None = None  # device sample until which nothing shall be heard

    def tick(self, control: ControlState, played: int, until: int) -> None:
        """Begin or end what is asked for, and fill the ring.

        Args:
            control: the latest.
            played: device samples that have left the graph.
            until: device sample up to which the ring is filled.
        """
        self._calm(control.triggers.get(_PANIC, 0), played)
        if control.audition != self._wanted:
            self._wanted = control.audition
            if control.audition:
                self._begin(control.audition, played)
            elif self._entered:
                self._enter(np.zeros((3, 0), np.float32), _LEAVE, played)
                self._end = played
        self._fill(played, until)

    def _calm(self, panics: int, played: int) -> None:
        """After a panic nothing of what was there is heard; what comes after it is."""
        if self._panics is not None and panics > self._panics:
            self._silenced = played + self._margin + round(_LEAVE * self._rate)
            self._graph.let_over(False)
        elif self._silenced is not None and played > self._silenced:
            self._silenced = None
            self._graph.let_over(True)
        self._panics = panics

    def left(self, played: float) -> float:
        """Seconds of the excerpt that have not left the graph at device sample ``played``."""
        return max(0.0, (self._end - played) / self._rate)

    def _begin(self, file: str, played: int) -> None:
        self.taken = file
        try:
            audio = self._read(file)
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = "it is gone" if isinstance(error, FileNotFoundError) else str(error) or type(error).__name__
            self._events.report("warning", "audition_refused", f"The excerpt cannot sound ({reason}); ask again.")
            return
        count, back = audio.shape[1], round(_RETURN * self._rate)
        signal = np.zeros((3, count + back), np.float32)
        signal[:2, :count] = audio
        signal[2, :count] = 1.0
        signal[2, count:] = _cosine(back)[::-1]
        out = min(round(_ENTER * self._rate), count)
        signal[:2, count - out : count] *= _cosine(out)[::-1]
        self._enter(signal, _ENTER, played)
        self._end = self._entered[-1].start + count

    def _read(self, file: str) -> Signal:
        audio, rate = read_stereo(self._loops / file)
        if rate != self._rate:
            raise ValueError(f"its rate is {rate} Hz, not the device's {self._rate} Hz")
        if audio.shape[1] > _MOST * rate:
            raise ValueError(f"it is longer than {_MOST:.0f} s")
        return audio

    def _enter(self, signal: Signal, seconds: float, played: int) -> None:
        start = played + self._margin
        if not self._entered:
            self._written = start
        self._entered.append(_Entered(start, signal, max(1, round(seconds * self._rate))))
        self._written = min(self._written, start)  # what is in the ring after it is written again

    def _fill(self, played: int, until: int) -> None:
        if not self._entered:
            return
        if played > self._written:  # the graph has run ahead, and has played silence
            self._written = played + self._margin
        if until > self._written:
            self._graph.write_over(self._written, self._render(self._written, until - self._written))
            self._written = until
        self._forget(played)

    def _render(self, start: int, count: int) -> Signal:
        made = np.zeros((3, count), np.float32)
        for entered in self._entered:
            first = min(max(entered.start - start, 0), count)
            full = min(max(entered.start + entered.fade - start, 0), count)
            place = start + first - entered.start
            part = entered.signal[:, place : place + count - first]
            coming = np.zeros((3, count - first), np.float32)
            coming[:, : part.shape[1]] = part
            weight = _cosine(entered.fade)[place : place + full - first]
            made[:, first:full] += weight * (coming[:, : full - first] - made[:, first:full])
            made[:, full:] = coming[:, full - first :]
        return made

    def _forget(self, played: int) -> None:
        """Let go of what cannot be heard any more."""
        settled = [number for number, one in enumerate(self._entered) if one.start + one.fade <= played]
        if settled:
            self._entered = self._entered[settled[-1] :]
        newest = self._entered[-1]
        if max(newest.start + newest.fade, newest.start + newest.signal.shape[1]) <= min(played, self._written):
            self._entered = []


def _cosine(count: int) -> NDArray[np.float32]:
    """Rising from 0 to 1 in ``count`` samples."""
    rising: NDArray[np.float32] = (0.5 - 0.5 * np.cos((np.arange(count) + 0.5) * (np.pi / count))).astype(np.float32)
    return rising
