"""A real engine in processes of its own, as it is started on stage."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ear_engine.errors import UserError
from ear_engine.platform import process_alive
from ear_engine.shared_memory.clock import now
from ear_engine.soak.watch import Watch

_START = 90.0  # seconds it may take until it plays
_END = 15.0
_ENDED = "engine_ended"


class SoakedEngine:
    """``ear-engine serve``, its latest status, what all of them tell (``watch``), and what it has said.

    Args:
        options: of ``serve``.
        environment: variables; those of this process if None.
    """

    def __init__(self, options: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "ear_engine", "serve", "--json-status", *options]
        self._said = tempfile.TemporaryFile("w+")
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._said, text=True, env=environment, start_new_session=True
        )
        self.status: dict[str, Any] = {}
        self.watch = Watch(now())
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def port(self) -> int:
        """UDP port of OSC."""
        return int(self.status["osc_port"])

    @property
    def pids(self) -> dict[str, int]:
        """Its processes by name, the keeper among them."""
        return {"keeper": self.process.pid, **self.status.get("pids", {})}

    @property
    def said(self) -> str:
        """What it has said on stderr."""
        self._said.seek(0)
        return self._said.read()

    @property
    def over(self) -> str:
        """Why it does not go on; empty as long as it does."""
        return self.watch.over(self.process.poll(), now())

    def wait(self, reached: Callable[[dict[str, Any]], bool], seconds: float = _START) -> float:
        """Wait for a status; return the seconds since the start.

        Raises:
            UserError: the engine has ended, or does not get there in time.
        """
        until = time.monotonic() + seconds
        while not (self.status and reached(self.status)):
            code = self.process.poll()
            if code is not None:
                raise self._fault(f"ended with code {code}")
            if time.monotonic() > until:
                raise self._fault(f"did not get there in {seconds:.0f} s")
            time.sleep(0.02)
        return time.monotonic() - self.began

    def close(self) -> bool:
        """End it, by force in the end; return whether it has ended in order, and left no process."""
        pids = list(self.pids.values())
        self.process.terminate()
        try:
            code = self.process.wait(_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._reader.join(5.0)
        left = [pid for pid in {*pids, *self.pids.values()} if process_alive(pid)]
        for pid in left:
            with contextlib.suppress(ProcessLookupError):  # of its session alone: the number may be another's by now
                if os.getsid(pid) == self.process.pid:
                    os.kill(pid, signal.SIGKILL)
        return code == 0 and not left

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):  # the last line of one that was killed
                self.status = json.loads(line)
                self.watch.status(self.status, now())

    def _fault(self, reason: str) -> UserError:
        last = " ".join(self.said[-400:].split())
        return UserError("the engine", f"{reason} ({last})", "see `ear-engine doctor`", _ENDED)
