"""Sends the packets of a turn in slices over its period, so that what a receiver has room for does not overflow.

Nothing queues up: what is still waiting when the next turn of the same subscription comes gives way to it, and counts
as dropped.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ear_engine.osc.limits import Bucket
from ear_engine.osc.subscriptions import Address, Subscription

SLICE = 64_000
"""Bytes of a receiver's buffer that are filled at once; by default it has 212,992."""
_KEEPING = 900  # bytes that a packet takes there besides its own
_PERIOD = 0.8  # share of a period in which its packets are sent,
_SPREAD = 0.02  # and most seconds: a frame is of use only as a whole
_LEAST_GAP = 0.0005  # seconds between slices
_GAP = 0.001  # after the last one
MOST_STREAMED = 50_000.0
"""Packets a second, of all streams together."""

Send = Callable[[bytes, Subscription], bool]


@dataclass(eq=False)
class _Batch:
    """What is left of one turn."""

    subscription: Subscription
    packets: deque[bytes]
    deadline: float


@dataclass(eq=False)
class _Lane:
    """All that goes to one receiver, the earliest turn first."""

    batches: dict[Subscription, _Batch] = field(default_factory=dict)
    due: float = 0.0

    def gap(self, at: float) -> float:
        """Seconds until the next slice, so that every turn is sent before its deadline."""
        slices, gap = 0.0, math.inf
        for batch in self.batches.values():
            slices += sum(map(_weight, batch.packets)) / SLICE
            gap = min(gap, (batch.deadline - at) / math.ceil(slices))
        return max(gap, _LEAST_GAP) if self.batches else _GAP


def _weight(packet: bytes) -> int:
    return len(packet) + _KEEPING


class Pacer:
    """Paces all receivers.

    Args:
        send: sends a packet without blocking; False if it was dropped.
        clock: seconds, monotonic.
    """

    def __init__(self, send: Send, clock: Callable[[], float]) -> None:
        self._send = send
        self._clock = clock
        self._lanes: dict[Address, _Lane] = {}
        self._budget = Bucket(MOST_STREAMED, MOST_STREAMED / 20, clock)

    def put(self, subscription: Subscription, packets: Sequence[bytes], at: float) -> None:
        """A turn begins at clock time ``at``; :meth:`drain` sends it."""
        lane = self._lanes.setdefault(subscription.target, _Lane())
        earlier = lane.batches.pop(subscription, None)
        if earlier is not None:
            subscription.dropped += len(earlier.packets)
        spread = min(_PERIOD / subscription.rate, _SPREAD)
        lane.batches[subscription] = _Batch(subscription, deque(packets), at + spread)

    def drain(self, at: float, until: float = math.inf) -> float:
        """Send the slices whose time has come at ``at``; return when the next one is due (inf: none).

        Args:
            at: clock time of this turn.
            until: the clock's time at which to stop. Whoever has not had a slice then, or when the budget of all
                streams is spent, is first in the next turn.
        """
        first = math.inf
        for target, lane in list(self._lanes.items()):
            if lane.due <= at:
                if not lane.batches:
                    del self._lanes[target]
                    continue
                if self._clock() >= until:
                    return at
                if not self._slice(lane):
                    return at + _LEAST_GAP
                lane.due = at + lane.gap(at)
                self._lanes[target] = self._lanes.pop(target)  # it had its turn: it is last next time
            if lane.batches:
                first = min(first, lane.due)
        return first

    def _slice(self, lane: _Lane) -> bool:
        """Send what a receiver has room for; False if the budget of all streams is spent."""
        room = SLICE
        for subscription, batch in list(lane.batches.items()):
            while batch.packets:
                weight = _weight(batch.packets[0])
                if weight > room and room < SLICE:
                    return True
                if not self._budget.take():
                    return False
                room -= weight
                if not self._send(batch.packets.popleft(), subscription):
                    subscription.dropped += 1
            del lane.batches[subscription]
        return True
