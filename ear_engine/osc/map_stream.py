"""The stream of positions on the map: whole maps, cut into messages, a few of them a turn, and only after changes.

A map of 42,608 neurons is 333 messages; at once they would overflow what a receiver has room for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.osc.codec import FloatMessage
from ear_engine.osc.stream_names import POSITIONS as POSITIONS

_CHUNK = 256  # floats in a message, which keeps it below 1400 bytes
_A_TURN = 48  # messages, 50 kB
_VERSIONS = 1 << 23  # a counter stays exact when a receiver turns it into float32


@dataclass(frozen=True, eq=False)
class MapNow:
    """Where neurons are.

    Args:
        version: another one whenever they have moved.
        positions: (neurons, 2).
    """

    version: int
    positions: NDArray[np.float32]


@dataclass
class Round:
    """How much of a map one subscription has got."""

    version: int = -1
    packets: tuple[bytes, ...] = ()
    sent: int = 0


class MapStream:
    """Packs maps; subscriptions that are at the same map share its packets.

    Args:
        now: where neurons are.
    """

    def __init__(self, now: Callable[[], MapNow | None]) -> None:
        self._now = now
        self._encoder = FloatMessage(POSITIONS, 3)
        self._version = -1
        self._packets: tuple[bytes, ...] = ()

    def turn(self, round_: Round) -> list[bytes]:
        """The next messages of a subscription: the rest of the map it is getting, or of one that is new.

        Each is ``i version, i offset, i total, then up to 256 f``: x and y of one neuron after another, 0..1, a moving
        map a little beyond; offset and total count floats.
        """
        if round_.sent >= len(round_.packets):
            if not self._pack() or round_.version == self._version:
                return []
            round_.version, round_.packets, round_.sent = self._version, self._packets, 0
        some = round_.packets[round_.sent : round_.sent + _A_TURN]
        round_.sent += len(some)
        return list(some)

    @staticmethod
    def back(round_: Round, count: int) -> None:
        """The last ``count`` messages of a turn could not be sent: they are due again."""
        round_.sent -= count

    def _pack(self) -> bool:
        """Pack the map if it is a new one; False if there is none."""
        here = self._now()
        if here is None:
            return False
        if here.version == self._version:
            return True
        values = np.ascontiguousarray(here.positions, np.float32).reshape(-1)
        self._version = here.version
        self._packets = tuple(
            self._encoder.encode((here.version % _VERSIONS, offset, values.size), values[offset : offset + _CHUNK])
            for offset in range(0, values.size, _CHUNK)
        )
        return True
