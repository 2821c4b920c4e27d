"""WebSockets: so many at a time, messages of so many bytes, and what is not taken is not piled up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import WSCloseCode, WSMsgType, web

from ear_engine.osc.codec import MAX_DATAGRAM
from ear_engine.web.answers import WebError

MOST_SOCKETS = 32
_ASKED = 20.0  # seconds between two questions whether the other side is still there
_HELD = 1 << 14  # bytes that wait in this process
_QUEUED = 1 << 17  # and in the system
_GOODBYE = 0.3  # seconds
_log = logging.getLogger(__name__)


class Line:
    """One connection.

    Args:
        response: the socket.
        request: that has opened it.
    """

    def __init__(self, response: web.WebSocketResponse, request: web.Request) -> None:
        self._response = response
        self._transport = request.transport
        peer = self._transport.get_extra_info("peername") if self._transport is not None else None
        self.host, self.port = (str(peer[0]).partition("%")[0], int(peer[1])) if peer else ("127.0.0.1", 0)
        """Address of the other side."""

    def narrow(self) -> None:
        """Let little wait on its way: what is late is of no use here."""
        if self._transport is None:
            raise ConnectionResetError("the client has gone")
        assert isinstance(self._transport, asyncio.WriteTransport)
        self._transport.set_write_buffer_limits(high=_HELD)
        sock = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # a smaller one is a favor
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _QUEUED)

    async def receive(self) -> str | bytes | None:
        """The next message; None when there is none any more."""
        message = await self._response.receive()
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            data: str | bytes = message.data
            return data
        return None

    async def send(self, item: bytes | str) -> None:
        """Send a message; returns when the system takes more."""
        if isinstance(item, bytes):
            await self._response.send_bytes(item)
        else:
            await self._response.send_str(item)

    def abort(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()


Talk = Callable[[Line], Awaitable[None]]
"""Holds a connection until it returns."""
Opening = Callable[[Mapping[str, str]], Talk]
"""Given what stands behind the path's question mark; raises ``WebError``."""


class Hall:
    """All sockets of a server."""

    def __init__(self) -> None:
        self._held: set[asyncio.Task[None]] = set()
        self._closing = False

    async def hold(self, request: web.Request, opening: Opening) -> web.StreamResponse:
        """Answer a request to open a socket.

        Raises:
            WebError: there are too many, or it cannot be like this.
        """
        talk = opening(request.query)
        if len(self._held) >= MOST_SOCKETS:
            raise WebError(503, "a socket", f"is one more than {MOST_SOCKETS}", "close another", "busy")
        response = web.WebSocketResponse(
            timeout=_GOODBYE, heartbeat=_ASKED, compress=False, max_msg_size=MAX_DATAGRAM, writer_limit=_HELD
        )
        await response.prepare(request)
        line = Line(response, request)
        task = asyncio.ensure_future(self._talk(line, talk))
        self._held.add(task)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            self._held.discard(task)
        with contextlib.suppress(ConnectionError):
            await response.close(code=WSCloseCode.GOING_AWAY if self._closing else WSCloseCode.OK)
        return response

    async def _talk(self, line: Line, talk: Talk) -> None:
        try:
            line.narrow()
            await talk(line)
        except (ConnectionError, TimeoutError):  # the other side has gone, or reads nothing
            line.abort()
        except Exception:  # one that fails must not end the others
            _log.exception("a socket of %s failed", line.host)
            line.abort()

    async def close(self) -> None:
        """End all."""
        self._closing = True
        for task in list(self._held):
            task.cancel()
        await asyncio.sleep(0)
