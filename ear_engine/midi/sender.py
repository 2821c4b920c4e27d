"""The one thread that sends: answers to devices, and the clock at its moments.

A port that does not take what it is given holds up nothing but this thread.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from ear_engine import platform
from ear_engine.midi.controls import Pulse
from ear_engine.midi.ports import OutputPort
from ear_engine.midi.ticking import Line, Ticking
from ear_engine.shared_memory.clock import now

_MOST = 4096  # messages that wait
_LATENESS = 4096  # ticks of which it is remembered how late they were
_PATIENCE = 2.0  # seconds that it is given to end
_log = logging.getLogger(__name__)


class Sender:
    """Sends from a thread of its own.

    Args:
        write_pulse: the message of a clock.
        clock: seconds; :func:`ear_engine.shared_memory.clock.now`.
    """

    def __init__(self, write_pulse: Callable[[Pulse], bytes], clock: Callable[[], float] = now) -> None:
        self._write_pulse = write_pulse
        self._clock = clock
        self._wake = threading.Condition()
        self._waiting: deque[Callable[[], object]] = deque(maxlen=_MOST)
        self._ticking = Ticking()
        self._clocked: tuple[OutputPort, ...] = ()
        self._late: deque[float] = deque(maxlen=_LATENESS)
        self._broken: set[OutputPort] = set()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="midi-out", daemon=True)
        self._thread.start()

    def send(self, port: OutputPort, messages: Iterable[bytes]) -> None:
        """Send to ``port`` as soon as can be; beyond 4096 that wait, the oldest is dropped."""
        with self._wake:
            self._waiting.extend(partial(self._give, port, data) for data in messages)
            self._wake.notify()

    def close_port(self, port: OutputPort) -> None:
        """Close ``port`` when what was sent before has gone."""
        with self._wake:
            self._clocked = tuple(other for other in self._clocked if other is not port)
            self._waiting.append(lambda: self._end(port))
            self._wake.notify()

    def follow(self, line: Line | None, ports: Iterable[OutputPort]) -> None:
        """Send the clock of ``line`` to these ports; None sends none."""
        with self._wake:
            self._ticking.follow(line, self._clock())
            self._clocked = tuple(ports) or self._clocked
            self._wake.notify()

    @property
    def lateness(self) -> list[float]:
        """Seconds that the last ticks went out after they were due."""
        return list(self._late)

    def close(self) -> None:
        """End the thread; ports that are still open are not closed."""
        with self._wake:
            self._ticking.follow(None, self._clock())
            self._ending = True
            self._wake.notify()
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        platform.raise_thread_priority()
        while True:
            with self._wake:
                at, due = self._clock(), self._ticking.next
                if not self._waiting and not self._ending and (due is None or due > at):
                    self._wake.wait(None if due is None else due - at)
                    at = self._clock()
                pulses = self._ticking.due(at)
                if due is not None and math.isfinite(due) and pulses:
                    self._late.append(at - due)
                ports = self._clocked
                work = [self._waiting.popleft() for _ in range(min(len(self._waiting), 16))]
                ended = self._ending and not self._waiting
            for pulse in pulses:
                data = self._write_pulse(pulse)
                for port in ports:
                    self._give(port, data)
            for call in work:
                call()
            if ended:
                return

    def _give(self, port: OutputPort, data: bytes) -> None:
        try:
            port.send(data)
        except Exception as problem:  # whatever a driver says of a device that has gone; the scan finds that out
            if port not in self._broken:
                self._broken.add(port)
                _log.warning("a MIDI device takes nothing more (%s)", problem)

    def _end(self, port: OutputPort) -> None:
        self._broken.discard(port)
        try:
            port.close()
        except Exception as problem:  # it has gone already
            _log.debug("a MIDI port did not close (%s)", problem)
