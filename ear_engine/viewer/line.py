"""The viewer's UDP socket: bound to one engine, and replaced when a network has changed under it."""

from __future__ import annotations

import errno
import socket
import threading
import time

from ear_engine.errors import UserError
from ear_engine.osc.place import Place

_AGAIN = 2.0  # seconds between two sockets
_LARGEST = 1 << 16
_ROOM = 1 << 20
_MOST = 512  # packets that are taken at a time
_PASSING = (errno.ENOBUFS, errno.EMSGSIZE)  # of one packet, not of the network


class Line:
    """Packets to and from one place; nobody else's come through.

    A socket keeps the address that this machine had when it was made, and the one that the name of the engine had. So
    after an error of the network, and while nobody answers, it is replaced by a new one.

    Args:
        place: where the engine is.

    Raises:
        UserError: the host has no address, or one that no engine can have.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._lock = threading.Lock()  # who sends must not meet the number of a socket that has been closed
        self._sock = self._open()
        self._opened = time.perf_counter()
        self._broken = self._closed = False
        self.refused = False
        """Whether the machine has said, since :meth:`receive` was called last, that nobody listens there."""

    def fileno(self) -> int:
        """Of the socket, for :func:`select.select`."""
        return self._sock.fileno()

    def send(self, packet: bytes) -> None:
        """Send at once, or not at all; from any thread."""
        with self._lock:
            try:
                self._sock.send(packet)
            except OSError as error:
                self._note(error)

    def receive(self) -> list[bytes]:
        """All packets that have come."""
        found: list[bytes] = []
        self.refused = False
        while len(found) < _MOST:
            try:
                found.append(self._sock.recv(_LARGEST))
            except BlockingIOError:
                break
            except OSError as error:
                self.refused = isinstance(error, ConnectionError)
                self._note(error)
                break
        return found

    def renew(self, answered: bool) -> bool:
        """Replace the socket if that may help and it is time; return whether it was. It has another port then.

        Args:
            answered: whether the engine answers.
        """
        at = time.perf_counter()
        if (answered and not self._broken) or at - self._opened < _AGAIN:
            return False
        self._opened = at
        try:
            new = self._open()
        except UserError:  # there is no way to it now
            return False
        with self._lock:
            if not self._closed:  # finding a name may have taken longer than anyone waited
                new, self._sock, self._broken = self._sock, new, False
        new.close()
        return True

    def close(self) -> None:
        """Free the socket."""
        with self._lock:
            self._closed = True
            self._sock.close()

    def _note(self, error: OSError) -> None:
        passes = isinstance(error, ConnectionError | BlockingIOError) or error.errno in _PASSING
        self._broken = self._broken or not passes

    def _open(self) -> socket.socket:
        family, address = self.place.resolve()
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            reason = f"cannot be reached ({error.strerror or type(error).__name__})"
            raise UserError(f"engine {self.place}", reason, "use the address of one machine", "bad_host") from None
        sock.setblocking(False)
        return sock
