"""Who sends: answers to devices, and the clock at its moments, from one thread that ticks and one for each port."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable

from ear_engine import platform
from ear_engine.midi.controls import Pulse
from ear_engine.midi.outlet import Outlet
from ear_engine.midi.ports import OutputPort
from ear_engine.midi.ticking import Line, Ticking
from ear_engine.shared_memory.clock import now

_LATENESS = 4096  # ticks of which it is remembered how late they were
_PATIENCE = 2.0  # seconds that all threads together are given to end


class Sender:
    """Sends; nothing here waits for a port.

    Args:
        write_pulse: the message of a clock.
        clock: seconds; :func:`ear_engine.shared_memory.clock.now`.
    """

    def __init__(self, write_pulse: Callable[[Pulse], bytes], clock: Callable[[], float] = now) -> None:
        self._write_pulse = write_pulse
        self._clock = clock
        self._wake = threading.Condition()
        self._ticking = Ticking()
        self._outlets: dict[OutputPort, Outlet] = {}
        self._ended: list[Outlet] = []
        self._clocked: tuple[OutputPort, ...] = ()
        self._late: deque[float] = deque(maxlen=_LATENESS)
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="midi-out", daemon=True)
        self._thread.start()

    def send(self, port: OutputPort, messages: Iterable[bytes]) -> None:
        """Send to ``port`` as soon as can be; of what waits for it, the latest value of each control counts."""
        with self._wake:
            self._outlet(port).send(messages)

    def close_port(self, port: OutputPort) -> None:
        """Close ``port`` when what was sent before has gone."""
        with self._wake:
            self._clocked = tuple(other for other in self._clocked if other is not port)
            outlet = self._outlet(port)
            del self._outlets[port]
            outlet.end(close=True)
            self._ended = [one for one in self._ended if one.alive] + [outlet]

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
        """End the threads; ports that are still open are not closed, and one whose driver hangs is left to it."""
        with self._wake:
            self._ticking.follow(None, self._clock())
            self._ending = True
            self._wake.notify()
        end = self._clock() + _PATIENCE
        self._thread.join(_PATIENCE)
        for outlet in self._outlets.values():
            outlet.end(close=False)
        for outlet in (*self._ended, *self._outlets.values()):
            outlet.join(end - self._clock())

    def _outlet(self, port: OutputPort) -> Outlet:
        if port not in self._outlets:
            self._outlets[port] = Outlet(port, self._clock, self._late.append)
        return self._outlets[port]

    def _run(self) -> None:
        platform.raise_thread_priority()
        while True:
            with self._wake:
                at, due = self._clock(), self._ticking.next
                if not self._ending and (due is None or due > at):
                    self._wake.wait(None if due is None else due - at)
                    at, due = self._clock(), self._ticking.next
                pulses = self._ticking.due(at)
                due = due if due is not None and math.isfinite(due) else None
                outlets = [self._outlet(port) for port in self._clocked] if pulses else []
                ended = self._ending
            for pulse in pulses:
                data = self._write_pulse(pulse)
                for outlet in outlets:
                    outlet.tick(data, due)
            if ended:
                return
