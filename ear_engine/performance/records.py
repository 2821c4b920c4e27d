"""Records in a file that is good at every moment, and read up to its last whole record wherever it was cut off.

A file is its magic, then records, one behind the other; nothing in it is ever written over::

    magic    b"EARKEPT1"
    record   kind (4 letters) | length (u32) | crc32 (u32, of kind and content) | content (length bytes)
    content  length of the head (u32) | head (JSON, UTF-8) | numbers, little-endian, in the order the head names them

All integers are little-endian. A head is a JSON object; its key ``arrays``, if there are any, lists
``[name, dtype, [shape]]`` of each array that follows it, dtype ``<f4`` or ``<f8`` or ``<i8``. So a log is compact JSON,
a loop is its float32 samples, and no content is ever run. What a kind means is said where it is written:
``performance/naming.py`` lists them all. Kinds that a reader does not know are passed over.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC = b"EARKEPT1"
_HEAD = struct.Struct("<4sII")
_LENGTH = struct.Struct("<I")
_TYPES = ("<f4", "<f8", "<i8")
MOST_BYTES = 1 << 30  # of one record
_AT_ONCE = 1 << 20

Array = NDArray[Any]


def packed(
    kind: str, head: Mapping[str, object], arrays: Mapping[str, Array] | None = None
) -> list[bytes | memoryview]:
    """A record, in pieces to be written one after the other; arrays are not copied where they need not be.

    Raises:
        ValueError: the kind has not four letters, or the record is larger than a record can be.
    """
    parts: list[bytes | memoryview] = []
    listed = []
    for name, array in (arrays or {}).items():
        dtype = {"f4": "<f4", "f8": "<f8", "i8": "<i8"}[array.dtype.str[1:]]
        plain = np.ascontiguousarray(array, dtype)
        listed.append([name, dtype, list(array.shape)])
        parts.append(plain.reshape(-1).view(np.uint8).data)
    text = json.dumps({**head, "arrays": listed} if listed else dict(head), separators=(",", ":")).encode()
    parts.insert(0, _LENGTH.pack(len(text)) + text)
    letters, length = kind.encode("ascii"), sum(len(part) for part in parts)
    if len(letters) != 4 or length > MOST_BYTES:
        raise ValueError(f"record {kind!r} of {length} bytes")
    crc = zlib.crc32(letters)
    for part in parts:
        crc = zlib.crc32(part, crc)
    return [_HEAD.pack(letters, length, crc), *parts]


@dataclass(frozen=True)
class Record:
    """A whole record of a file; its arrays are read when they are asked for.

    Args:
        kind: four letters.
        head: what it says.
        path: of the file.
        place: first byte of its arrays in the file.
    """

    kind: str
    head: Mapping[str, Any]
    path: Path
    place: int

    def has(self, name: str) -> bool:
        """Whether it has an array of that name."""
        return any(other == name for other, *_ in self.head.get("arrays", ()))

    def array(self, name: str) -> Array:
        """One of its arrays, copied out of the file.

        Raises:
            KeyError: it has none of that name.
            OSError: the file cannot be read any more.
            ValueError: the file has become shorter.
        """
        place = self.place
        for other, dtype, shape in self.head.get("arrays", ()):
            count = int(np.prod(shape, dtype=np.int64))
            if other == name:
                with self.path.open("rb") as file:
                    file.seek(place)
                    data = file.read(count * int(dtype[2]))
                return np.frombuffer(data, dtype, count).reshape(shape)
            place += count * int(dtype[2])
        raise KeyError(name)


class RecordFile:
    """The records of a file.

    Args:
        path: of the file.

    Attributes:
        broken: why reading ended before the end of the file; empty if it did not, or not yet.
        known: whether the file begins as one of these does.
        bytes: up to the end of the last whole record.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.broken = ""
        self.known = False
        self.bytes = 0

    def __iter__(self) -> Iterator[Record]:
        """All whole records, in order; what comes after a damaged one is not looked at.

        Raises:
            OSError: the file cannot be read.
        """
        with self.path.open("rb") as file:
            magic = file.read(len(MAGIC))
            self.known = magic == MAGIC
            if not self.known:
                self.broken = (
                    "is cut off at its very start" if MAGIC.startswith(magic) else "is no part of a performance"
                )
                return
            self.bytes = len(MAGIC)
            while start := file.read(_HEAD.size):
                if len(start) < _HEAD.size:
                    self.broken = f"is cut off after {self.bytes} bytes"
                    return
                found = self._record(file, *_HEAD.unpack(start))
                if found is None:
                    return
                yield found

    def _record(self, file: BinaryIO, kind: bytes, length: int, crc: int) -> Record | None:
        begin, sum_, left = file.tell(), zlib.crc32(kind), length
        size = file.read(min(_LENGTH.size, left))
        sum_, left = zlib.crc32(size, sum_), left - len(size)
        count = _LENGTH.unpack(size)[0] if len(size) == _LENGTH.size else 0
        text = file.read(min(count, left)) if length <= MOST_BYTES else b""
        sum_, left = zlib.crc32(text, sum_), left - len(text)
        while left > 0 and (part := file.read(min(left, _AT_ONCE))):
            sum_, left = zlib.crc32(part, sum_), left - len(part)
        if left:
            self.broken = f"is cut off after {self.bytes} bytes"
            return None
        if sum_ != crc or length > MOST_BYTES:
            self.broken = f"is damaged after {self.bytes} bytes"
            return None
        head = _head(text, length - _LENGTH.size - count)
        if head is None:
            self.broken = f"has a record after {self.bytes} bytes that says nothing"
            return None
        self.bytes = begin + length
        return Record(kind.decode("ascii", "replace"), head, self.path, begin + _LENGTH.size + count)


def _head(text: bytes, room: int) -> dict[str, Any] | None:
    """What a record says, if its arrays take the room that there is; a checksum can be right of anything."""
    try:
        head = json.loads(text)
    except ValueError:
        return None
    if not isinstance(head, dict):
        return None
    listed = head.get("arrays", [])
    if not isinstance(listed, list):
        return None
    for one in listed:
        if not (isinstance(one, list) and len(one) == 3 and isinstance(one[0], str) and one[1] in _TYPES):
            return None
        shape = one[2]
        if not isinstance(shape, list) or not all(type(side) is int and 0 <= side <= MOST_BYTES for side in shape):
            return None
        size = int(one[1][2])
        for side in shape:
            size *= side
        room -= size
    return head if room == 0 else None
