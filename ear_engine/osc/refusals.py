"""Which receivers are gone: what the network says about packets that found nobody (ICMP port unreachable).

Only Linux tells this for a socket that talks to many (``IP_RECVERR``, ip(7)); elsewhere a lease has to run out.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys

_IP_RECVERR = 11  # linux/in.h
_IPV6_RECVERR = 25  # linux/in6.h
_ERRNO = struct.Struct("=I")  # first field of struct sock_extended_err


def report_refusals(sock: socket.socket) -> bool:
    """Ask for refusals on ``sock`` (UDP); return whether this system tells them."""
    if sys.platform != "linux":
        return False
    if sock.family == socket.AF_INET6:  # which speaks with clients of IPv4, too, if it is bound to all
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
    return True


def refusals(sock: socket.socket) -> list[tuple[str, int]]:
    """Addresses that have refused a packet since the last call. Empties the error queue, never blocks."""
    found: list[tuple[str, int]] = []
    if sys.platform != "linux":
        return found
    while True:
        try:
            _, ancillary, _, address = sock.recvmsg(64, 512, socket.MSG_ERRQUEUE)
        except OSError:  # the queue is empty
            return found
        for _, _, data in ancillary:
            if _ERRNO.unpack_from(data)[0] == errno.ECONNREFUSED:
                found.append((address[0], address[1]))
