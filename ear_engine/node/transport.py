"""The transport: tempo, start and stop, and the bar line, for whoever keeps time with the engine.

What is heard comes from the audio process's schedule; what is asked for goes through the control log. A clock from
outside (Ableton Link, MIDI) is followed with hysteresis: its tempo is taken over when it has really changed; where it
has not, the loop is shifted by whole samples at a bar line as soon as the two are further apart than one hears.
"""

from __future__ import annotations

from collections.abc import Callable

from ear_engine.control import ControlLog
from ear_engine.shared_memory.clock import BAR, now, playhead
from ear_engine.shared_memory.states import AudioState

RUN = "playback/run"
TEMPO = "playback/tempo"
FIT = "source/fit"

_TEMPO_STEP = 0.05  # BPM by which another clock's tempo must differ to be taken over
_SAME = 0.005  # share by which two tempi may differ that are kept together by their bars alone
_TOLERANCE = 0.003  # seconds that bar lines may lie apart
_SURE = 0.3  # seconds for which they must: after a dropout it takes a moment until it is known where the sound is
_AHEAD = 0.5  # seconds before it is heard that a bar line is moved: the audio process renders 0.15 s ahead


class Transport:
    """Time as it is heard, and who sets it.

    Args:
        control: starts, stops and tempi are changes of it.
        audio: latest state of the audio process; None while there is none.
        clock: seconds; :func:`ear_engine.shared_memory.clock.now`.
    """

    def __init__(
        self, control: ControlLog, audio: Callable[[], AudioState | None], clock: Callable[[], float] = now
    ) -> None:
        self._control = control
        self._audio = audio
        self._clock = clock
        self._settled = 0.0  # clock time by which the last shift has been heard
        self._apart: tuple[float, float] | None = None  # since when bars lie apart, and by how many seconds

    @property
    def tempo(self) -> float:
        """Beats a minute: of what is heard; before anything is, of what was asked for."""
        audio = self._audio()
        head = None if audio is None else playhead(audio, self._clock())
        if audio is None or head is None:
            return self.wanted
        return head.entry.beats * 60.0 * audio.sample_rate / head.entry.samples

    @property
    def wanted(self) -> float:
        """Beats a minute that were asked for; they are heard from the next bar on."""
        return float(self._control.tree.values[TEMPO])

    @property
    def led(self) -> bool:
        """Whether the clip decides the tempo, so that no other clock can."""
        return self._control.tree.values[FIT] == "clip_tempo"

    @property
    def running(self) -> bool:
        """Whether it plays, or shall."""
        return bool(self._control.tree.values[RUN])

    def beat_at(self, time: float) -> float | None:
        """Beats from the start (0, the first beat) to what is heard at clock time ``time``.

        They go on through changes of loop and tempo, as far ahead as the schedule is known; modulo 4 they are the
        position in the bar, if loops have whole bars. None while nothing is heard.
        """
        audio = self._audio()
        head = None if audio is None else playhead(audio, time)
        if head is None or head.entry.silent or head.position < head.entry.start:
            return None
        return head.count

    def start(self, origin: str, at: float | None = None) -> None:
        """Begin with the loop's first beat: at once, or so that it is heard at clock time ``at``, soon."""
        if not self.running:
            self._control.align(0.0 if at is None else at, origin, {RUN: True})

    def stop(self, origin: str) -> None:
        """Silence at once."""
        self._control.apply({RUN: False}, origin)

    def continue_(self, origin: str) -> None:
        """Go on after a stop: from the loop's first beat, for that is where a stopped loop stands; :meth:`follow` then
        says where the bar is."""
        self.start(origin)

    def follow(self, tempo: float, beat: float, at: float, origin: str) -> bool:
        """Keep time with another clock; call it a few times a second.

        Args:
            tempo: its beats a minute.
            beat: its position in the bar of four beats.
            at: clock time of that position.
            origin: who it is.

        Returns:
            whether it can be followed: not beyond 20 to 300 BPM, and not while a clip leads with another tempo.
        """
        row = self._control.tree[TEMPO]
        if not row.low <= tempo <= row.high:
            return False
        if abs(tempo - self.wanted) >= _TEMPO_STEP:
            if not self.led:
                self._control.apply({TEMPO: round(tempo, 2)}, origin)
                return True
            if abs(tempo / self.wanted - 1.0) > _SAME:
                return False
        self._keep_bars(tempo, beat, at, origin)
        return True

    def _keep_bars(self, tempo: float, beat: float, at: float, origin: str) -> None:
        """Ask for a shift if our bar line is not where the other clock's next one is."""
        moment, audio = self._clock(), self._audio()
        if not self.running or audio is None or moment < self._settled:
            return
        seconds = 60.0 / tempo
        line = at - beat * seconds
        line += -(-(moment + _AHEAD - line) // (BAR * seconds)) * BAR * seconds
        head = playhead(audio, line)
        if head is None or head.entry.silent or abs(self.tempo / self.wanted - 1.0) > _SAME:
            return  # a new tempo is on its way
        cycle = BAR if head.entry.beats % BAR == 0 else 1  # a loop of six beats has no bars that go on for ever
        apart = ((head.beat + cycle / 2) % cycle - cycle / 2) * seconds
        if abs(apart) <= _TOLERANCE:
            self._apart = None
        elif self._apart is None or abs(apart - self._apart[1]) > _TOLERANCE:
            self._apart = moment, apart
        elif moment - self._apart[0] >= _SURE:
            self._settled, self._apart = line + BAR * seconds, None
            self._control.align(line, origin)
