"""The HTTP server of the sink ``mjpeg``: a thread with an event loop of its own. The latest picture wins.

============  =========================================================================
/picture.mjpg the picture, as long as one looks; who is slow gets fewer
/picture.jpg  one picture
/             a page that shows it, for browsers
============  =========================================================================
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from aiohttp import hdrs, web

from ear_engine.web.answers import WebError
from ear_engine.web.application import STALLED, serve
from ear_engine.web.door import Door
from ear_engine.web.guard import Guard
from ear_engine.web.server import bind_http

MOST = 8
"""Clients that look at a time."""
_LOOK = 1.0  # seconds between looks whether a client is still there
_ONE = 5.0  # seconds in which a single picture comes
_BACKLOG = 1 << 18  # bytes on their way to a client; what is slow shall not see what is old
_BOUNDARY = "ear-engine-picture"
_HEADERS = {
    hdrs.CACHE_CONTROL: "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PAGE = """<!doctype html>
<meta charset="utf-8"><title>{name}</title>
<style>html, body {{ margin: 0; height: 100%; background: #000 }}
img {{ width: 100%; height: 100%; object-fit: contain; display: block }}</style>
<img src="/picture.mjpg" alt="The map of the ear while it listens">
"""


class PictureServer:
    """Shows pictures to clients.

    Args:
        address: IP address to listen at.
        port: TCP port; 0 is any.
        name: title of the page; plain letters.
        allowed: hosts that may look; all if None.

    Raises:
        UserError: the port cannot be had.
    """

    def __init__(self, address: str, port: int, name: str, allowed: Container[str] | None = None) -> None:
        self._socket = bind_http(address, port, free="--output mjpeg:0")
        self._address, self._name = address, name
        self._guard = Guard(address, allowed=allowed)
        self.port = int(self._socket.getsockname()[1])
        self._watching = 0
        self._jpeg = b""
        self._number = 0
        self._loop = asyncio.new_event_loop()
        self._fresh, self._ended = asyncio.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the picture is."""
        host = socket.gethostname() if ip_address(self._address).is_unspecified else self._address
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/picture.mjpg"

    @property
    def watched(self) -> bool:
        """Whether anyone looks."""
        return self._watching > 0

    def publish(self, jpeg: bytes) -> None:
        """Show this one from now on; may be called by any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._show, jpeg)

    def close(self) -> None:
        """Hang up on everyone and free the port."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(3.0)
        self._socket.close()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._live())

    async def _live(self) -> None:
        application = web.Application(middlewares=[Door(self._guard).pass_through])
        application.router.add_get("/", self._page)
        application.router.add_get("/picture.jpg", self._one)
        application.router.add_get("/picture.mjpg", self._all)
        runner = await serve(application, self._socket)
        await self._ended.wait()
        await runner.cleanup()

    def _show(self, jpeg: bytes) -> None:
        self._jpeg, self._number = jpeg, self._number + 1
        fresh, self._fresh = self._fresh, asyncio.Event()
        fresh.set()

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=_PAGE.format(name=self._name), content_type="text/html", headers=_HEADERS)

    async def _one(self, request: web.Request) -> web.StreamResponse:
        with self._looking():
            fresh = self._fresh
            try:
                await asyncio.wait_for(fresh.wait(), _ONE)
            except TimeoutError:
                raise WebError(503, "the picture", "is not there yet", "ask again in a second", "not_ready") from None
            return web.Response(body=self._jpeg, content_type="image/jpeg", headers=_HEADERS)

    async def _all(self, request: web.Request) -> web.StreamResponse:
        with self._looking():
            kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
            response = web.StreamResponse(headers={**_HEADERS, hdrs.CONTENT_TYPE: kind})
            await response.prepare(request)
            transport = request.transport
            if request.method == hdrs.METH_HEAD or transport is None:
                return response
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BACKLOG)
            await response.write(f"--{_BOUNDARY}\r\n".encode())
            seen = self._number
            while not transport.is_closing():
                if seen == self._number:
                    try:
                        await asyncio.wait_for(self._fresh.wait(), _LOOK)
                    except TimeoutError:
                        continue
                seen = self._number
                try:
                    await asyncio.wait_for(response.write(_part(self._jpeg)), STALLED)
                except TimeoutError:
                    transport.abort()
            return response

    @contextmanager
    def _looking(self) -> Iterator[None]:
        if self._watching >= MOST:
            raise WebError(503, "the picture", f"has {MOST} viewers already", "close one of them", "busy")
        self._watching += 1
        try:
            yield
        finally:
            self._watching -= 1


def _part(jpeg: bytes) -> bytes:
    """A picture and the line after it, without which browsers show it only when the next one has come."""
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
    return head + jpeg + f"\r\n--{_BOUNDARY}\r\n".encode()
