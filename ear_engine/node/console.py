"""What the terminal shows: lines, a status line that is rewritten in place, and JSON for programs.

Everything is printed by a thread of its own: a terminal that is paused or a program that does not read must not stop
the engine. What cannot be printed in time is dropped.
"""

from __future__ import annotations

import json
import queue
import shutil
import threading
from collections.abc import Mapping
from typing import Any, Protocol, TextIO

_WAITING = 256  # lines
_LIVE = 0.5  # seconds between two states of a status line that is rewritten in place


class Console(Protocol):
    """Where a node says how it is doing; wants a status every ``every`` seconds."""

    every: float

    def say(self, line: str) -> None:
        """A line for people."""

    def warn(self, line: str) -> None:
        """A line for people about something that went wrong or is missing."""

    def status(self, line: str) -> None:
        """How it is doing now, for people; replaces the last status where that is possible."""

    def report(self, status: Mapping[str, Any]) -> None:
        """How it is doing now, for programs."""

    def close(self) -> None:
        """Nothing more will be said."""


class TerminalConsole:
    """Prints to two streams.

    Args:
        out: for people, or for programs if ``json_status``.
        err: for warnings, and for everything that people read if ``json_status``.
        json_status: write :meth:`report` to ``out``, one JSON object a line.
        every: seconds between status lines where they cannot be rewritten in place.

    A stream that is None (Python's, where the shell has closed it) swallows everything.
    """

    def __init__(
        self, out: TextIO | None, err: TextIO | None, *, json_status: bool = False, every: float = 10.0
    ) -> None:
        self._out = out
        self._err = err
        self._json = json_status
        self._people = err if json_status else out
        self.live = self._people is not None and self._people.isatty()
        self.every = _LIVE if self.live else every
        self._shown = False  # a status line stands at the cursor
        self._queue: queue.Queue[tuple[TextIO, str] | None] = queue.Queue(_WAITING)
        self._gone: set[TextIO] = set()
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """A line for people."""
        self._line(self._people, line)

    def warn(self, line: str) -> None:
        """A line on stderr."""
        self._line(self._err, line)

    def status(self, line: str) -> None:
        """Rewrite the status line, or print one."""
        if self.live:
            width = shutil.get_terminal_size().columns
            self._shown = True
            self._put(self._people, "\r\x1b[2K" + line[: width - 1])
        else:
            self._line(self._people, line)

    def report(self, status: Mapping[str, Any]) -> None:
        """A line of JSON, if wanted."""
        if self._json:
            self._put(self._out, json.dumps(status, ensure_ascii=False, allow_nan=False) + "\n")

    def close(self, timeout: float = 0.3) -> None:
        """Print what is waiting, but wait no longer than ``timeout`` seconds."""
        if self._shown:
            self._put(self._people, "\n")
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(timeout)

    def _line(self, stream: TextIO | None, line: str) -> None:
        if self._shown:
            self._put(self._people, "\r\x1b[2K")
            self._shown = False
        self._put(stream, line + "\n")

    def _put(self, stream: TextIO | None, text: str) -> None:
        if stream is None:
            return
        try:
            self._queue.put_nowait((stream, text))
        except queue.Full:
            return  # nobody reads

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            stream, text = item
            if stream in self._gone:
                continue
            try:
                stream.write(text)
                stream.flush()
            except (OSError, ValueError):  # the reader has gone, or the stream is closed; the sound goes on
                self._gone.add(stream)
            except UnicodeEncodeError:
                stream.write(text.encode("ascii", "replace").decode())
