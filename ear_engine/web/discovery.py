"""Lets programs on the network find the engine by itself (mDNS), as ``_oscjson._tcp`` and ``_osc._udp``.

It needs zeroconf, and everything else works without. It is announced only on the addresses that are listened at, and on
this machine's own only if that is asked for. A thread of its own does it: what the network sends holds nobody up.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal

import ear_engine

if TYPE_CHECKING:
    from zeroconf import Zeroconf

Announce = Literal["auto", "on", "off"]
"""``auto`` is wherever other machines can reach the engine."""
OSC = "_osc._udp.local."
OSCQUERY = "_oscjson._tcp.local."
_LOOK = 10.0  # seconds between looks at the addresses of this machine: a network may come back
_GOODBYE = 0.6  # seconds that the end waits
_ASKED = 1000  # milliseconds that others get to say that a name is theirs
_NAMES = 16  # that are tried
_log = logging.getLogger(__name__)


def service_name() -> str:
    """What this engine is called where several are listed."""
    return f"ear-engine on {_host()}"


def announced_addresses(bind: str, announce: Announce) -> list[str]:
    """IP addresses at which the engine is announced.

    Args:
        bind: that it listens at; ``0.0.0.0`` and ``::`` are all of this machine.
        announce: when.
    """
    bound = ip_address(bind)
    if announce == "off" or (bound.is_loopback and announce == "auto"):
        return []
    if not bound.is_unspecified:
        return [bind]
    import ifaddr

    found: set[str] = set()
    for adapter in ifaddr.get_adapters():
        for one in adapter.ips:
            address = ip_address(one.ip if isinstance(one.ip, str) else one.ip[0])
            if not (address.is_loopback or address.is_link_local) and bound.version >= address.version:
                found.add(str(address))
    return sorted(found)


class Discovery:
    """Announces an engine until it is closed.

    Args:
        bind: IP address that is listened at.
        announce: when it is announced.
        osc_port: UDP port.
        http_port: TCP port.
    """

    def __init__(
        self, bind: str, announce: Announce, osc_port: Callable[[], int], http_port: Callable[[], int]
    ) -> None:
        self._bind, self._announce = bind, announce
        self._osc_port, self._http_port = osc_port, http_port
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begin; the ports are known by now."""
        if self._announce == "off" or (ip_address(self._bind).is_loopback and self._announce == "auto"):
            return
        ports = self._osc_port(), self._http_port()
        self._thread = threading.Thread(target=self._run, args=ports, name="discovery", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Tell the network that it ends, if that goes fast."""
        self._ending.set()
        loop = asyncio.get_running_loop()
        end = loop.time() + _GOODBYE
        while self._thread is not None and self._thread.is_alive() and loop.time() < end:
            await asyncio.sleep(0.01)

    def _run(self, osc_port: int, http_port: int) -> None:
        try:
            import zeroconf  # noqa: F401
        except ImportError:
            if self._announce == "on":
                _log.warning("The engine is not announced: zeroconf is missing; pip install 'ear-engine[discovery]'")
            return
        opened: Zeroconf | None = None
        known: list[str] = []
        try:
            while not self._ending.is_set():
                here = announced_addresses(self._bind, self._announce)
                if here != known:
                    _end(opened)
                    opened, known = None, here
                    opened = _begin(here, osc_port, http_port) if here else None
                self._ending.wait(_LOOK)
        except Exception as problem:  # whatever the network does, the engine plays
            _log.warning("The engine is not announced: %s", problem or type(problem).__name__)
        finally:
            _end(opened)


def _begin(addresses: Sequence[str], osc_port: int, http_port: int) -> Zeroconf:
    from zeroconf import ServiceInfo, Zeroconf

    for address in addresses:  # zeroconf would leave a socket open if one were not there
        family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    opened = Zeroconf(interfaces=list(addresses))
    # a name that nothing else on this machine has: when it is taken back, the machine's own must stay
    server = f"ear-engine-{_host()}-{osc_port}.local."
    facts = {"txtvers": "1", "version": ear_engine.__version__}
    try:
        for kind, port in ((OSCQUERY, http_port), (OSC, osc_port)):
            name = f"{_free_name(opened, kind)}.{kind}"
            info = ServiceInfo(kind, name, port=port, parsed_addresses=list(addresses), server=server, properties=facts)
            opened.register_service(info, allow_name_change=True)
    except BaseException:
        opened.close()
        raise
    return opened


def _free_name(opened: Zeroconf, kind: str) -> str:
    """A name that no other engine has, asked for by multicast: of sockets that share a port on this machine only one is
    sent what is answered to one, and that may be another engine's.

    Who answers for every name is not asked for ever; then the last one is announced, as it is or changed by zeroconf.
    """
    from zeroconf import DNSQuestionType

    names = [service_name(), *(f"{service_name()}-{number}" for number in range(2, _NAMES + 1))]
    for name in names:
        if opened.get_service_info(kind, f"{name}.{kind}", _ASKED, DNSQuestionType.QM) is None:
            return name
    return names[-1]


def _end(opened: Zeroconf | None) -> None:
    if opened is not None:
        opened.unregister_all_services()
        opened.close()


def _host() -> str:
    name = socket.gethostname().partition(".")[0]
    return "".join(letter for letter in name if letter.isalnum() or letter == "-")[:40] or "engine"
