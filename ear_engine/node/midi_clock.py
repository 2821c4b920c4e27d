"""MIDI clock, in and out: the transport follows one, and others are given its own."""

from __future__ import annotations

from collections.abc import Callable

from ear_engine.control import ControlLog
from ear_engine.midi.clock_in import ClockIn
from ear_engine.midi.controls import Pulse
from ear_engine.midi.ports import OutputPort
from ear_engine.midi.sender import Sender
from ear_engine.midi.ticking import Line
from ear_engine.node.transport import Transport

ORIGIN = "midi clock"
CLOCK_IN, CLOCK_OUT = "midi/clock_in", "midi/clock_out"
CLOCK_FROM, CLOCK_TO = "midi/clock_from", "midi/clock_to"
_AHEAD = 0.1  # seconds that the beat is asked for ahead of what is heard
_EVERY = 0.25  # seconds between two words to the transport


class MidiClock:
    """Joins the transport and clocks.

    Args:
        control: says whether clocks come in and go out.
        transport: keeps the time.
        sender: ticks.
        report: told level, code and sentence.
    """

    def __init__(
        self,
        control: ControlLog,
        transport: Transport,
        sender: Sender,
        report: Callable[[str, str, str], None],
    ) -> None:
        self._values = control.tree.values
        self._transport = transport
        self._sender = sender
        self._report = report
        self._clock = ClockIn()
        self._source = ""
        self._told = 0.0
        self._followed: bool | None = None
        self._ticks = False
        self._line: Line | None = None

    @property
    def wanted(self) -> bool:
        """Whether a clock shall be listened to."""
        return bool(self._values[CLOCK_IN])

    def sends_to(self, port: str) -> bool:
        """Whether ``port`` shall get the clock."""
        words = str(self._values[CLOCK_TO]).lower()
        return bool(self._values[CLOCK_OUT]) and words in port.lower()

    def take(self, port: str, pulse: Pulse, at: float) -> None:
        """A clock at ``port`` has said something; one port at a time is listened to."""
        words = str(self._values[CLOCK_FROM]).lower()
        if not self.wanted or words not in port.lower():
            return
        if port != self._source:
            if self._clock.alive(at) and words in self._source.lower():
                return
            self._source, self._clock = port, ClockIn()
        self._clock.take(pulse, at)
        if pulse.beat == "start":
            self._transport.start(ORIGIN)
        elif pulse.beat == "continue":
            self._transport.continue_(ORIGIN)
        elif pulse.beat == "stop":
            self._transport.stop(ORIGIN)

    def look(self, at: float, outputs: list[OutputPort]) -> None:
        """Follow and lead, a few times a second.

        Args:
            at: clock time.
            outputs: that get the clock.
        """
        if at - self._told >= _EVERY:
            self._told = at
            self._follow(at)
        ticks = bool(self._values[CLOCK_OUT])
        if ticks or self._ticks:
            self._line = self._beat(at) if ticks else None
            self._sender.follow(self._line, outputs)
        self._ticks = ticks

    def status(self, at: float) -> tuple[str, str, float, float, float]:
        """What is followed (or nothing), how (``silent``, ``listening``, ``led`` by a clip, ``following``), its beats a
        minute (0 if unknown), and how late ticks went out lately, in ms: half of them, and 99 %."""
        how = "silent"
        if self.wanted and self._clock.alive(at):
            how = {None: "listening", True: "following", False: "led"}[self._followed]
        late = sorted(self._sender.lateness) or [0.0]
        half, most = late[len(late) // 2] * 1e3, late[int(len(late) * 0.99)] * 1e3
        return self._source if how != "silent" else "", how, self._clock.tempo or 0.0, half, most

    def _follow(self, at: float) -> None:
        clock = self._clock
        if not self.wanted or clock.tempo is None or not clock.alive(at):
            if self._followed is not None:
                self._followed = None
                self._report("info", "midi_clock", "MIDI clock: it comes no more; the tempo stays.")
            return
        beat, time = clock.beat or (None, clock.time)
        if beat is None:  # it has not said where the bar is: only its tempo counts
            beat = self._transport.beat_at(time) or 0.0
        followed = self._transport.follow(clock.tempo, beat % 4.0, time, ORIGIN)
        if followed != self._followed:
            self._followed = followed
            if followed:
                self._report("info", "midi_clock", f"MIDI clock: {self._source} leads, {clock.tempo:g} BPM.")
            else:
                mend = "set source/fit to crop or stretch to follow it"
                self._report("warning", "midi_clock", f"MIDI clock: {clock.tempo:g} BPM cannot be followed; {mend}.")

    def _beat(self, at: float) -> Line | None:
        """Where the beat will be; if nothing will be heard, it goes on as before, unheard."""
        ahead = self._transport.beat_at(at + _AHEAD)
        if ahead is None:
            before = self._line
            speed = self._transport.tempo / 60.0
            return Line(at, before.beat_at(at) if before is not None else 0.0, speed, running=False)
        here = self._transport.beat_at(at)
        speed = self._transport.tempo / 60.0 if here is None or here >= ahead else (ahead - here) / _AHEAD
        return Line(at + _AHEAD, ahead, speed)
