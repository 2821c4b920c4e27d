"""Which way a packet goes: through the UDP socket, or over a link to a client that is connected otherwise."""

from __future__ import annotations

from collections.abc import Callable

from ear_engine.osc.links import BEYOND, Send
from ear_engine.osc.server import OscServer
from ear_engine.osc.subscriptions import Address, Subscription


class Delivery:
    """Sends to all clients, without blocking.

    Args:
        replaced: whether a newer packet to an address replaces one that waits, as with the value of a parameter.
    """

    def __init__(self, replaced: Callable[[str], bool]) -> None:
        self.server: OscServer | None = None
        """The UDP socket; None until it is open."""
        self._replaced = replaced
        self._links: dict[Address, Send] = {}

    def connect(self, address: Address, send: Send) -> None:
        """What is for the link at ``address`` goes to ``send`` from now on."""
        self._links[address] = send

    def forget(self, address: Address) -> None:
        """The link at ``address`` is gone; again does nothing."""
        self._links.pop(address, None)

    def answer(self, packet: bytes, target: Address) -> bool:
        """Send an answer; False if it was dropped."""
        if target[1] >= BEYOND:
            return self._over_link(packet, target)
        return self.server is not None and self.server.send(packet, target)

    def tell(self, packet: bytes, subscription: Subscription) -> bool:
        """Send what was subscribed to; False if it was dropped."""
        if subscription.target[1] >= BEYOND:
            address = packet[: packet.find(b"\0")].decode()
            return self._over_link(packet, subscription.target, address if self._replaced(address) else "")
        if self.server is None:
            return False
        return self.server.send(packet, subscription.target, plain=subscription.static)

    def _over_link(self, packet: bytes, target: Address, address: str = "") -> bool:
        send = self._links.get(target)  # none if it was closed before an answer was due
        return send is not None and send(packet, address)
