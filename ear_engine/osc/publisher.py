"""Serves the subscriptions: streams by each subscription's own clock, changes of parameters, and events."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ear_engine.control import Change, ControlLog
from ear_engine.osc.codec import encode
from ear_engine.osc.commands import Unknown
from ear_engine.osc.dispatcher import Leaf
from ear_engine.osc.map_stream import POSITIONS, MapStream
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.streams import ACTIVATION, EVENTS, Moment, Streams
from ear_engine.osc.subscriptions import ClientTable, Subscription

IDLE = 0.02  # seconds between looks at the audio process
_EARLY = 0.0005  # seconds a turn may be early, so that timers need not be exact

Send = Callable[[bytes, Subscription], bool]


class Publisher:
    """Nothing waits in a queue here: a turn sends what is true at that moment, and a late turn is left out.

    Args:
        clients: whose subscriptions.
        streams: what is heard.
        positions: where neurons are.
        control: values of parameters; its changes are followed.
        leaves: parameters by address.
        send: sends a packet to a subscription's target without blocking; False if it was dropped.
    """

    def __init__(
        self,
        clients: ClientTable,
        streams: Streams,
        positions: MapStream,
        control: ControlLog,
        leaves: Mapping[str, Leaf],
        send: Send,
    ) -> None:
        self._clients = clients
        self._streams = streams
        self._positions = positions
        self._control = control
        self._leaves = leaves
        self._send = send
        self._names = streams.addresses()
        self._last: dict[str, bytes] = {}  # newest packet of each kind of event
        self._addresses_of: dict[str, list[str]] = {}  # parameter name → its addresses
        for address, leaf in leaves.items():
            self._addresses_of.setdefault(leaf.row.name, []).append(address)

    def matches(self, pattern: Pattern) -> int:
        """How many streams, events and parameters ``pattern`` means.

        Raises:
            UserError: none, although the layers of the ear are known.
        """
        everything = [*self._leaves, *EVENTS, *self._streams.addresses()]
        count = sum(map(pattern.matches, everything))
        if not count and (self._streams.layers() or not pattern.text.startswith(ACTIVATION)):
            raise Unknown(pattern.text, "no_match", lambda: everything)
        return count

    def bind(self, subscription: Subscription) -> None:
        """Find what ``subscription`` matches; its first turn, with all there is, is due at once."""
        pattern = subscription.pattern
        values = (address for address, leaf in self._leaves.items() if leaf.row.kind != "trigger")
        subscription.leaves = frozenset(filter(pattern.matches, self._leaves))
        subscription.dirty = {address for address in values if address in subscription.leaves}
        subscription.dirty.update(filter(pattern.matches, self._last))
        self._bind_streams(subscription)

    def _bind_streams(self, subscription: Subscription) -> None:
        subscription.streams = tuple(filter(subscription.pattern.matches, self._names))

    def changed(self, change: Change) -> float:
        """Note ``change`` for everyone but its originator; return when the first of them is due (inf: nobody)."""
        addresses = [a for name in (*change.values, *change.triggers) for a in self._addresses_of.get(name, ())]
        first = math.inf
        for subscription in self._clients:
            if subscription.origin != change.origin:
                mine = [address for address in addresses if address in subscription.leaves]
                subscription.dirty.update(mine)
                first = min(first, subscription.due) if mine else first
        return first

    def event(self, address: str, packet: bytes) -> None:
        """Send an event to all who want it, at once; the newest of each kind is kept for those who come later."""
        self._last[address] = packet
        for subscription in self._clients:
            if subscription.pattern.matches(address):
                self._deliver(packet, subscription)
                subscription.dirty.discard(address)

    def step(self, at: float) -> float:
        """Serve all whose turn has come at clock time ``at``; return seconds until the next turn."""
        self._clients.expire()
        names = self._streams.addresses()
        if names != self._names:
            self._names = names
            for subscription in self._clients:
                self._bind_streams(subscription)
        moment = self._streams.moment(at)
        wait = IDLE
        for subscription in list(self._clients):
            heard = moment is not None or POSITIONS in subscription.streams  # the map is there without a sound
            if not (subscription.dirty or (subscription.streams and heard)):
                continue
            if at >= subscription.due - _EARLY:
                self._turn(subscription, moment)
                period = 1.0 / subscription.rate
                on_time = at - subscription.due < period
                subscription.due = (subscription.due if on_time else at) + period
            if subscription.streams or subscription.dirty:
                wait = min(wait, subscription.due - at)
        return max(wait, 0.0)

    def _turn(self, subscription: Subscription, moment: Moment | None) -> None:
        if subscription.dirty:
            for address in (address for address in self._leaves if address in subscription.dirty):
                leaf = self._leaves[address]
                value = 1 if leaf.row.kind == "trigger" else leaf.value(self._control.tree.values)
                self._deliver(encode(address, value), subscription)
            for address in subscription.dirty & self._last.keys():
                self._deliver(self._last[address], subscription)
            subscription.dirty = set()
        for address in subscription.streams:
            if address == POSITIONS:
                self._send_map(subscription)
            elif moment is not None:
                for packet in self._streams.packets(address, moment, subscription.sequence):
                    self._deliver(packet, subscription)
        subscription.sequence += 1

    def _send_map(self, subscription: Subscription) -> None:
        """Some more of the map; what is dropped comes again, for a map that lies still is sent only once."""
        packets = self._positions.turn(subscription.map_round)
        for number, packet in enumerate(packets):
            if not self._deliver(packet, subscription):
                self._positions.back(subscription.map_round, len(packets) - number)
                return

    def _deliver(self, packet: bytes, subscription: Subscription) -> bool:
        taken = self._send(packet, subscription)
        subscription.dropped += not taken
        return taken
