"""Serves the subscriptions: streams by each subscription's own clock, changes of parameters, and events."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.osc.codec import encode
from ear_engine.osc.commands import Unknown
from ear_engine.osc.formats import CHANNELS, MOST_CHANNELS
from ear_engine.osc.heartbeat import Vitals, next_heartbeat
from ear_engine.osc.leaves import Leaf
from ear_engine.osc.limits import work_clock
from ear_engine.osc.map_stream import MapStream
from ear_engine.osc.moments import Moment
from ear_engine.osc.pacing import Pacer, Send
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.stream_names import ACTIVATION, EVENTS, HEARTBEAT, LISTEN, POSITIONS, RANK, REGION, TOP
from ear_engine.osc.streams import RANKED, Streams
from ear_engine.osc.subscriptions import ClientTable, Subscription
from ear_engine.shared_memory.clock import now

LARGE = 1024
"""Values of a stream beyond which a pattern must name it (``/ear/rank/{all,scalogram}``, but not ``/ear/rank/*``)."""
IDLE = 0.02  # seconds between looks at the audio process
SHARE = 0.35
"""Of the time that is given to streams when more is asked for than can be had."""
_MOST = 0.003  # seconds of work until others get their turn
_EARLY = 0.0005  # seconds a turn may be early, so that timers need not be exact
_EXPIRE = 0.1  # seconds between looks at the leases
_RANKED = (*RANKED, REGION)


class Publisher:
    """Nothing waits in a queue here: a turn sends what is true at that moment, and a late turn is left out.

    Args:
        clients: whose subscriptions.
        streams: what is heard.
        positions: where neurons are.
        control: values of parameters; its changes are followed.
        leaves: parameters by address.
        send: sends a packet to a subscription's target without blocking; False if it was dropped.
        vitals: how the engine is.
        clock: seconds, monotonic.
        work: seconds of work (:func:`ear_engine.osc.limits.work_clock`).
    """

    def __init__(
        self,
        clients: ClientTable,
        streams: Streams,
        positions: MapStream,
        control: ControlLog,
        leaves: Mapping[str, Leaf],
        send: Send,
        vitals: Callable[[], Vitals] = lambda: Vitals(0.0, 0.0, 0),
        clock: Callable[[], float] = now,
        work: Callable[[], float] | None = None,
    ) -> None:
        self._clients = clients
        self._streams = streams
        self._positions = positions
        self._control = control
        self._leaves = leaves
        self._send = send
        self._vitals = vitals
        self._work = work or work_clock()
        self._pacer = Pacer(send, clock, self._work)
        self._names = streams.addresses()
        self._last: dict[str, bytes] = {}  # newest packet of each kind of event
        self._addresses_of: dict[str, list[str]] = {}  # parameter name → its addresses
        self._expired = -math.inf
        self._served = 0  # number of the subscription that a turn was cut short before
        for address, leaf in leaves.items():
            self._addresses_of.setdefault(leaf.row.name, []).append(address)

    def matches(self, pattern: Pattern, format: str = "list") -> int:
        """How many streams, events and parameters ``pattern`` means.

        Raises:
            UserError: none, although the layers of the ear are known; none but large streams, which it does not name;
                or none that goes into this format.
        """
        everything = [*self._leaves, *EVENTS, *self._streams.addresses()]
        found = list(filter(pattern.matches, everything))
        early = not self._streams.layers() and pattern.text.startswith((ACTIVATION, RANK, TOP))
        if not found and not early:
            raise Unknown(pattern.text, "no_match", lambda: everything)
        meant = [address for address in found if self._means(pattern, address)]
        if found and not meant:
            reason = f"means nothing but streams of more than {LARGE} values"
            raise UserError(pattern.text[:64], reason, f"name them, such as {found[0]}", "too_many")
        fitting = [address for address in meant if self._fits(address, format)]
        if meant and not fitting:
            reason = f"has more than {MOST_CHANNELS} values, too many for channels"
            raise UserError(pattern.text[:64], reason, "use the format blob8, blob16, blob or list", "too_many")
        return len(fitting)

    def bind(self, subscription: Subscription) -> None:
        """Find what ``subscription`` matches; its first turn, with all there is, is due at once."""
        self._follow_ear()
        pattern = subscription.pattern
        values = (address for address, leaf in self._leaves.items() if leaf.row.kind != "trigger")
        subscription.leaves = frozenset(filter(pattern.matches, self._leaves))
        subscription.dirty = {address for address in values if address in subscription.leaves}
        subscription.dirty.update(filter(pattern.matches, self._last))
        self._bind_streams(subscription)

    def _follow_ear(self) -> None:
        names = self._streams.addresses()
        if names != self._names:
            self._names = names
            for subscription in self._clients:
                self._bind_streams(subscription)

    def _bind_streams(self, subscription: Subscription) -> None:
        pattern = subscription.pattern
        matching = (a for a in self._names if pattern.matches(a) and self._means(pattern, a))
        subscription.streams = tuple(a for a in matching if self._fits(a, subscription.format))
        if any(address.startswith(_RANKED) for address in subscription.streams):
            self._streams.prepare()

    def _means(self, pattern: Pattern, address: str) -> bool:
        """Whether a pattern that matches a stream asks for it: a large one has to be named."""
        return pattern.named or address in self._leaves or self._streams.size(address) <= LARGE

    def _fits(self, address: str, format: str) -> bool:
        """Whether a stream can be sent in a format: channels are no way for large ones."""
        return format != CHANNELS or (address != POSITIONS and self._streams.size(address) <= MOST_CHANNELS)

    def changed(self, change: Change) -> float:
        """Note ``change`` for everyone, its originator only what it does not know; return when the first is due (inf:
        nobody)."""
        names = (*change.values, *change.triggers)
        addresses = [a for name in names for a in self._addresses_of.get(name, ())]
        others = [a for name in names if name not in change.known for a in self._addresses_of.get(name, ())]
        first = math.inf
        for subscription in self._clients:
            told = others if subscription.origin == change.origin else addresses
            mine = [address for address in told if address in subscription.leaves]
            subscription.dirty.update(mine)
            first = min(first, subscription.due) if mine else first
        return first

    def event(self, address: str, packet: bytes, keep: bool = True) -> None:
        """Send an event to all who want it, at once; the newest of each kind is kept for those who come later."""
        if keep:
            self._last[address] = packet
        for subscription in self._clients:
            if subscription.pattern.matches(address):
                self._deliver(packet, subscription)
                subscription.dirty.discard(address)

    def prepare(self) -> None:
        """New loops are scheduled: begin what takes a while, some of it only if someone wants it."""
        self._streams.warm()
        if any(address.startswith(_RANKED) for s in self._clients for address in s.streams):
            self._streams.prepare()

    def step(self, at: float) -> float:
        """Serve all whose turn has come at clock time ``at``; return seconds until the next turn.

        What is 3 ms of work or more is gone on with in the next turn, which comes so late that no more than a third of
        the time is taken.
        """
        began = self._work()
        if at - self._expired >= _EXPIRE or at < self._expired:
            self._expired = at
            self._clients.expire()
        self._follow_ear()
        self._pacer.drain(at, began + _MOST / 2)  # the next turn need not wait for what is left of the last
        wait = min(self._turns(at, began + _MOST), self._pacer.drain(at, began + 2 * _MOST) - at)
        took = self._work() - began
        return max(wait, took * (1.0 / SHARE - 1.0), 0.0)

    def _turns(self, at: float, until: float) -> float:
        """Begin all turns that are due, those first that were cut off last time; return seconds until the next."""
        subscriptions = list(self._clients)
        if self._served:
            later = itertools.dropwhile(lambda s: s.number != self._served, subscriptions)
            order = dict.fromkeys([*later, *subscriptions])
            subscriptions, self._served = list(order), 0
        moments: dict[float, Moment | None] = {}
        wait = IDLE
        for subscription in subscriptions:
            if not (subscription.streams or subscription.dirty) or (subscription.ttl and subscription.expires <= at):
                continue
            if subscription.lead not in moments:
                moments[subscription.lead] = self._streams.moment(at, subscription.lead)
            moment = moments[subscription.lead]
            if not (subscription.dirty or self._speaks(subscription, moment)):
                continue
            if at >= subscription.due - _EARLY:
                if self._work() >= until:
                    self._served = subscription.number
                    return 0.0
                if self._pacer.busy(subscription):  # it is too much, or we are late: the turn is left out
                    continue
                self._turn(subscription, moment, at)
            if subscription.streams or subscription.dirty:
                wait = min(wait, subscription.due - at)
        return wait

    def _speaks(self, subscription: Subscription, moment: Moment | None) -> bool:
        """Whether there is something to send: without a sound only channels, the map and heartbeats."""
        streams = subscription.streams
        if moment is not None or subscription.format == CHANNELS:
            return bool(streams)
        return POSITIONS in streams or HEARTBEAT in streams or self._live(streams)

    def _live(self, streams: Sequence[str]) -> bool:
        """Whether the ear hears the live input, and some of ``streams`` tell of that."""
        return any(address.startswith(LISTEN) for address in streams) and self._streams.live.speaking

    def _turn(self, subscription: Subscription, moment: Moment | None, at: float) -> None:
        period = 1.0 / subscription.rate
        missed = int((at - subscription.due + _EARLY) / period) if subscription.sequence else 0
        subscription.sequence += missed
        subscription.dropped += missed
        self._tell(subscription)
        packets: list[bytes] = []
        late = False
        for address in subscription.streams:
            if address == POSITIONS:
                self._send_map(subscription)
            elif address == HEARTBEAT:
                if at >= subscription.beat_due - _EARLY:
                    values = next_heartbeat(subscription, at, self._vitals(), self._streams.age(at))
                    packets += self._streams.heartbeat(values, subscription.format, subscription.packet)
            elif subscription.format != CHANNELS and self._streams.lacks(address, moment):
                late = True
            elif moment is not None or subscription.format == CHANNELS or address.startswith(LISTEN):
                regions = subscription.owner.regions if subscription.owner is not None else None
                packets += self._streams.packets(
                    address, moment, subscription.sequence, subscription.format, subscription.packet, regions
                )
        if packets:
            self._pacer.put(subscription, packets, at)
        subscription.sequence += 1
        on_time = at - subscription.due < period
        subscription.due = (subscription.due if on_time else at) + period
        if late and not packets:  # then the first turn that has any comes soon
            subscription.due = min(subscription.due, at + IDLE)

    def _tell(self, subscription: Subscription) -> None:
        """What has changed."""
        if subscription.dirty:
            for address in (address for address in self._leaves if address in subscription.dirty):
                leaf = self._leaves[address]
                value = 1 if leaf.row.kind == "trigger" else leaf.value(self._control.tree.values)
                self._deliver(encode(address, value), subscription)
            for address in subscription.dirty & self._last.keys():
                self._deliver(self._last[address], subscription)
            subscription.dirty = set()

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
