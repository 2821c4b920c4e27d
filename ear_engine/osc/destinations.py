"""Where packets may go: to whoever asked, and to the targets that were given at the start."""

from __future__ import annotations

import asyncio
import socket

from ear_engine.errors import UserError
from ear_engine.osc.ip import plain_ip

Address = tuple[str, int]  # IP and port


def is_here(host: str) -> bool:
    """Whether an IP address is this machine's own loopback, also as a socket of both families tells it
    (``::ffff:127.0.0.1``)."""
    return plain_ip(host).is_loopback


def destination(asking: Address, reply_to: Address, target: str | int) -> Address:
    """Where a stream goes.

    Args:
        asking: of the client.
        reply_to: where its answers go.
        target: a port at the client's host, 0 for where its answers go, or ``IP:PORT``.

    Raises:
        UserError: it is no port or address, or on another host than the client's: nobody aims a stream at others.
    """
    host, port = reply_to
    if isinstance(target, str):
        name, _, digits = target.rpartition(":")
        try:
            there, here = plain_ip(name.strip("[]")), plain_ip(host)
        except ValueError:
            raise UserError(f"target {target!r}", "is not IP:PORT", "send a port number", "bad_value") from None
        reached = ":" in host or there.version == 4  # by the socket that has heard the client
        if not reached or (there != here and not (there.is_loopback and here.is_loopback)):
            raise UserError(f"target {target!r}", f"is not your host {host}", "subscribe from there", "not_allowed")
        host = f"::ffff:{there}" if ":" in host and there.version == 4 else str(there)
        wanted = int(digits) if digits.isascii() and digits.isdigit() else -1
    else:
        wanted = target or port
    if (host, wanted) == asking:  # where it sends from, which may be no port at all
        return host, wanted
    if not 0 < wanted < 1 << 16:
        raise UserError(f"port {wanted}", "is not 1 to 65535", "send a UDP port", "out_of_range")
    return host, wanted


async def find_host(host: str, port: int, family: int) -> Address:
    """The address of a target that was given at the start.

    Raises:
        UserError: it has no such port, or nobody knows the host.
    """
    if not 0 < port < 1 << 16:
        raise UserError(f"target {host}:{port}", "has no port 1 to 65535", "use --send HOST:PORT", "bad_value")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_DGRAM)
    except OSError as error:
        reason = f"cannot be found ({error.strerror})"
        raise UserError(f"target {host}:{port}", reason, "use its IP address", "unknown_host") from None
    return str(found[0][4][0]), port
