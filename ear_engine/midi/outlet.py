"""One port that is sent to, with a thread of its own: a driver that does not return holds up no other port."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from ear_engine import platform
from ear_engine.midi.ports import OutputPort
from ear_engine.midi.waiting import Waiting

_STUCK = 2.0  # seconds after which it is said that a driver does not return
_log = logging.getLogger(__name__)


class Outlet:
    """Sends to a port.

    Args:
        port: which; it is closed when the outlet has been ended.
        clock: seconds.
        late: told how late a message of the clock goes out, in seconds; from any thread.
    """

    def __init__(self, port: OutputPort, clock: Callable[[], float], late: Callable[[float], object]) -> None:
        self._port, self._clock, self._late = port, clock, late
        self._wake = threading.Condition()
        self._waiting = Waiting()
        self._since: float | None = None  # when the driver was given what it has not taken yet
        self._broken = self._stuck = False
        self._ending = self._closing = False
        self._thread = threading.Thread(target=self._run, name="midi-port", daemon=True)
        self._thread.start()

    def send(self, messages: Iterable[bytes]) -> None:
        """Send as soon as can be; never waits."""
        with self._wake:
            self._waiting.put(messages)
            self._roused()

    def tick(self, message: bytes, due: float | None) -> None:
        """Send a message of the clock, due at a clock time if it has one; never waits."""
        with self._wake:
            self._waiting.put_tick(message, due)
            self._roused()

    def end(self, close: bool) -> None:
        """End when all that waits has gone, and ``close`` the port then or leave it; never waits."""
        with self._wake:
            self._ending, self._closing = True, close
            self._wake.notify()

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        """Wait for the end, for so long at most."""
        self._thread.join(max(0.0, seconds))

    def _roused(self) -> None:
        if self._since is not None and not self._stuck and self._clock() - self._since > _STUCK:
            self._stuck = True
            _log.warning("a MIDI device takes nothing: its driver does not return; the others are sent to as before")
        self._wake.notify()

    def _run(self) -> None:
        platform.raise_thread_priority()
        while True:
            with self._wake:
                self._since = None
                while not self._waiting and not self._ending:
                    self._wake.wait()
                if not self._waiting:
                    break
                entry = self._waiting.take()
                self._since = self._clock()
            if entry.due is not None:
                self._late(self._since - entry.due)
            for data in entry.messages:
                self._give(data)
            self._stuck = False
        if self._closing:
            try:
                self._port.close()
            except Exception as problem:  # it has gone already
                _log.debug("a MIDI port did not close (%s)", problem)

    def _give(self, data: bytes) -> None:
        try:
            self._port.send(data)
        except Exception as problem:  # whatever a driver says of a device that has gone; the scan finds that out
            if not self._broken:
                self._broken = True
                _log.warning("a MIDI device takes nothing more (%s)", problem)
