"""Numbers of faders that have come while others were done: of those for one parameter only the latest counts.

A fader that sends a thousand values a second to a machine that is busy would be heard ever later if each were done.
What is left out is nothing but a set of a number, by one client, that the same client sets anew before anything else
is asked; so whoever asks for a value gets what he has set, and of different addresses none overtakes another.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator

from ear_engine.osc.destinations import Address
from ear_engine.osc.leaves import Leaf

Datagram = tuple[bytes, Address]
_FLOAT = struct.Struct(">f")
_TAGS = (b",f\0\0", b",i\0\0")
_KINDS = ("float", "int")


class Faders:
    """Knows what may be left out.

    Args:
        leaves: addresses of parameters.
        watched: whether someone wants to see every message that comes.
    """

    def __init__(self, leaves: Iterable[Leaf], watched: Callable[[], bool] = lambda: False) -> None:
        numbers = (leaf for leaf in leaves if leaf.row.kind in _KINDS and (leaf.norm or leaf.row.clip == "both"))
        self._addresses = frozenset(leaf.address.encode() for leaf in numbers)
        self._watched = watched

    def address(self, data: bytes) -> bytes:
        """Address of the parameter that a datagram sets to a number, and does nothing else; empty if it is another."""
        end = data.find(b"\0", 0, 128)
        at = (end // 4 + 1) * 4
        if len(data) != at + 8 or data[at : at + 4] not in _TAGS or data[:end] not in self._addresses:
            return b""
        if data[at + 1] == ord("f") and not math.isfinite(_FLOAT.unpack_from(data, at + 4)[0]):
            return b""  # it is refused, and leaves what was set before
        return b"" if self._watched() else data[:end]


class Waiting:
    """Datagrams that have come, in order, until they are done.

    Args:
        faders: know what may be left out; nothing may if None.
    """

    def __init__(self, faders: Faders | None) -> None:
        self._faders = faders
        self._fixed: list[Datagram] = []
        self._kept: dict[tuple[Address, bytes], Datagram] = {}  # since the last that is no fader's

    def __len__(self) -> int:
        """How many have to be done."""
        return len(self._fixed) + len(self._kept)

    def add(self, data: bytes, sender: Address) -> None:
        """One more, which may take the place of one that came before."""
        address = b"" if self._faders is None else self._faders.address(data)
        if address:
            self._kept.pop((sender, address), None)
            self._kept[sender, address] = data, sender
            return
        self._fixed += [*self._kept.values(), (data, sender)]  # nothing takes the place of these
        self._kept.clear()

    def take(self) -> Iterator[Datagram]:
        """All of them, the earliest first; none waits any more."""
        waiting, self._fixed = [*self._fixed, *self._kept.values()], []
        self._kept.clear()
        yield from waiting
