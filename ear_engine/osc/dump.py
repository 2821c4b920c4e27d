"""What comes in, told to those who want to see it: for people who look for a mistake in a patch."""

from __future__ import annotations

from collections.abc import Callable

from ear_engine.errors import UserError
from ear_engine.osc.codec import Message, encode
from ear_engine.osc.destinations import is_here
from ear_engine.osc.limits import Bucket
from ear_engine.osc.subscriptions import Client

DUMP = "/ear/dump"
_RATE = (200.0, 400.0)  # messages a second, and at once
_LEASE = 60.0  # seconds that a client which wants it may be silent
_MOST = 8  # clients
_LONGEST = 800  # characters of the arguments


class Dump:
    """Tells messages to clients on this machine.

    Args:
        send: sends a packet to a client.
        clock: seconds, monotonic.
    """

    def __init__(self, send: Callable[[bytes, Client], object], clock: Callable[[], float]) -> None:
        self._send = send
        self._clock = clock
        self._clients: list[Client] = []
        self._rate = Bucket(*_RATE, clock)

    @property
    def on(self) -> bool:
        """Whether anyone is told."""
        return bool(self._clients)

    def switch(self, client: Client, on: bool) -> None:
        """Begin or end to tell ``client``; it ends by itself a minute after the client's last message.

        Raises:
            UserError: it is on another machine, or too many are told already.
        """
        self._clients = [other for other in self._live() if other is not client]
        if not on:
            return
        if not is_here(client.address[0]):
            reason, mend = "is only for clients on this machine", "ask from there"
            raise UserError("the dump", reason, mend, "not_allowed")
        if len(self._clients) >= _MOST:
            raise UserError("the dump", f"is told to {_MOST} others", "ask later", "too_many")
        self._clients.append(client)

    def message(self, message: Message, sender: Client) -> None:
        """Tell of a message that came in: ``/ear/dump s from, s address, s arguments``."""
        if not self._clients:
            return
        self._clients = self._live()
        if self._clients and self._rate.take():
            words = " ".join(map(_word, message.arguments))[:_LONGEST]
            packet = encode(DUMP, "{}:{}".format(*sender.address), message.address[:_LONGEST], words)
            for client in self._clients:
                self._send(packet, client)

    def _live(self) -> list[Client]:
        at = self._clock()
        return [client for client in self._clients if at - client.seen < _LEASE]


def _word(argument: object) -> str:
    if isinstance(argument, bytes):
        return f"blob of {len(argument)} bytes"
    return f"{argument:g}" if isinstance(argument, float) else str(argument)[:_LONGEST]
