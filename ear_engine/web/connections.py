"""Who may stay connected: so many clients at most, and none that asks nothing. Each takes a file of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Connections:
    """Hangs up on clients beyond a number, and on those that have sent no whole request in time.

    Args:
        most: connections at a time.
        patience: seconds in which the first request must have come.
    """

    def __init__(self, most: Callable[[], int], patience: Callable[[], float]) -> None:
        self._most, self._patience = most, patience
        self._newcomers: dict[web.RequestHandler, asyncio.TimerHandle] = {}

    def watch(self, server: web.Server) -> None:
        """Follow every connection of a server from now on."""
        welcome, leave = server.connection_made, server.connection_lost

        def connection_made(handler: web.RequestHandler, transport: asyncio.Transport) -> None:
            welcome(handler, transport)
            if len(server.connections) > self._most():
                transport.abort()
                return
            loop = asyncio.get_running_loop()
            self._newcomers[handler] = loop.call_later(self._patience(), self._dismiss, handler, transport)

        def connection_lost(handler: web.RequestHandler, exc: BaseException | None = None) -> None:
            self._known(handler)
            leave(handler, exc)

        server.connection_made = connection_made  # type: ignore[method-assign]
        server.connection_lost = connection_lost  # type: ignore[method-assign]

    @web.middleware
    async def pass_through(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Whoever asks is no newcomer any more."""
        self._known(request.protocol)
        return await handler(request)

    def _known(self, handler: web.RequestHandler) -> None:
        timer = self._newcomers.pop(handler, None)
        if timer is not None:
            timer.cancel()

    def _dismiss(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        del self._newcomers[handler]
        transport.abort()
