"""A mailbox between processes: one writer, any number of readers, the latest value wins.

A plain memory-mapped file, because CPython 3.11 unlinks a ``SharedMemory`` segment when any process that attached to
it exits. Two halves are written in turn, so a writer killed in the middle of a write leaves the previous value intact::

    header   magic (8) | sequence (8) | capacity (8)      the sequence's parity names the half that is valid
    half 0   length (4) | crc32 (4) | payload (capacity)
    half 1   length (4) | crc32 (4) | payload (capacity)

The checksum starts from the sequence number, so a reader never takes a half that has been written anew meanwhile for
the one it asked for. The sequence number is read and written as one aligned word (``struct`` would clear it first, byte
by byte). Neither side ever waits for the other.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from pathlib import Path

_MAGIC = b"EARSLOT1"
_HEADER = struct.Struct("<8sQQ")
_HALF = struct.Struct("<II")
_SEQUENCE_AT = 8
_READ_ATTEMPTS = 64


def _sequence_word(mapped: mmap.mmap) -> memoryview:
    return memoryview(mapped)[_SEQUENCE_AT : _SEQUENCE_AT + 8].cast("Q")


def _checksum(payload: bytes, sequence: int) -> int:
    return zlib.crc32(payload, sequence & 0xFFFFFFFF)


class SlotWriter:
    """The one writer of a mailbox.

    Args:
        path: file to create; a slot already there is taken over and its sequence goes on (a restarted process).
        capacity: largest payload in bytes.

    Raises:
        ValueError: a payload longer than ``capacity``.
    """

    def __init__(self, path: Path, capacity: int = 1 << 16) -> None:
        self.path = path
        self.capacity = capacity
        size = _HEADER.size + 2 * (_HALF.size + capacity)
        if not path.exists() or path.stat().st_size != size:
            fresh = path.with_name(path.name + ".new")
            fresh.write_bytes(_HEADER.pack(_MAGIC, 0, capacity).ljust(size, b"\0"))
            fresh.replace(path)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        self._word = _sequence_word(self._map)

    @property
    def sequence(self) -> int:
        """Number of the last complete write; 0 before the first."""
        return self._word[0]

    def write(self, payload: bytes) -> int:
        """Publish ``payload``; return its sequence number (1, 2, …)."""
        if len(payload) > self.capacity:
            raise ValueError(f"payload of {len(payload)} bytes does not fit slot {self.path.name} of {self.capacity}")
        sequence = self.sequence + 1
        at = _HEADER.size + (sequence & 1) * (_HALF.size + self.capacity)
        _HALF.pack_into(self._map, at, len(payload), _checksum(payload, sequence))
        self._map[at + _HALF.size : at + _HALF.size + len(payload)] = payload
        self._word[0] = sequence
        return sequence

    def close(self) -> None:
        """Unmap the file; the last value stays readable for others."""
        self._word.release()
        self._map.close()


class SlotReader:
    """A reader of a mailbox that may not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._map: mmap.mmap | None = None
        self._word = memoryview(bytes(8)).cast("Q")
        self._capacity = 0

    def _mapped(self) -> mmap.mmap | None:
        if self._map is None and self.path.exists():
            with self.path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            magic, _, self._capacity = _HEADER.unpack_from(mapped, 0)
            if magic != _MAGIC:
                mapped.close()
                return None
            self._map, self._word = mapped, _sequence_word(mapped)
        return self._map

    @property
    def sequence(self) -> int:
        """Number of the last complete write; 0 if there is none yet. Costs no copy."""
        return 0 if self._mapped() is None else self._word[0]

    def read(self) -> tuple[int, bytes] | None:
        """Return ``(sequence, payload)`` of the latest value, or None before the first."""
        mapped = self._mapped()
        if mapped is None:
            return None
        for _ in range(_READ_ATTEMPTS):
            sequence = self._word[0]
            if sequence == 0:
                return None
            at = _HEADER.size + (sequence & 1) * (_HALF.size + self._capacity)
            length, crc = _HALF.unpack_from(mapped, at)
            if length <= self._capacity:
                payload = mapped[at + _HALF.size : at + _HALF.size + length]
                if _checksum(payload, sequence) == crc:
                    return sequence, payload
        return None

    def close(self) -> None:
        """Unmap the file."""
        if self._map is not None:
            self._word.release()
            self._map.close()
            self._map = None
