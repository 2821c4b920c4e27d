"""A viewer that draws for someone who looks: whether it does so to the end, and for how long there was no picture."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from ear_engine.arguments.parsers import BAD_INPUT

_TIMEOUT = 10.0  # seconds without a picture after which it is asked for anew
_AGAIN = 0.25  # seconds until then if there is nobody
_END = 10.0  # seconds that the viewer may take to end
_LAST_LINES = 20
_NEEDED = ("EGL", "OpenGL")  # what a viewer names that cannot draw


@dataclass(frozen=True)
class Viewed:
    """What became of a viewer.

    Args:
        pictures: that were seen.
        longest: seconds without one, at most, those before the first and after the last among them.
        ended: why it ended before its time; empty if it did not.
        blind: why it cannot draw on this machine; empty if it can.
    """

    pictures: int
    longest: float
    ended: str = ""
    blind: str = ""


class Viewer:
    """A viewer without a window, and someone who looks at its film, again whenever it breaks off.

    Args:
        command: that starts it; it says on stderr where its film is.
        timeout: seconds without a picture after which it is asked for anew.
    """

    def __init__(self, command: Sequence[str], timeout: float = _TIMEOUT) -> None:
        self._timeout = timeout
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        )  # Ctrl-C is for the one who looks
        self._said: deque[str] = deque(maxlen=_LAST_LINES)
        self._address = ""
        self._pictures, self._longest, self._last = 0, 0.0, time.monotonic()
        self._closing = threading.Event()
        self._told = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._read, self._look)]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int | None:
        """Its process; None if it has ended."""
        return self._process.pid if self._process.poll() is None else None

    @property
    def pictures(self) -> int:
        """That were seen so far."""
        return self._pictures

    def close(self) -> Viewed:
        """End it; what became of it."""
        code, at = self._process.poll(), time.monotonic()
        self._closing.set()
        self._process.terminate()
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join(_END)
        said = " ".join(self._said)
        blind = not self._address and code == BAD_INPUT and any(word in said for word in _NEEDED)
        ended = "" if code is None else f"ended by itself, with code {code}: {said[-200:]}"
        longest = max(self._longest, at - self._last)
        return Viewed(self._pictures, longest, "" if blind else ended, said[-200:] if blind else "")

    def _read(self) -> None:
        """What it says, and where its film is."""
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                self._said.append(line.strip())
                address = next((word.rstrip(".,") for word in line.split() if word.startswith("http://")), "")
                if address:
                    self._address = address
                    self._told.set()
        self._told.set()

    def _look(self) -> None:
        """Watch the film, so that it draws."""
        self._told.wait()
        while self._address and self.pid is not None and not self._closing.is_set():
            with (
                contextlib.suppress(OSError, ValueError, http.client.HTTPException),
                urllib.request.urlopen(self._address, timeout=self._timeout) as film,
            ):
                for _ in _pictures_of(film):
                    if self._closing.is_set():
                        return
                    at = time.monotonic()
                    self._longest = max(self._longest, at - self._last)
                    self._pictures, self._last = self._pictures + 1, at
            self._closing.wait(_AGAIN)


def _pictures_of(film: IO[bytes]) -> Iterator[int]:
    """Bytes of each whole picture of a Motion JPEG.

    Raises:
        ValueError: a length that is no number.
    """
    while line := film.readline():
        name, _, value = line.partition(b":")
        if name.strip().lower() != b"content-length":
            continue
        length = int(value)
        while film.readline().strip():
            pass
        if len(film.read(length)) < length:
            return
        yield length


@contextlib.contextmanager
def looking(port: int) -> Iterator[Viewer]:
    """A viewer of the engine at an OSC ``port``; :meth:`Viewer.close` ends it sooner."""
    command = [sys.executable, "-m", "ear_engine", "view", "--offscreen", "--engine", f"127.0.0.1:{port}"]
    viewer = Viewer([*command, "--output", "mjpeg:0", "--parent", str(os.getpid())])
    try:
        yield viewer
    finally:
        viewer.close()
