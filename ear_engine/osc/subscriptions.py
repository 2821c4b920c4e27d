"""Who listens to what: clients by their address, their subscriptions, and the leases that end them."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ear_engine.errors import UserError
from ear_engine.osc.destinations import Address as Address
from ear_engine.osc.destinations import destination, is_here
from ear_engine.osc.formats import FORMATS, LEAST_PACKET, MOST_PACKET, PACKET
from ear_engine.osc.limits import Bucket
from ear_engine.osc.map_stream import Round
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.region import Region

MAX_CLIENTS = 64
MAX_SUBSCRIPTIONS = 64  # of one client
MAX_RATE = 240.0
DEFAULT_RATE = 30.0
DEFAULT_TTL = 30.0
MAX_TTL = 3600.0
MOST_LEAD = 1.0  # beats
_REQUESTS = (8000.0, 4000.0)  # small datagrams a second of one client, and at once
_FAILURES = (20.0, 50.0)  # /ear/fail to one client


@dataclass(eq=False)
class Subscription:
    """What one client wants to receive.

    Args:
        number: counts up over all subscriptions.
        pattern: addresses wanted.
        target: where to send.
        rate: most messages a second of each address; each subscription has its own clock.
        format: how values are sent, one of :data:`ear_engine.osc.formats.FORMATS`.
        ttl: seconds it lives without a sign of its client; 0 is until unsubscribed.
        expires: when it ends, on the table's clock.
        origin: changes by this origin are not echoed.
        static: a target given at the start, which nothing ends.
        lead: beats that it is ahead of the sound.
        packet: bytes, most of one packet.
        owner: whose it is; None for a target given at the start.
        ended: whether it is over.
    """

    number: int
    pattern: Pattern
    target: Address
    rate: float
    format: str
    ttl: float
    expires: float
    origin: str = ""
    static: bool = False
    lead: float = 0.0
    packet: int = PACKET
    owner: Client | None = None
    ended: bool = False
    due: float = 0.0  # next turn, on the shared clock
    sequence: int = 0  # turns so far, those that were left out as well
    dropped: int = 0  # packets that were not sent, and turns left out
    beats: int = 0  # heartbeats so far
    beat_due: float = 0.0  # next heartbeat
    leaves: frozenset[str] = frozenset()  # parameter addresses it matches
    streams: tuple[str, ...] = ()  # stream addresses it matches
    map_round: Round = field(default_factory=Round)  # how much of the map it has got
    dirty: set[str] = field(default_factory=set)  # parameter addresses and events to send at the next turn


@dataclass(eq=False)
class Client:
    """Someone who has sent a message."""

    address: Address
    requests: Bucket
    failures: Bucket
    seen: float
    reply_port: int = 0  # 0 is the port it sends from
    subscriptions: list[Subscription] = field(default_factory=list)
    regions: dict[str, Region] = field(default_factory=dict)  # by their words

    def keep(self, kept: list[Subscription]) -> int:
        """End all subscriptions but those; return how many that were."""
        if len(kept) == len(self.subscriptions):
            return 0
        ended = [subscription for subscription in self.subscriptions if subscription not in kept]
        for subscription in ended:
            subscription.ended = True
        self.subscriptions = kept
        return len(ended)

    @property
    def origin(self) -> str:
        """Its name in the control log."""
        return f"osc {self.address[0]}:{self.address[1]}"

    @property
    def reply_to(self) -> Address:
        """Where answers go."""
        return self.address[0], self.reply_port or self.address[1]


class ClientTable:
    """All clients and subscriptions, bounded: a client without a subscription makes room for a new one.

    Args:
        clock: seconds, monotonic; replaced in tests.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._clients: OrderedDict[Address, Client] = OrderedDict()
        self._static: list[Subscription] = []
        self._numbers = itertools.count(1)

    def __iter__(self) -> Iterator[Subscription]:
        yield from self._static
        for client in self._clients.values():
            yield from client.subscriptions

    @property
    def count(self) -> int:
        """Clients heard of in the last 30 s or still subscribed, and static targets."""
        at = self._clock()
        live = sum(bool(c.subscriptions) or at - c.seen < DEFAULT_TTL for c in self._clients.values())
        return live + len({subscription.target for subscription in self._static})

    def touch(self, address: Address) -> Client:
        """The client at ``address``; its leases are renewed.

        When the table is full of subscribed clients a newcomer is not kept: it can get and set, but not subscribe.
        """
        at = self._clock()
        client = self._clients.get(address)
        if client is None:
            client = Client(address, Bucket(*_REQUESTS, self._clock), Bucket(*_FAILURES, self._clock), at)
            if len(self._clients) >= MAX_CLIENTS:
                idle = [other for other in self._clients.values() if not other.subscriptions]
                if not idle:
                    return client
                del self._clients[min(idle, key=lambda other: bool(other.reply_port)).address]  # the oldest of those
            self._clients[address] = client
        client.seen = at
        self._clients.move_to_end(address)
        for subscription in client.subscriptions:
            subscription.expires = at + subscription.ttl
        return client

    def find(self, origin: str) -> Client | None:
        """The client that is ``origin`` in the control log, if it is still known."""
        return next((client for client in self._clients.values() if client.origin == origin), None)

    def subscribe(
        self,
        client: Client,
        pattern: Pattern,
        *,
        rate: float = 0.0,
        format: str = "list",
        target: str | int = 0,
        ttl: float = DEFAULT_TTL,
        lead: float = 0.0,
        packet: int = 0,
    ) -> Subscription:
        """Add a subscription, or replace the one of the same pattern and target.

        Args:
            client: who asks.
            pattern: addresses wanted.
            rate: Hz, at most 240; 0 is 30.
            format: one of :data:`ear_engine.osc.formats.FORMATS`.
            target: port at the client's host (0 is where its answers go) or ``IP:PORT``.
            ttl: lease in seconds, at most an hour; 0 (until unsubscribed) only for a client on this machine.
            lead: beats ahead of the sound, 0..1.
            packet: bytes of a packet, 512 to 65,507; 0 is 1,400.

        Raises:
            UserError: the table or the client's share of it is full, an unknown format, a negative rate or lease, a
                lead or size out of range, or a target on another host than the client's.
        """
        if client.address not in self._clients:
            raise UserError("subscription", f"finds {MAX_CLIENTS} clients before it", "try later", "too_many")
        if format not in FORMATS:
            raise UserError(f"format {format!r}", "is unknown", f"use {' or '.join(FORMATS)}", "bad_value")
        if rate < 0 or ttl < 0:
            raise UserError("rate or lease", "is below 0", "send Hz and seconds", "out_of_range")
        if ttl == 0 and not is_here(client.address[0]):
            raise UserError("lease 0", "is only for clients on this machine", "send seconds and renew", "not_allowed")
        if not 0.0 <= lead <= MOST_LEAD:
            raise UserError(f"lead {lead:g}", f"is not 0 to {MOST_LEAD:g} beats", "send 0 for none", "out_of_range")
        if packet and not LEAST_PACKET <= packet <= MOST_PACKET:
            reason = f"is not {LEAST_PACKET} to {MOST_PACKET}"
            raise UserError(f"packet size {packet}", reason, f"send 0 for {PACKET}", "out_of_range")
        goal = destination(client.address, client.reply_to, target)
        kept = [s for s in client.subscriptions if (s.pattern.text, s.target) != (pattern.text, goal)]
        if len(kept) >= MAX_SUBSCRIPTIONS:
            raise UserError("subscription", f"is one more than {MAX_SUBSCRIPTIONS}", "unsubscribe some", "too_many")
        ttl = min(ttl, MAX_TTL)
        subscription = Subscription(
            next(self._numbers),
            pattern,
            goal,
            min(rate or DEFAULT_RATE, MAX_RATE),
            format,
            ttl,
            self._clock() + ttl,
            client.origin,
            lead=lead,
            packet=packet or PACKET,
            owner=client,
        )
        client.keep(kept)
        client.subscriptions.append(subscription)
        return subscription

    def add_static(self, pattern: Pattern, target: Address, rate: float) -> Subscription:
        """Add a subscription that nothing ends, for a target that only listens."""
        subscription = Subscription(next(self._numbers), pattern, target, rate, "list", 0.0, 0.0, static=True)
        self._static.append(subscription)
        return subscription

    def unsubscribe(self, client: Client, pattern: str = "") -> int:
        """End the client's subscriptions of exactly ``pattern``, or all of them; return how many."""
        kept = [s for s in client.subscriptions if pattern and s.pattern.text != pattern]
        return client.keep(kept)

    def refused(self, target: Address) -> int:
        """Nobody listens at ``target``: end what is sent there; return how many subscriptions that were."""
        ended = 0
        for client in list(self._clients.values()):
            kept = [s for s in client.subscriptions if s.target != target]
            ended += client.keep(kept)
            if client.reply_to == target and not kept:
                del self._clients[client.address]
        return ended

    def expire(self) -> int:
        """End the subscriptions whose lease is over; return how many."""
        at = self._clock()
        ended = 0
        for client in self._clients.values():
            kept = [s for s in client.subscriptions if s.ttl == 0 or s.expires > at]
            ended += client.keep(kept)
        return ended
