"""Clients that are not reached over UDP: their packets come in and go out another way, and all else is the same.

A link is a client of the same table, with the same limits, and goes through the same dispatcher. Its address is the IP
of the other side and a number that no UDP port has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ear_engine.errors import UserError
from ear_engine.osc.dispatcher import Dispatcher
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.publisher import Publisher
from ear_engine.osc.subscriptions import Address, ClientTable, Subscription

BEYOND = 1 << 16
"""Added to the TCP port of the other side, so that it is no UDP port."""
_RATE = 60.0  # Hz at which a link hears of what it listens to
MOST_PATHS = 1024  # that one link listens to
Send = Callable[[bytes, str], bool]
"""Takes a packet and, if a newer one replaces it, its address, else nothing; False if there is no room for it."""


class _Paths(Pattern):
    """Means exactly some addresses."""

    def __init__(self) -> None:
        super().__init__("/")
        self.text = "(LISTEN)"
        self.addresses: set[str] = set()

    def matches(self, address: str) -> bool:
        """Whether it is one of them."""
        return address in self.addresses


class Link:
    """One client.

    Args:
        address: of it, as no UDP client has.
        dispatcher: does what its packets ask for.
        publisher: tells it of what it listens to.
        clients: all clients.
        forget: called when it is closed.
    """

    def __init__(
        self,
        address: Address,
        dispatcher: Dispatcher,
        publisher: Publisher,
        clients: ClientTable,
        forget: Callable[[], None],
    ) -> None:
        self._address = address
        self._dispatcher = dispatcher
        self._publisher = publisher
        self._clients = clients
        self._forget = forget
        self._paths = _Paths()
        self._subscription: Subscription | None = None

    def receive(self, packet: bytes) -> None:
        """Do what a packet asks for; whatever is in it, this returns."""
        self._dispatcher.handle(packet, self._address)

    def listen(self, paths: Iterable[str]) -> None:
        """Tell this client what is there at ``paths``, and all changes from now on; those that are listened to already
        are not told again. What is not an address means nothing.

        Raises:
            UserError: there are too many clients, or too many paths.
        """
        fresh = set(paths) - self._paths.addresses
        if len(self._paths.addresses) + len(fresh) > MOST_PATHS:
            raise UserError("LISTEN", f"is to more than {MOST_PATHS} paths", "IGNORE some", "too_many")
        client = self._clients.touch(self._address)
        known = self._subscription
        if known is None or known not in client.subscriptions:  # one that the client has ended with all others
            known = self._clients.subscribe(client, self._paths, rate=_RATE, ttl=1.0, target=0)
            known.ttl = 0.0  # it lives as long as the link,
            known.target = self._address  # and goes that way wherever answers go
            self._subscription = known
        self._paths.addresses |= fresh
        waiting = set(known.dirty)
        self._publisher.bind(known)
        known.dirty &= waiting | fresh

    def ignore(self, paths: Iterable[str]) -> None:
        """Tell nothing more of ``paths``."""
        self._paths.addresses -= set(paths)
        known = self._subscription
        if known is not None:
            waiting = set(known.dirty)
            self._publisher.bind(known)
            known.dirty &= waiting

    def fail(self, error: UserError) -> None:
        """Tell it that what it said otherwise than by a packet is refused."""
        self._dispatcher.fail(self._clients.touch(self._address), "", error)

    def close(self) -> None:
        """The other side has gone."""
        self._forget()
        self._clients.refused(self._address)
