"""The UDP socket: datagrams in, packets out, nothing ever waits."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Container
from ipaddress import ip_address

from ear_engine.errors import UserError
from ear_engine.osc.conflation import Faders, Waiting
from ear_engine.osc.limits import Bucket
from ear_engine.osc.refusals import refusals, report_refusals
from ear_engine.osc.subscriptions import Address

MAX_PACKETS = 60_000.0  # packets a second, to all clients together
_BUFFER = 1 << 20
_BATCH = 32  # datagrams that are handled in a row
_MOST_READ = 1024  # that are read in a row, since most may be a fader's
_LARGEST = 1 << 16
_PORTS_TRIED = 200
_log = logging.getLogger(__name__)


def bind_socket(address: str, port: int) -> socket.socket:
    """A non-blocking UDP socket at ``address`` and ``port``; port 0 is any free one.

    Raises:
        UserError: no such address on this machine, or the port is taken (the next free one is named) or not allowed.
    """
    try:
        family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    except ValueError:
        raise UserError(f"address {address!r}", "is not an IP address", "use --bind 127.0.0.1", "bad_value") from None
    if not 0 <= port < 1 << 16:
        raise UserError(f"OSC port {port}", "is not 0 to 65535", "use --osc-port 9000", "out_of_range")
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    try:
        sock.bind((address, port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            mend = f"use --osc-port {_next_free(family, address, port)}"
            raise UserError(f"OSC port {port}", "is used by another program", mend, "port_in_use") from None
        if error.errno == errno.EACCES:
            reason, mend = "is not open to this user", "use --osc-port 9000"
            raise UserError(f"OSC port {port}", reason, mend, "not_allowed") from None
        reason, mend = f"is not an address of this machine ({error.strerror})", "use --bind 127.0.0.1"
        raise UserError(f"address {address}", reason, mend, "bad_value") from None
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
    return sock


def _next_free(family: socket.AddressFamily, address: str, port: int) -> int:
    for candidate in range(port + 1, min(port + _PORTS_TRIED, 1 << 16)):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, candidate))
            except OSError:
                continue
            return candidate
    return 0


class OscServer(asyncio.DatagramProtocol):
    """Receives through the event loop and sends directly, so that no packet is ever queued in this process.

    Args:
        sock: bound, non-blocking.
        handle: called with each datagram and its sender.
        refused: called with each address that has refused a packet.
        clock: seconds, monotonic.
        allowed: hosts that are listened to; of others nothing is taken, and they are not answered.
        faders: know which datagrams that wait need not be handled; all are if None.
    """

    def __init__(
        self,
        sock: socket.socket,
        handle: Callable[[bytes, Address], None],
        refused: Callable[[Address], object],
        clock: Callable[[], float],
        allowed: Container[str] | None = None,
        faders: Faders | None = None,
    ) -> None:
        self.dropped = 0
        self.turned_away = 0  # datagrams
        self._allowed = allowed
        self._waiting = Waiting(faders)
        self._sock = sock
        self._handle = handle
        self._refused = refused
        self._budget = Bucket(MAX_PACKETS, MAX_PACKETS / 10, clock)
        self._plain = socket.socket(sock.family, socket.SOCK_DGRAM)  # a socket bound to loopback reaches no other host
        self._plain.setblocking(False)
        self._transport: asyncio.BaseTransport | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._sock.getsockname()[1])

    async def open(self) -> None:
        """Start receiving."""
        report_refusals(self._sock)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=self._sock)

    def close(self) -> None:
        """Stop receiving and free the port."""
        self._plain.close()
        if self._transport is not None:
            self._transport.close()
        else:
            self._sock.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int] | tuple[str, int, int, int]) -> None:
        """Pass on this datagram and those that wait behind it, so many that timers still get their turn."""
        self._take(data, addr)
        for _ in range(_MOST_READ):
            if len(self._waiting) > _BATCH:
                break
            try:
                data, addr = self._sock.recvfrom(_LARGEST)
            except BlockingIOError:
                break
            except OSError as error:
                self.error_received(error)
                break
            self._take(data, addr)
        for datagram, sender in self._waiting.take():
            self._handle(datagram, sender)

    def _take(self, data: bytes, addr: tuple[str, int] | tuple[str, int, int, int]) -> None:
        if self._allowed is None or addr[0] in self._allowed:
            self._waiting.add(data, (addr[0], addr[1]))
        else:
            self.turned_away += 1

    def error_received(self, exc: Exception) -> None:
        """Note a receiver that is gone; the socket goes on."""
        _log.debug("network: %s", exc)
        self._drain()

    def send(self, packet: bytes, target: Address, *, plain: bool = False) -> bool:
        """Send at once or not at all; return whether the system took it.

        Args:
            packet: one OSC packet.
            target: IP and port.
            plain: from any port and interface, for a target that expects no particular sender.
        """
        sock = self._plain if plain else self._sock
        if self._budget.take():
            for _ in range(2):  # an error may be about an earlier packet to someone else
                try:
                    sock.sendto(packet, target)
                    return True
                except ConnectionError:
                    self._drain()
                except OSError as error:
                    _log.debug("packet to %s:%d: %s", *target, error)
                    self._drain()
                    break
        self.dropped += 1
        return False

    def _drain(self) -> None:
        for address in refusals(self._sock):
            self._refused(address)
