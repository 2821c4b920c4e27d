"""How answers travel: routes, who may ask, what is kept, packed and not sent again. It and what only it imports load
aiohttp.

Bodies leave in pieces, and neither they nor requests come faster than leaves the event loop time for OSC: with 50
clients that ask as fast as they can, a ping by OSC took up to a quarter of a second before that was so.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Callable, Mapping

from aiohttp import hdrs, web

from ear_engine.osc.limits import work_clock
from ear_engine.web.answers import Answer, Kept, Resource, WebError
from ear_engine.web.connections import Connections
from ear_engine.web.door import Door, Handler, opens_socket, reached
from ear_engine.web.guard import Guard
from ear_engine.web.pace import Pace
from ear_engine.web.sockets import Hall, Opening
from ear_engine.web.worker import Worker

Route = Callable[[Mapping[str, str]], Resource]
"""Given what the braces of a path stand for; raises ``WebError``."""
Query = Callable[[str, str, str, str], Resource]
"""Given path, query, media types that are accepted, and the IP address that was reached; raises ``WebError``."""

_ROOM = 24 << 20  # bytes of answers that are kept: three loops of a large ear, for viewers that ask one after the other
_BYTES = 250e6  # a second, of all clients together
_PIECE = 1 << 17
_SHARE = 0.25  # of the event loop's time, for answers that it makes itself,
_AT_ONCE = 0.01  # and seconds of it after a rest
_SMALL = 1 << 10  # bytes that are not worth packing,
_FAST = 1 << 16  # and those that are packed within a millisecond
_LEVEL = 1
STALLED = 15.0
"""Seconds after which a client that reads nothing is left."""
SILENT = 10.0
"""Seconds after which a client that has asked nothing yet is left."""
MOST_CONNECTIONS = 128
_GRACE = 0.1  # seconds for answers under way at the end
_KEPT_OPEN = 30.0  # seconds that a connection may be idle


def make_application(
    routes: Mapping[str, Route],
    guard: Guard,
    worker: Worker,
    queries: Mapping[str, Query] | None = None,
    talks: Mapping[str, Opening] | None = None,
) -> web.Application:
    """An application that answers GET and HEAD, and holds WebSockets.

    Args:
        routes: path, with names in braces, → what is there.
        guard: says who may ask.
        worker: does what takes long.
        queries: path, with names in braces, → what answers questions there.
        talks: path → who holds the WebSockets that are opened there.
    """
    talks = talks or {}
    door = Door(guard, talks.keys())
    application = web.Application(middlewares=[door.pass_through])
    desk, hall = _Desk(worker), Hall()
    application.on_shutdown.append(lambda _: hall.close())

    def asked(query: Query) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            accepted = request.headers.get(hdrs.ACCEPT, "")
            return await desk.respond(request, query(request.path, request.query_string, accepted, reached(request)))

        return handle

    def either(talk: Opening | None, handler: Handler | None) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if talk is not None and opens_socket(request):
                return await hall.hold(request, talk)
            if handler is None:
                raise WebError(426, request.path, "is a WebSocket", f"open ws://…{request.path}", "needs_websocket")
            return await handler(request)

        return handle

    handlers = {path: desk.handler(route) for path, route in routes.items()}
    handlers |= {path: asked(query) for path, query in (queries or {}).items()}
    for path in dict.fromkeys((*handlers, *talks)):
        application.router.add_get(path, either(talks.get(path), handlers.get(path)))
    return application


async def serve(application: web.Application, sock: socket.socket) -> web.AppRunner:
    """Answer whoever connects to a socket that listens, until the runner is cleaned up."""
    connections = Connections(lambda: MOST_CONNECTIONS, lambda: SILENT)
    application.middlewares.insert(0, connections.pass_through)
    runner = web.AppRunner(
        application, access_log=None, handle_signals=False, keepalive_timeout=_KEPT_OPEN, shutdown_timeout=_GRACE
    )
    await runner.setup()
    assert runner.server is not None
    connections.watch(runner.server)
    await web.SockSite(runner, sock).start()
    return runner


class _Desk:
    """Makes answers, or finds them where they are kept."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._kept = Kept(_ROOM)
        self._pace = Pace(_BYTES, _PIECE)
        self._turn = asyncio.Lock()
        self._share = Pace(_SHARE, _AT_ONCE)
        self._work = work_clock()

    def handler(self, route: Route) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self.respond(request, route(request.match_info))

        return handle

    async def respond(self, request: web.Request, resource: Resource) -> web.StreamResponse:
        """Send what is asked for."""
        packed = _takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
        headers = {**resource.headers, "X-Content-Type-Options": "nosniff", hdrs.CACHE_CONTROL: "no-cache"}
        if resource.tag and any(
            tag.value in (resource.tag, f"{resource.tag}-gzip") for tag in request.if_none_match or ()
        ):
            return web.Response(status=304, headers={**headers, hdrs.ETAG: f'"{resource.tag}"'})
        answer = await self._made(resource)
        tag = resource.tag
        if answer.packs:
            headers[hdrs.VARY] = ", ".join(filter(None, (headers.get(hdrs.VARY), hdrs.ACCEPT_ENCODING)))
            if packed and len(answer.body) > _SMALL:
                answer = await self._packed(tag, answer)
                headers[hdrs.CONTENT_ENCODING] = "gzip"
                tag = tag and f"{tag}-gzip"
        if tag:
            headers[hdrs.ETAG] = f'"{tag}"'
        headers |= answer.headers
        return await self._send(request, answer, headers)

    async def _made(self, resource: Resource) -> Answer:
        answer = self._kept.get(resource.tag)
        if answer is None:
            if resource.quick:
                answer = await self._made_here(resource)
            else:
                answer = await self._worker.do(resource.tag or object(), resource.make)
            self._kept.put(resource.tag, answer)
        return answer

    async def _made_here(self, resource: Resource) -> Answer:
        """One after the other, with rests between that are as long as others need them."""
        async with self._turn:
            begun = self._work()
            answer = resource.make()
            await self._share.take(self._work() - begun)
        return answer

    async def _send(self, request: web.Request, answer: Answer, headers: Mapping[str, str]) -> web.StreamResponse:
        body = memoryview(answer.body)
        response = web.StreamResponse(headers={**headers, hdrs.CONTENT_TYPE: answer.kind})
        response.content_length = len(body)
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            for first in range(0, len(body), _PIECE):
                piece = body[first : first + _PIECE]
                await self._pace.take(len(piece))
                try:
                    await asyncio.wait_for(response.write(piece), STALLED)
                except TimeoutError:
                    if request.transport is not None:
                        request.transport.abort()
                    raise ConnectionResetError("the client reads nothing") from None
        await response.write_eof()
        return response

    async def _packed(self, tag: str, answer: Answer) -> Answer:
        name = tag and f"{tag}-gzip"
        found = self._kept.get(name)
        if found is None:

            def pack() -> Answer:
                return Answer(gzip.compress(answer.body, _LEVEL, mtime=0), answer.kind, True, answer.headers)

            found = pack() if len(answer.body) <= _FAST else await self._worker.do(name or object(), pack)
            self._kept.put(name, found)
        return found


def _takes_gzip(accepted: str) -> bool:
    """Whether a client that says what it accepts takes packed answers."""
    for one in accepted.lower().split(","):
        name, _, quality = one.replace(" ", "").partition(";")
        if name == "gzip":
            return not quality or quality.removeprefix("q=").strip("0.") != ""
    return False
