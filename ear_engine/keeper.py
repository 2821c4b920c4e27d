"""The keeper: a small process that starts the engine, and starts it again if it dies while it plays.

The sound is a process of its own and goes on meanwhile; the new node takes the session over (``node/rejoining.py``).
What tells the keeper to end ends the engine; if the keeper is killed, the engine ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from types import FrameType

_MOST = 5  # deaths within _PERIOD seconds, after which it gives up
_PERIOD = 60.0
_SOON = 10.0  # seconds: who dies sooner than that after a start has not got anywhere
_CRASHED = 1  # exit code of Python after an exception
_GRACE = 0.3  # seconds in which the engine should have heard a Ctrl-C itself, as a terminal sends it to both


class Keeper:
    """Runs one command until it ends by itself.

    Args:
        command: program and arguments; ``--kept PID`` is added, and ``--afresh`` at first (what is there was another
            keeper's of the same number) and after deaths that follow each other.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = [*command, "--kept", str(os.getpid())]
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = False

    def run(self) -> int:
        """Start it, again and again if it has to be; return its exit code."""
        numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            return self._run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run(self) -> int:
        deaths: deque[float] = deque(maxlen=_MOST)
        soon, afresh = 0, True
        while True:
            began = time.monotonic()
            self._process = subprocess.Popen([*self._command, *(["--afresh"] if afresh else [])])
            if self._ending:  # told so before there was anyone to tell
                self._process.terminate()
            code = self._process.wait()
            if self._ending or not (code < 0 or code == _CRASHED):
                return code if code >= 0 else 128 - code
            at = time.monotonic()
            soon = soon + 1 if at - began < _SOON else 0
            deaths.append(at)
            if len(deaths) == _MOST and at - deaths[0] < _PERIOD:
                self._say(code, f"for the {_MOST}th time in a minute; it is not started again")
                return _CRASHED
            afresh = soon > 1
            self._say(code, f"; it is started again, {'from the beginning' if afresh else 'the sound goes on'}")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._ending = True
        process = self._process
        if process is None:
            return
        if number == signal.SIGINT:
            later = threading.Timer(_GRACE, process.terminate)
            later.daemon = True
            later.start()
        else:
            process.terminate()

    def _say(self, code: int, what: str) -> None:
        name = f"was killed ({signal.Signals(-code).name})" if code < 0 else "has crashed"
        gap = "" if what.startswith(";") else " "
        print(f"ear-engine: the engine {name}{gap}{what}.", file=sys.stderr, flush=True)


def keep(typed: Sequence[str]) -> int:
    """Run ``ear-engine`` with what was typed, kept."""
    return Keeper([sys.executable, "-m", "ear_engine", *typed]).run()
