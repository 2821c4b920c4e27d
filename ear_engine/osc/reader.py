"""Reading OSC: one strict walk over a datagram. :mod:`ear_engine.osc.codec` is what others use."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import Enum
from typing import Any, Union

MAX_DATAGRAM = 65_507  # largest UDP payload over IPv4
MAX_DEPTH = 8  # of bundles in bundles, and of arrays in arrays
MAX_MESSAGES = 1024  # in one datagram
MAX_ARGUMENTS = 16_384  # in one datagram
_BUNDLE = b"#bundle\0"
_INT = struct.Struct(">i")
_UNSIGNED = struct.Struct(">I")
_LONG = struct.Struct(">q")
_FLOAT = struct.Struct(">f")
_DOUBLE = struct.Struct(">d")
_TIME = struct.Struct(">Q")
_IMMEDIATELY = 1
NTP_TO_UNIX = 2_208_988_800  # seconds from 1900 to 1970


class Bang(Enum):
    """The argument of type ``I`` (impulse): a bang without a value."""

    BANG = "bang"

    def __repr__(self) -> str:
        return "a bang"


Argument = Union[int, float, str, bytes, bool, None, Bang, "tuple[Argument, ...]"]


@dataclass(frozen=True)
class Message:
    """One decoded message.

    Args:
        address: address or address pattern, begins with ``/``.
        arguments: ``i h r`` become int, ``f d`` float, ``t`` float (Unix seconds), ``s S c`` str, ``b`` bytes, ``T F``
            bool, ``N`` None, ``I`` Bang, ``[ ]`` a tuple. Data without a type-tag string become one bytes argument.
        timetag: when it is meant, Unix seconds; None is at once.
    """

    address: str
    arguments: tuple[Argument, ...] = ()
    timetag: float | None = None

    @property
    def flat(self) -> list[Any]:
        """Arguments with all arrays opened."""
        result: list[Any] = []
        for argument in self.arguments:
            _flatten(argument, result)
        return result


class Untyped(bytes):
    """What follows the address in a message without type tags (:mod:`ear_engine.osc.untyped`)."""


class MalformedPacket(ValueError):
    """A datagram that is not OSC, with the reason; ``address`` is that of the offending message if it was readable."""

    def __init__(self, reason: str, address: str = "") -> None:
        super().__init__(reason)
        self.address = address


def read(datagram: bytes) -> list[Message]:
    """All messages of ``datagram`` in order, bundles opened.

    Raises:
        MalformedPacket: it is not OSC.
    """
    reader = _Reader(datagram)
    reader.packet(0, len(datagram), None, 0)
    return reader.messages


def read_string(data: bytes, at: int, end: int) -> tuple[str, int]:
    """The text that begins at ``at``, and where the next value begins.

    Raises:
        MalformedPacket: it does not end before ``end``, or is not UTF-8.
    """
    zero = data.find(b"\0", at, end)
    after = at + ((zero - at) // 4 + 1) * 4
    if zero < 0 or after > end:
        raise MalformedPacket("has a string without an end")
    try:
        return data[at:zero].decode(), after
    except UnicodeDecodeError:
        raise MalformedPacket("has a string that is not UTF-8") from None


def _flatten(argument: Argument, into: list[Any]) -> None:
    if isinstance(argument, tuple):
        for item in argument:
            _flatten(item, into)
    else:
        into.append(argument)


class _Reader:
    """One walk over a datagram; every step moves forward, so the time is linear in its size."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.messages: list[Message] = []
        self.arguments = 0

    def packet(self, at: int, end: int, timetag: float | None, depth: int) -> None:
        if end - at < 4 or (end - at) % 4:
            raise MalformedPacket(f"has a part of {end - at} bytes, not a multiple of 4")
        if self.data.startswith(_BUNDLE, at, end):
            self.bundle(at, end, depth)
        elif self.data[at] == 0x2F:  # "/"
            if len(self.messages) >= MAX_MESSAGES:
                raise MalformedPacket(f"has more than {MAX_MESSAGES} messages")
            self.messages.append(self.message(at, end, timetag))
        else:
            raise MalformedPacket("begins neither with '/' nor with '#bundle'")

    def bundle(self, at: int, end: int, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise MalformedPacket(f"has bundles nested deeper than {MAX_DEPTH}")
        at += len(_BUNDLE)
        if end - at < 8:
            raise MalformedPacket("has a bundle without a time tag")
        timetag = _unix(_TIME.unpack_from(self.data, at)[0])
        at += 8
        while at < end:
            size: int = _INT.unpack_from(self.data, at)[0]  # at and end are multiples of 4 apart
            at += 4
            if not 4 <= size <= end - at:
                raise MalformedPacket(f"has a bundle element of size {size} where {end - at} bytes are left")
            self.packet(at, at + size, timetag, depth + 1)
            at += size

    def message(self, at: int, end: int, timetag: float | None) -> Message:
        address, at = self.string(at, end)
        try:
            if at == end:
                return Message(address, (), timetag)
            if self.data[at] != 0x2C:  # "," missing: an old sender
                self.count(1)
                return Message(address, (Untyped(self.data[at:end]),), timetag)
            tags, at = self.string(at, end)
            arguments, at = self.values(tags[1:], at, end)
            if at != end:
                raise MalformedPacket(f"has {end - at} bytes after its last argument")
        except MalformedPacket as error:
            raise MalformedPacket(str(error), address) from None
        return Message(address, arguments, timetag)

    def count(self, number: int) -> None:
        self.arguments += number
        if self.arguments > MAX_ARGUMENTS:
            raise MalformedPacket(f"has more than {MAX_ARGUMENTS} arguments")

    def string(self, at: int, end: int) -> tuple[str, int]:
        return read_string(self.data, at, end)

    def values(self, tags: str, at: int, end: int) -> tuple[tuple[Argument, ...], int]:
        self.count(len(tags))
        if not tags.strip("if"):  # the common case, at once
            if at + 4 * len(tags) > end:
                raise MalformedPacket("ends inside an argument")
            numbers = struct.unpack_from(f">{tags}", self.data, at)
            if not all(map(math.isfinite, numbers)):
                raise MalformedPacket("has a number that is not finite")
            return numbers, at + 4 * len(tags)
        open_arrays: list[list[Argument]] = [[]]
        for tag in tags:
            if tag == "[":
                if len(open_arrays) > MAX_DEPTH:
                    raise MalformedPacket(f"has arrays nested deeper than {MAX_DEPTH}")
                open_arrays.append([])
            elif tag == "]":
                if len(open_arrays) == 1:
                    raise MalformedPacket("closes an array it did not open")
                array = tuple(open_arrays.pop())
                open_arrays[-1].append(array)
            else:
                value, at = self.value(tag, at, end)
                open_arrays[-1].append(value)
        if len(open_arrays) > 1:
            raise MalformedPacket("opens an array it does not close")
        return tuple(open_arrays[0]), at

    def value(self, tag: str, at: int, end: int) -> tuple[Argument, int]:
        if tag in "sS":
            return self.string(at, end)
        if tag in _CONSTANT:
            return _CONSTANT[tag], at
        if tag == "b":
            return self.blob(at, end)
        layout = _NUMBER.get(tag)
        if layout is None:
            raise MalformedPacket(f"has the unknown type tag {tag!r}")
        if at + layout.size > end:
            raise MalformedPacket("ends inside an argument")
        number = layout.unpack_from(self.data, at)[0]
        if tag in "fd" and not math.isfinite(number):
            raise MalformedPacket("has a number that is not finite")
        if tag == "t":
            number = _unix(number) or 0.0
        if tag == "c":
            if number > 0x10FFFF or 0xD800 <= number < 0xE000:
                raise MalformedPacket(f"has the character {number:#x}, which does not exist")
            number = chr(number)
        return number, at + layout.size

    def blob(self, at: int, end: int) -> tuple[bytes, int]:
        if at + 4 > end:
            raise MalformedPacket("ends inside an argument")
        size: int = _INT.unpack_from(self.data, at)[0]
        at += 4
        if not 0 <= size <= end - at:
            raise MalformedPacket(f"has a blob of size {size} where {end - at} bytes are left")
        return self.data[at : at + size], at + size + (-size % 4)


_NUMBER = {"i": _INT, "f": _FLOAT, "d": _DOUBLE, "h": _LONG, "t": _TIME, "c": _UNSIGNED, "r": _UNSIGNED}
_CONSTANT: dict[str, Argument] = {"T": True, "F": False, "N": None, "I": Bang.BANG}


def _unix(timetag: int) -> float | None:
    return None if timetag == _IMMEDIATELY else timetag / (1 << 32) - NTP_TO_UNIX
