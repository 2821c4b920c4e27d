"""Where an engine is: what people type, and the address that it means."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

from ear_engine.errors import UserError

DEFAULT_PORT = 9000


@dataclass(frozen=True)
class Place:
    """Where an engine is."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def resolve(self) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
        """Family and address for a UDP socket.

        Raises:
            UserError: the host has no address.
        """
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:  # the latter by a name with a label that is empty or too long
            reason = f"cannot be found ({getattr(error, 'strerror', None) or 'it is no name'})"
            raise UserError(f"host {self.host!r}", reason, "use its IP address", "unknown_host") from None
        return found[0][0], found[0][4]


def read_place(text: str) -> Place:
    """``HOST:PORT``, ``HOST`` (port 9000) or ``[IPv6]:PORT``.

    Raises:
        UserError: it is neither.
    """
    host, colon, digits = text.rpartition(":")
    if not colon or (text.startswith("[") and text.endswith("]")):
        host, digits = text, str(DEFAULT_PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (digits.isascii() and digits.isdigit()) or not 0 < int(digits) < 1 << 16:
        raise UserError(f"--engine {text}", "is not HOST:PORT", "use one such as 127.0.0.1:9000", "bad_value")
    return Place(host, int(digits))
