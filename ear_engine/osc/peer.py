"""A client of an engine for whoever asks and waits: one socket, no thread. It speaks through the one codec."""

from __future__ import annotations

import random
import select
import socket
import time

from ear_engine.errors import UserError
from ear_engine.osc.codec import MalformedPacket, Message, decode, encode
from ear_engine.osc.command_table import PONG
from ear_engine.osc.place import Place

PING = "/ear/system/ping"
_PATIENCE = 2.0  # seconds that an engine may take to say that it is there
_AGAIN = 0.25  # seconds until it is asked again
_ROOM = 1 << 20
_LARGEST = 1 << 16


class Peer:
    """A UDP socket that hears one program only.

    Args:
        place: where that is.

    Raises:
        UserError: the host has no address, or cannot be reached from here.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.malformed = 0
        """Packets that were no OSC."""
        self.refused = False
        """Whether its machine has said of the latest packet that nobody listens at that port."""
        self._greeting = random.randrange(1, 1 << 31)
        family, address = place.resolve()
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        try:
            self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            reason = f"cannot be reached ({error.strerror})"
            raise UserError(f"engine at {place}", reason, "name another with --engine", "unreachable") from None
        self._socket.setblocking(False)

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def port(self) -> int:
        """Where it hears, and what it sends from."""
        return int(self._socket.getsockname()[1])

    def send(self, address: str, *arguments: object) -> None:
        """Send one message; whether anyone hears it is not known.

        Raises:
            ValueError: an argument that OSC has no type for.
            UserError: it is too long, or there is no way to there.
        """
        packet = encode(address, *arguments)
        try:
            self._socket.send(packet)
        except ConnectionRefusedError:  # said of an earlier packet; this one was not sent
            self.refused = True
            self._try(packet)
        except OSError as error:
            reason = f"cannot be sent to {self.place} ({error.strerror})"
            raise UserError(
                f"message {address[:80]}", reason, "make it shorter, or see the network", "not_sent"
            ) from None

    def receive(self, seconds: float) -> list[Message]:
        """All messages that are there, but for late answers to :meth:`greet`; waits so long for the first."""
        return [message for message in self._take(seconds) if not self._is_greeting(message)]

    def _take(self, seconds: float) -> list[Message]:
        ready, _, _ = select.select([self._socket], [], [], max(0.0, seconds))
        found: list[Message] = []
        while ready:
            try:
                data = self._socket.recv(_LARGEST)
            except BlockingIOError:
                break
            except OSError:
                self.refused = True
                break
            self.refused = False
            try:
                found += decode(data)
            except MalformedPacket:
                self.malformed += 1
        return found

    def greet(self, seconds: float = _PATIENCE) -> str:
        """Make sure that an engine is there; return its name.

        Raises:
            UserError: none has answered in so many seconds.
        """
        end, asked = time.monotonic() + seconds, 0.0
        while (at := time.monotonic()) < end:
            if at >= asked:
                self.send(PING, self._greeting)
                asked = at + _AGAIN
            for message in self._take(min(asked, end) - at):
                if self._is_greeting(message):
                    return str(message.arguments[0])
            if self.refused:
                break
        mend = "start one with `ear-engine serve`, or name another with --engine"
        raise UserError(f"engine at {self.place}", "does not answer", mend, "no_engine")

    def _is_greeting(self, message: Message) -> bool:
        return message.address == PONG and message.arguments[-1:] == (self._greeting,)

    def _try(self, packet: bytes) -> None:
        try:
            self._socket.send(packet)
        except OSError:
            self.refused = True
