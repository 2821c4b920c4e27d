"""A process that another node has started: looked after like one's own, as far as the system lets one."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

from ear_engine import platform

_UNKNOWN = 1  # exit code: only whoever has started a process is told


class Adopted:
    """What the supervisor needs of a process, by its id alone.

    Args:
        pid: of a process that runs.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended = False

    @property
    def exitcode(self) -> int | None:
        """None while it runs; how it has ended is not known."""
        self._ended = self._ended or not platform.process_alive(self.pid)
        return _UNKNOWN if self._ended else None

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, ``timeout`` seconds at most."""
        until = None if timeout is None else time.monotonic() + timeout
        while self.exitcode is None and (until is None or time.monotonic() < until):
            time.sleep(0.005)

    def close(self) -> None:
        """There is nothing to give back."""

    def _signal(self, number: int) -> None:
        if self.exitcode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, number)
