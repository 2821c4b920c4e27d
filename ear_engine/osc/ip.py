"""IP addresses as sockets tell them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address


def plain_ip(host: str) -> IPv4Address | IPv6Address:
    """An IP address without its zone; of one that is IPv4's in IPv6 (``::ffff:127.0.0.1``), that of IPv4.

    Raises:
        ValueError: it is none.
    """
    address = ip_address(host.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
