"""How values of a stream become packets: one float an argument, blobs, or one float an address."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.osc.codec import FloatMessage, encode, padded

LIST, BLOB, BLOB16, BLOB8, CHANNELS = "list", "blob", "blob16", "blob8", "channels"
FORMATS = (LIST, BLOB, BLOB16, BLOB8, CHANNELS)
PACKET = 1400
"""Bytes of a packet unless more is asked for: below the MTU of Ethernet and of VPNs."""
LEAST_PACKET, MOST_PACKET = 512, 65_507
MOST_CHANNELS = 1024
"""Values of a stream that is sent as channels; a larger one is not."""
BARE = 256
"""Most values of a message without a place."""
_AROUND = 120  # bytes of address, type tags and what goes before the values
_TIME = b"#bundle\0" + struct.pack(">Q", 1)  # 1 is: at once
_PLACE = struct.Struct(">4i")
_SCALE = struct.Struct(">fi")
_DTYPES = {BLOB: padded("float32"), BLOB16: padded("float16"), BLOB8: padded("uint8")}
_SIZES = {BLOB: 4, BLOB16: 2, BLOB8: 1}
_LARGEST_HALF = 65_504.0
UNIT: NDArray[np.float32] = (np.arange(256) / np.float32(255)).astype(np.float32)
"""What a byte of a rank means."""


@dataclass(frozen=True, eq=False)
class Vector:
    """Many values of one kind.

    Args:
        values: (n,), float32 and finite, or uint8 for 0..1.
        loop, frame: where they are from.
        names: of each, the last part of its address when it is a channel; the same as long as the ear stays.
        bare: as a list it has no place, only its values, at most 256.
    """

    values: NDArray[np.float32] | NDArray[np.uint8]
    loop: int
    frame: int
    names: Callable[[], Sequence[str]]
    bare: bool = False


@dataclass(frozen=True, eq=False)
class Fields:
    """A few values of several kinds, by name; blobs of them would say nothing, so they are sent as lists.

    The name of a value that has its stream's own address as a channel is empty.
    """

    values: tuple[tuple[str, int | float], ...]


Reading = Vector | Fields


class Packer:
    """Packs readings; what is constant in their packets is made once for each address.

    :meth:`forget` when the ear changes.
    """

    def __init__(self) -> None:
        self._lists: dict[str, FloatMessage] = {}
        self._channels: dict[tuple[str, int, int], list[_Channels]] = {}

    def forget(self) -> None:
        """The names of channels are others from now on."""
        self._lists.clear()
        self._channels.clear()

    def pack(self, address: str, reading: Reading, format: str = LIST, size: int = PACKET) -> list[bytes]:
        """The packets of ``reading``, each of at most ``size`` bytes.

        ====================  ================================================================================
        ``list``              ``i loop, i frame, i offset, i total``, then floats (a bare vector: floats only)
        ``blob``              ``i loop, i frame, i offset, i total, s dtype, f scale, b bytes``; a value is a number of
                              ``dtype`` (float32, big-endian) times ``scale``; offset and total count values
        ``blob16``, ``blob8`` the same with float16 (beyond ±65504: cut) or uint8 (below 0: 0)
        ``channels``          bundles of ``ADDRESS/NAME f``
        ====================  ================================================================================

        Args:
            address: of the stream, at most 64 bytes.
            reading: what is sent.
            format: one of ``FORMATS``.
            size: bytes, 512 to 65,507.
        """
        if format == CHANNELS:
            return self._as_channels(address, reading, size)
        if isinstance(reading, Fields):
            return [encode(address, *(value for _, value in reading.values))]
        if format == LIST:
            return self._as_lists(address, reading, size)
        return _as_blobs(address, reading, format, size)

    def _as_lists(self, address: str, reading: Vector, size: int) -> list[bytes]:
        values = as_floats(reading.values)
        encoder = self._lists.get(address)
        if encoder is None:
            encoder = self._lists[address] = FloatMessage(address, 0 if reading.bare else 4)
        if reading.bare:
            return [encoder.encode((), values[:BARE])]
        step = (size - _AROUND) // 5
        place = (reading.loop, reading.frame)
        return [
            encoder.encode((*place, offset, values.size), values[offset : offset + step])
            for offset in range(0, values.size, step)
        ]

    def _as_channels(self, address: str, reading: Reading, size: int) -> list[bytes]:
        if isinstance(reading, Fields):
            names: Sequence[str] = [name for name, _ in reading.values]
            values = np.array([value for _, value in reading.values], np.float32)
        else:
            names, values = (), as_floats(reading.values)
            if values.size > MOST_CHANNELS:
                return []
        key = address, values.size, size
        parts = self._channels.get(key)
        if parts is None:
            wanted = names or (reading.names() if isinstance(reading, Vector) else ())
            parts = self._channels[key] = _cut([f"{address}/{name}" if name else address for name in wanted], size)
        return [part.encode(values) for part in parts]


def as_floats(values: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """The values themselves; of bytes what they mean, 0..1."""
    return UNIT[values] if values.dtype == np.uint8 else values  # type: ignore[return-value]


def _as_blobs(address: str, reading: Vector, format: str, size: int) -> list[bytes]:
    values, scale = reading.values, 1.0
    if format == BLOB8:
        data, scale = _as_bytes(values)
    elif format == BLOB16:
        data = np.clip(as_floats(values), -_LARGEST_HALF, _LARGEST_HALF).astype(">f2").tobytes()
    else:
        data = as_floats(values).astype(">f4").tobytes()
    head, kind, width = padded(address) + padded(",iiiisfb"), _DTYPES[format], _SIZES[format]
    step = (size - _AROUND) // width // 4 * 4
    packets = []
    for offset in range(0, values.size, step):
        part = data[offset * width : (offset + step) * width]
        place = _PLACE.pack(reading.loop, reading.frame, offset, values.size)
        packets.append(
            b"".join((head, place, kind, _SCALE.pack(scale, len(part)), part, b"\0" * (-len(part) % 4))),
        )
    return packets


def _as_bytes(values: NDArray[np.float32] | NDArray[np.uint8]) -> tuple[bytes, float]:
    """Bytes, and what one of them is worth."""
    if values.dtype == np.uint8:
        return values.tobytes(), 1.0 / 255.0
    scale = max(float(values.max(initial=0.0)), 1e-30) / 255.0
    return np.rint(np.maximum(values, 0.0) / np.float32(scale)).astype(np.uint8).tobytes(), scale


class _Channels:
    """One bundle of messages of one float each, whose addresses stay.

    Args:
        addresses: of the messages.
        first: which value is that of the first one.
    """

    def __init__(self, addresses: Sequence[str], first: int) -> None:
        parts, at, places = [_TIME], len(_TIME), []
        for address in addresses:
            message = encode(address, 0.0)
            at += 4 + len(message)
            places.append(at // 4 - 1)
            parts += [struct.pack(">i", len(message)), message]
        self._words = np.frombuffer(b"".join(parts), ">u4")
        self._places = np.array(places)
        self._span = slice(first, first + len(addresses))

    def encode(self, values: NDArray[np.float32]) -> bytes:
        words = self._words.copy()
        words[self._places] = values[self._span].astype(">f4").view(">u4")
        return words.tobytes()


def _cut(addresses: Sequence[str], size: int) -> list[_Channels]:
    """Bundles of at most ``size`` bytes."""
    bundles: list[_Channels] = []
    first, room = 0, size - len(_TIME)
    for index, address in enumerate(addresses):
        need = 4 + len(encode(address, 0.0))
        if need > room and index > first:
            bundles.append(_Channels(addresses[first:index], first))
            first, room = index, size - len(_TIME)
        room -= need
    return [*bundles, _Channels(addresses[first:], first)] if addresses else []
