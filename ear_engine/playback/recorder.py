"""The recording: a 32-bit float WAV that is a good file at every moment.

The header is brought up to date after every batch of frames, at least once a second, so after a ``kill -9`` the file
reads up to the last second. Beyond 4 GB it turns into RF64 (EBU Tech 3306) through a chunk reserved for that.
"""

from __future__ import annotations

import os
import queue
import struct
import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.playback.events import EventLog

_CHANNELS = 2
_FRAME = 4 * _CHANNELS
_BATCH_SECONDS = 0.25
_BACKLOG_SECONDS = 60.0
_CLOSE_SECONDS = 1.2
_DS64 = struct.Struct("<4sIQQQI")
_FORMAT = struct.Struct("<4sIHHIIHHH")
_HEADER_SIZE = 12 + _DS64.size + _FORMAT.size + 12 + 8
RIFF_LIMIT = 0xFFFFFFFF


def check_record_path(path: Path) -> Path:
    """The file that a recording asked for as ``path`` goes to, tried before anything starts; none is left or changed.

    Returns:
        ``path``, or the next take if something has that name already: no recording ever replaces a file.

    Raises:
        UserError: a folder, another extension than .wav, or a place that cannot be written to.
    """
    subject = f"recording {_shortened(path)!r}"
    if os.path.isdir(path):
        raise UserError(subject, "is a folder", "name a file in it, such as take.wav", "bad_path")
    if path.suffix.lower() != ".wav":
        mend = f"use {_shortened(path.with_suffix('.wav').name)}" if path.name else "use one such as take.wav"
        raise UserError(subject, "does not end in .wav", mend, "bad_path")
    take = next_take(path)
    try:
        take.open("xb").close()
        take.unlink()
    except (OSError, ValueError) as error:
        reason = f"cannot be written ({getattr(error, 'strerror', None) or error})"
        mend = "choose a shorter name, or a folder that exists and that you may write to"
        raise UserError(subject, reason, mend, "bad_path") from None
    return take


def next_take(path: Path) -> Path:
    """``path``, or the first of ``name-2.wav``, ``name-3.wav``, … that nothing has yet, not even a dangling link."""
    number, take = 2, path
    while os.path.lexists(take):
        take = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return take


def _shortened(path: Path | str) -> str:
    text = str(path)
    return text if len(text) <= 120 else f"{text[:60]}…{text[-20:]}"


def wav_header(frames: int, sample_rate: int, limit: int = RIFF_LIMIT) -> bytes:
    """Header of a stereo 32-bit float WAV of ``frames``; RF64 if the file is larger than ``limit`` bytes."""
    data = frames * _FRAME
    size = _HEADER_SIZE - 8 + data
    large = size > limit
    riff = struct.pack("<4sI4s", b"RF64" if large else b"RIFF", RIFF_LIMIT if large else size, b"WAVE")
    ds64 = _DS64.pack(b"ds64" if large else b"JUNK", _DS64.size - 8, size, data, frames, 0)
    bytes_a_second = sample_rate * _FRAME
    form = _FORMAT.pack(b"fmt ", 18, 3, _CHANNELS, sample_rate, bytes_a_second, _FRAME, 32, 0)
    fact = struct.pack("<4sII", b"fact", 4, RIFF_LIMIT if large else frames)
    return riff + ds64 + form + fact + struct.pack("<4sI", b"data", RIFF_LIMIT if large else data)


class Recorder:
    """Writes frames to ``path`` from a thread of its own; a slow or full disk never holds up the sound.

    Args:
        path: file to create.
        sample_rate: of the frames, in Hz.
        events: told when the recording ends early.
        limit: file size in bytes beyond which the header is RF64.

    Raises:
        OSError: the file cannot be created; :class:`FileExistsError` if it exists.
    """

    def __init__(self, path: Path, sample_rate: int, events: EventLog, limit: int = RIFF_LIMIT) -> None:
        self.path = path
        self._rate = sample_rate
        self._events = events
        self._limit = limit
        self._frames = 0  # on disk and in the header
        self._pending = 0
        self._failed = False
        self._queue: queue.SimpleQueue[NDArray[np.float32] | None] = queue.SimpleQueue()
        self._file: BinaryIO = path.open("xb", buffering=0)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """Seconds that are on disk and in the header."""
        return self._frames / self._rate

    def write(self, frames: NDArray[np.float32]) -> None:
        """Queue (count, 2) frames; returns at once."""
        if self._failed:
            return
        self._pending += len(frames)
        if self._pending - self._frames > _BACKLOG_SECONDS * self._rate:
            self._fail("the disk is too slow")
            return
        self._queue.put(frames)

    def close(self) -> None:
        """Write what is queued and complete the file; a disk that hangs is waited for only so long."""
        self._queue.put(None)
        self._thread.join(_CLOSE_SECONDS)
        if self._thread.is_alive():
            self._fail("the disk does not answer")

    def _run(self) -> None:
        ended = False
        with self._file:
            self._save([])
            while not ended:
                batch: list[NDArray[np.float32]] = []
                count = 0
                while not ended and count < _BATCH_SECONDS * self._rate:
                    try:
                        item = self._queue.get(timeout=2 * _BATCH_SECONDS)
                    except queue.Empty:
                        break
                    if item is None:
                        ended = True
                    else:
                        batch.append(item)
                        count += len(item)
                if not self._failed:
                    self._save(batch)

    def _save(self, batch: list[NDArray[np.float32]]) -> None:
        data = b"".join(np.ascontiguousarray(frames, "<f4").tobytes() for frames in batch)
        try:
            self._write_at(_HEADER_SIZE + self._frames * _FRAME, data)
            frames = self._frames + len(data) // _FRAME
            self._write_at(0, wav_header(frames, self._rate, self._limit))
            self._frames = frames
        except OSError as error:
            self._fail(error.strerror or str(error))

    def _write_at(self, position: int, data: bytes) -> None:
        self._file.seek(position)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _fail(self, reason: str) -> None:
        if not self._failed:
            self._failed = True
            message = f"Recording to {self.path.name} ended after {self.seconds:.1f} s ({reason}); the sound goes on."
            self._events.report("error", "recording_ended", message)
