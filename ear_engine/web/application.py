"""How answers travel: routes, who may ask, what is kept, packed and not sent again. It and what only it imports load
aiohttp.

Bodies leave in pieces, and neither they nor requests come faster than leaves the event loop time for OSC: with 50
clients that ask as fast as they can, a ping by OSC took up to a quarter of a second before that was so.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping

from aiohttp import hdrs, web

from ear_engine.web.answers import JSON, Answer, Kept, Resource, WebError, as_json
from ear_engine.web.connections import Connections
from ear_engine.web.guard import Guard
from ear_engine.web.pace import Pace
from ear_engine.web.sockets import Hall, Opening
from ear_engine.web.worker import Worker

Route = Callable[[Mapping[str, str]], Resource]
"""Given what the braces of a path stand for; raises ``WebError``."""
Query = Callable[[str, str, str, str], Resource]
"""Given path, query, media types that are accepted, and the IP address that was reached; raises ``WebError``."""

_ROOM = 64 << 20  # bytes of answers that are kept
_AT_ONCE = 64  # requests
_REQUESTS = 500.0  # a second, of all clients together,
_BURST = 100.0  # beyond that many at once,
_PATIENCE = 2.0  # seconds that one waits for its turn
_BYTES = 250e6  # a second, of all clients together
_PIECE = 1 << 17
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
_SAYS_NOTHING = {404: ("not_found", "There is nothing of that name; see the documents for what there is.")}
_log = logging.getLogger(__name__)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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

    def asked(query: Query) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            accepted = request.headers.get(hdrs.ACCEPT, "")
            return await desk.respond(request, query(request.path, request.query_string, accepted, _reached(request)))

        return handle

    def either(talk: Opening | None, handler: _Handler | None) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if talk is not None and _opens_socket(request):
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


class Door:
    """Looks at everyone who comes in, and turns what goes wrong into JSON.

    Args:
        guard: says who may ask.
        sockets: paths at which WebSockets are opened; they stay, so they are counted elsewhere.
    """

    def __init__(self, guard: Guard, sockets: Collection[str] = ()) -> None:
        self._guard = guard
        self._sockets = sockets
        self._pace = Pace(_REQUESTS, _BURST)
        self._inside = 0

    @web.middleware
    async def pass_through(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Let in who may ask."""
        if self._inside >= _AT_ONCE or self._pace.behind > _PATIENCE:
            return _refusal(503, "busy", "Too many ask at once; ask again in a second.")
        self._inside += 1
        try:
            await self._pace.take(1.0)
            headers = request.headers
            self._guard.check(headers.get(hdrs.HOST), headers.get(hdrs.ORIGIN), _reached(request), request.remote)
            if request.path not in self._sockets or not _opens_socket(request):
                return await handler(request)
            self._inside -= 1
            try:
                return await handler(request)
            finally:
                self._inside += 1
        except WebError as error:
            return _refusal(error.status, error.code, str(error))
        except web.HTTPException as error:
            code, message = _SAYS_NOTHING.get(error.status, ("not_allowed", f"{error.reason}."))
            response = _refusal(error.status, code, message)
            if hdrs.ALLOW in error.headers:
                response.headers[hdrs.ALLOW] = "GET,HEAD"
            return response
        except ConnectionError:  # whoever asked has gone; raised again, it would be logged as a mistake
            return _refusal(499, "gone", "The client has gone.")
        except TimeoutError:
            raise
        except Exception:  # one answer that fails must not end the others
            _log.exception("%s could not be answered", request.path[:100])
            return _refusal(500, "internal", "This is a mistake of the engine; its log says more.")
        finally:
            self._inside -= 1


class _Desk:
    """Makes answers, or finds them where they are kept."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._kept = Kept(_ROOM)
        self._pace = Pace(_BYTES, _PIECE)

    def handler(self, route: Route) -> _Handler:
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
                answer = resource.make()
            else:
                answer = await self._worker.do(resource.tag or object(), resource.make)
            self._kept.put(resource.tag, answer)
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


def _reached(request: web.Request) -> str:
    """IP address of this machine that the client is connected to."""
    reached = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return reached[0] if reached else "0.0.0.0"


def _opens_socket(request: web.Request) -> bool:
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def _takes_gzip(accepted: str) -> bool:
    """Whether a client that says what it accepts takes packed answers."""
    for one in accepted.lower().split(","):
        name, _, quality = one.replace(" ", "").partition(";")
        if name == "gzip":
            return not quality or quality.removeprefix("q=").strip("0.") != ""
    return False


def _refusal(status: int, code: str, message: str) -> web.Response:
    headers = {"Retry-After": "1"} if status == 503 else {}
    if status == 204:
        return web.Response(status=status)
    return web.Response(
        body=as_json({"error": code, "message": message}), status=status, content_type=JSON, headers=headers
    )
