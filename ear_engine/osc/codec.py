"""The one OSC codec: a strict decoder for what anyone may send, and an encoder that emits only i, f, s and b.

Written against OSC 1.0 (opensoundcontrol.stanford.edu/spec-1_0.html). Checking and decoding are one walk over the
datagram, so there is no second parser that could read the same bytes differently. (python-osc 1.10 loops for ever on a
bundle element of size −4, recurses without a limit, and does not know the type tags S, I and c.)
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ear_engine.osc.reader import MAX_ARGUMENTS as MAX_ARGUMENTS
from ear_engine.osc.reader import MAX_DATAGRAM as MAX_DATAGRAM
from ear_engine.osc.reader import MAX_DEPTH as MAX_DEPTH
from ear_engine.osc.reader import MAX_MESSAGES as MAX_MESSAGES
from ear_engine.osc.reader import NTP_TO_UNIX, read
from ear_engine.osc.reader import Argument as Argument
from ear_engine.osc.reader import Bang as Bang
from ear_engine.osc.reader import MalformedPacket as MalformedPacket
from ear_engine.osc.reader import Message as Message

_INT = struct.Struct(">i")
_FLOAT = struct.Struct(">f")
_TIME = struct.Struct(">Q")
_INT_RANGE = range(-(1 << 31), 1 << 31)


def check(datagram: bytes) -> None:
    """Accept or refuse ``datagram``.

    Raises:
        MalformedPacket: too large, cut, misaligned, nested too deep, too many parts, bad UTF-8, an unknown type tag,
            a number that is not finite, or bytes left over.
    """
    decode(datagram)


def decode(datagram: bytes) -> list[Message]:
    """All messages of ``datagram`` in order, bundles opened.

    Raises:
        MalformedPacket: as :func:`check`; no message of a malformed datagram is returned.
    """
    if len(datagram) > MAX_DATAGRAM:
        raise MalformedPacket(f"has {len(datagram)} bytes, more than {MAX_DATAGRAM}")
    return read(datagram)


def encode(address: str, *arguments: object) -> bytes:
    """One message; bool and int become ``i``, float ``f``, str ``s``, bytes ``b``, numpy scalars likewise.

    Raises:
        ValueError: an integer beyond 32 bits, a float that is not finite in float32, or another type.
    """
    tags = [","]
    data: list[bytes] = []
    for argument in arguments:
        tag, packed = _pack(argument)
        tags.append(tag)
        data.append(packed)
    return b"".join((padded(address), padded("".join(tags)), *data))


def bundle(moment: float, *packets: bytes) -> bytes:
    """Packets that are meant for one moment, in Unix seconds."""
    ticks = round((moment + NTP_TO_UNIX) * (1 << 32))
    sized = b"".join(_INT.pack(len(packet)) + packet for packet in packets)
    return b"#bundle\0" + _TIME.pack(ticks) + sized


class FloatMessage:
    """Packs messages of a few integers and many floats to one address; what is constant is packed once.

    Args:
        address: OSC address.
        integers: how many integers go before the floats.
    """

    def __init__(self, address: str, integers: int = 0) -> None:
        self.address = address
        self._integers = struct.Struct(f">{integers}i")
        self._headers: dict[int, bytes] = {}

    def encode(self, integers: Sequence[int], values: NDArray[np.float32]) -> bytes:
        """Pack ``values`` (any shape, read in C order, finite) behind ``integers``."""
        header = self._headers.get(values.size)
        if header is None:
            tags = "," + "i" * (self._integers.size // 4) + "f" * values.size
            header = self._headers[values.size] = padded(self.address) + padded(tags)
        return header + self._integers.pack(*integers) + values.astype(">f4").tobytes()


def padded(text: str) -> bytes:
    """A string as OSC has it: UTF-8, ended by a zero, filled up to a multiple of 4 bytes."""
    data = text.replace("\0", "").encode("utf-8", "replace")
    return data + b"\0" * (4 - len(data) % 4)


def _pack(argument: object) -> tuple[str, bytes]:
    if isinstance(argument, bool | np.bool_):
        return "i", _INT.pack(bool(argument))
    if isinstance(argument, int | np.integer):
        if int(argument) not in _INT_RANGE:
            raise ValueError(f"{argument} does not fit 32 bits")
        return "i", _INT.pack(int(argument))
    if isinstance(argument, float | np.floating):
        try:
            if math.isfinite(argument):
                return "f", _FLOAT.pack(float(argument))
        except OverflowError:
            pass  # finite, but not in float32: refused below like an infinity
        raise ValueError(f"{argument} is not a finite float32")
    if isinstance(argument, str):
        return "s", padded(argument)
    if isinstance(argument, bytes | bytearray | memoryview):
        blob = bytes(argument)
        return "b", _INT.pack(len(blob)) + blob + b"\0" * (-len(blob) % 4)
    raise ValueError(f"{type(argument).__name__} is not sent over OSC")
