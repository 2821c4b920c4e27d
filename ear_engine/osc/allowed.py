"""Which machines may talk to the engine at all: this one always, and others if no list says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from ear_engine.errors import UserError
from ear_engine.osc.ip import plain_ip


class Allowed:
    """A list of networks.

    Args:
        networks: such as ``192.168.1.0/24`` or ``10.0.0.7``; everyone may if there are none.

    Raises:
        UserError: one is no network.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(map(_network, networks))
        self._knows = lru_cache(maxsize=256)(self._look_up)

    def __contains__(self, host: object) -> bool:
        """Whether the machine with that IP address may."""
        return not self._networks or self._knows(str(host))

    def _look_up(self, host: str) -> bool:
        try:
            address = plain_ip(host)
        except ValueError:
            return False
        return address.is_loopback or any(address in network for network in self._networks)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        mend = "use one such as 192.168.1.0/24"
        raise UserError(f"--allow {text[:60]}", "is no network", mend, "bad_value") from None
