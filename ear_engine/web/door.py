"""Who comes in: how many, how fast, and from where; and what is said to those who do not get what they ask for."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection

from aiohttp import hdrs, web

from ear_engine.web.answers import JSON, WebError, as_json
from ear_engine.web.guard import Guard
from ear_engine.web.pace import Pace

_AT_ONCE = 64  # requests
_REQUESTS = 500.0  # a second, of all clients together,
_BURST = 100.0  # beyond that many at once,
_PATIENCE = 2.0  # seconds that one waits for its turn
_SAYS_NOTHING = {404: ("not_found", "There is nothing of that name; see the documents for what there is.")}
_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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
    async def pass_through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who may ask."""
        if self._inside >= _AT_ONCE or self._pace.behind > _PATIENCE:
            return _refusal(503, "busy", "Too many ask at once; ask again in a second.")
        self._inside += 1
        try:
            await self._pace.take(1.0)
            headers = request.headers
            self._guard.check(headers.get(hdrs.HOST), headers.get(hdrs.ORIGIN), reached(request), request.remote)
            if request.path not in self._sockets or not opens_socket(request):
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


def reached(request: web.Request) -> str:
    """IP address of this machine that the client is connected to."""
    reached = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return reached[0] if reached else "0.0.0.0"


def opens_socket(request: web.Request) -> bool:
    """Whether it wants a WebSocket."""
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def _refusal(status: int, code: str, message: str) -> web.Response:
    headers = {"Retry-After": "1"} if status == 503 else {}
    if status == 204:
        return web.Response(status=status)
    return web.Response(
        body=as_json({"error": code, "message": message}), status=status, content_type=JSON, headers=headers
    )
