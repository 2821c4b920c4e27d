"""Sends the packets of a turn in slices over its period, so that what a receiver has room for does not overflow.

Nothing queues up: while a turn of a subscription is being sent, it has no other, so that frames come whole or not at
all.
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
_CATCH_UP = 2.0  # slices at once, when one is late
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
    pause: float = _GAP  # between the last slice and the one that is due

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
        work: seconds of work.
    """

    def __init__(self, send: Send, clock: Callable[[], float], work: Callable[[], float]) -> None:
        self._send = send
        self._work = work
        self._lanes: dict[Address, _Lane] = {}
        self._budget = Bucket(MOST_STREAMED, MOST_STREAMED / 20, clock)

    def put(self, subscription: Subscription, packets: Sequence[bytes], at: float) -> None:
        """A turn begins at clock time ``at``, unless the one before is :meth:`busy`; :meth:`drain` sends it."""
        lane = self._lanes.setdefault(subscription.target, _Lane())
        for ended in [other for other in lane.batches if other.ended]:  # else whoever asks anew all the time fills it
            del lane.batches[ended]
        if not lane.batches:
            lane.due = max(lane.due, at)
        spread = min(_PERIOD / subscription.rate, _SPREAD)
        lane.batches[subscription] = _Batch(subscription, deque(packets), at + spread)

    def busy(self, subscription: Subscription) -> bool:
        """Whether the last turn of ``subscription`` is still being sent."""
        lane = self._lanes.get(subscription.target)
        return lane is not None and subscription in lane.batches

    def drain(self, at: float, until: float = math.inf) -> float:
        """Send the slices whose time has come at ``at``; return when the next one is due (inf: none).

        Args:
            at: clock time of this turn.
            until: on the clock of work, when to stop. Whoever has not had a slice then, or when the budget of all
                streams is spent, is first in the next turn.
        """
        first = math.inf
        for target, lane in list(self._lanes.items()):
            if lane.due <= at:
                if not lane.batches:
                    del self._lanes[target]
                    continue
                if self._work() >= until:
                    return at
                slices = min(_CATCH_UP, 1.0 + (at - lane.due) / lane.pause)
                if not self._slice(lane, SLICE * slices):
                    return at + _LEAST_GAP
                lane.pause = lane.gap(at)
                lane.due = at + lane.pause
                self._lanes[target] = self._lanes.pop(target)  # it had its turn: it is last next time
            if lane.batches:
                first = min(first, lane.due)
        return first

    def _slice(self, lane: _Lane, room: float) -> bool:
        """Send what a receiver has room for; False if the budget of all streams is spent."""
        first = True
        for subscription, batch in list(lane.batches.items()):
            while batch.packets:
                weight = _weight(batch.packets[0])
                if weight > room and not first:
                    return True
                if not self._budget.take():
                    return False
                room, first = room - weight, False
                if not self._send(batch.packets.popleft(), subscription):
                    subscription.dropped += 1
            del lane.batches[subscription]
        return True
