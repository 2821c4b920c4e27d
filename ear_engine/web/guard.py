"""Who may ask: a page from elsewhere that a browser on this network shows must not read what is played here.

A browser names the site that it believes to talk to (``Host``) and the page that asks (``Origin``). A page whose name
has been pointed at this machine (DNS rebinding) gives itself away by both.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Container
from ipaddress import ip_address
from urllib.parse import urlsplit

from ear_engine.osc.ip import plain_ip
from ear_engine.web.answers import WebError

_HOST = re.compile(r"(\[[0-9a-fA-F:.%]{2,60}\]|[A-Za-z0-9._-]{1,253})(?::\d{1,5})?")
_LOCAL = "localhost"


class Guard:
    """Knows the names of this machine.

    Args:
        bound: IP address that is listened at.
        name: of this machine.
        allowed: hosts that may ask; all if None.
    """

    def __init__(self, bound: str, name: str | None = None, allowed: Container[str] | None = None) -> None:
        self._allowed = allowed
        own = (socket.gethostname() if name is None else name).lower().rstrip(".")
        self._names = {own, f"{own.partition('.')[0]}.local"} - {"", ".local", _LOCAL, f"{_LOCAL}.local"}
        self._bound = ip_address(bound)

    def check(self, host: str | None, origin: str | None, reached: str, peer: str | None = None) -> None:
        """Let pass who means this machine.

        Args:
            host: the header, if there is one.
            origin: the header, if there is one.
            reached: IP address of this machine that the client is connected to.
            peer: IP address of the client.

        Raises:
            WebError: someone else is meant, or asks.
        """
        if self._allowed is not None and peer not in self._allowed:
            raise WebError(403, "this machine", "is not among those that may ask", "see --allow", "not_allowed")
        named = _HOST.fullmatch(host or "")
        if named is None or not self._is_own(named[1], reached):
            reason, mend = "is no name of this machine", "use its IP address"
            raise WebError(403, f"host {(host or '')[:60]!r}", reason, mend, "bad_host")
        if origin is not None and not self._is_own_page(origin, reached):
            reason, mend = "is a page from elsewhere", "ask from a page of this machine, or without a browser"
            raise WebError(403, f"origin {origin[:60]!r}", reason, mend, "bad_origin")

    def _is_own_page(self, origin: str, reached: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        named = _HOST.fullmatch(parts.netloc)
        return parts.scheme in ("http", "https") and named is not None and self._is_own(named[1], reached)

    def _is_own(self, host: str, reached: str) -> bool:
        here = plain_ip(reached)
        try:
            given = ip_address(host.removeprefix("[").removesuffix("]").partition("%")[0])
        except ValueError:
            name = host.lower().rstrip(".")
            return name in self._names or (name == _LOCAL and here.is_loopback)
        return given in (here, self._bound) or (given.is_loopback and here.is_loopback)
