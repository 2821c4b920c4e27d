"""Writes records from a thread of its own: whoever has something to keep never waits for a disk.

What waits is bounded. Where it does not go fast enough, records are left out, and the file says how many. What cannot
be written (a full disk) ends the file, whole records and nothing else in it, and is told once; all else goes on.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ear_engine.performance.records import MAGIC, Array, packed

LOST = "lost"  # kind of the record that says how many are missing
_MOST_BYTES = 256 << 20
_CLOSE_SECONDS = 3.0
_TURN = 0.2  # seconds for which small records are gathered

Item = tuple[str, dict[str, object], dict[str, Array]]
"""A record to be: kind, head, arrays."""
Made = Iterable[Item]


class RecordWriter:
    """The one writer of a file of records.

    Args:
        path: file to create.
        ended: told, from the writing thread, why nothing more can be written.
        room: bytes that may wait.

    Raises:
        OSError: the file cannot be created; :class:`FileExistsError` if it exists.
    """

    def __init__(self, path: Path, ended: Callable[[str], None], room: int = _MOST_BYTES) -> None:
        self.path = path
        self.failed = False
        self.bytes = 0
        """Bytes on disk, all of them whole records."""
        self._told = ended
        self._room = room
        self._waiting: deque[tuple[Callable[[], Made], int]] = deque()
        self._weight = 0
        self._lost = 0
        self._lock = threading.Condition()
        self._closing = False
        self._file: BinaryIO = path.open("xb", buffering=0)
        self._thread = threading.Thread(target=self._run, name=f"keep {path.stem}", daemon=True)
        self._thread.start()

    def put(
        self, kind: str, head: dict[str, object], arrays: dict[str, Array] | None = None, weight: int | None = None
    ) -> None:
        """Keep a record; the arrays must not change any more. Returns at once.

        Args:
            kind, head, arrays: of the record.
            weight: bytes that it keeps in memory meanwhile; those of its arrays if None.
        """
        held = dict(arrays or {})
        size = 256 + sum(array.nbytes for array in held.values()) if weight is None else weight
        self.later(lambda: ((kind, head, held),), size)

    def later(self, make: Callable[[], Made], weight: int = 256) -> None:
        """Keep what ``make`` gives, called in the writing thread, so that what takes a while does not take it here.

        Args:
            make: may raise OSError or ValueError if there is nothing to keep.
            weight: bytes that it keeps in memory meanwhile.
        """
        with self._lock:
            if self.failed or self._closing:
                return
            if self._weight + weight > self._room:
                self._lost += 1
                return
            if self._lost:
                lost, self._lost = self._lost, 0
                self._waiting.append((lambda: ((LOST, {"records": lost}, {}),), 0))
            self._waiting.append((make, weight))
            self._weight += weight
            self._lock.notify()

    def end(self) -> None:
        """Take nothing more; what waits is still written, beside everything else."""
        with self._lock:
            self._closing = True
            self._lock.notify()

    def close(self) -> None:
        """The same, and wait for it; for a disk that hangs, only so long."""
        self.end()
        self._thread.join(_CLOSE_SECONDS)
        if self._thread.is_alive():
            self._fail("the disk does not answer")

    def _run(self) -> None:
        with self._file:
            self._write([MAGIC])
            while True:
                with self._lock:
                    while not self._waiting and not self._closing:
                        self._lock.wait(_TURN)
                    if not self._waiting:
                        return
                    make, weight = self._waiting.popleft()
                if not self.failed:
                    self._keep(make)
                with self._lock:
                    self._weight -= weight

    def _keep(self, make: Callable[[], Made]) -> None:
        try:
            made = [part for kind, head, arrays in make() for part in packed(kind, head, arrays)]
        except Exception as error:  # of what was to be kept, not of the file: what comes after it is kept all the same
            made = packed(LOST, {"records": 1, "reason": str(error)[:200]})
        self._write(made)

    def _write(self, parts: Iterable[bytes | memoryview]) -> None:
        whole = self.bytes
        try:
            for part in parts:
                rest = memoryview(part)
                while rest:
                    rest = rest[self._file.write(rest) :]
                whole += len(part)
            self.bytes = whole
        except OSError as error:
            with suppress(OSError):  # a reader ends at the last whole record in any case
                os.ftruncate(self._file.fileno(), self.bytes)
            self._fail(error.strerror or str(error))

    def _fail(self, reason: str) -> None:
        with self._lock:
            if self.failed:
                return
            self.failed = True
            self._waiting.clear()
        self._told(reason)
