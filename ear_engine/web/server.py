"""The HTTP server of a node: which port it has, what is where, and when it begins and ends.

The port is bound at once, so that it can be told; aiohttp is loaded beside the event loop, which takes a fifth of a
second, and whoever comes before waits.
"""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ear_engine.ear.statistics import Statistics
from ear_engine.errors import UserError
from ear_engine.osc.allowed import Allowed
from ear_engine.osc.map_stream import MapNow
from ear_engine.osc.reports import StatusReport
from ear_engine.osc.service import OscService
from ear_engine.shared_memory.shelf import Shelf
from ear_engine.targets.facts import EarFacts
from ear_engine.web.answers import Answer, Resource, as_json
from ear_engine.web.excerpts import Excerpts
from ear_engine.web.guard import Guard
from ear_engine.web.lights import Lights
from ear_engine.web.loops import Loops
from ear_engine.web.maps import Maps
from ear_engine.web.neurons import Neurons
from ear_engine.web.oscquery.service import OscQuery
from ear_engine.web.target import AimNow, Aims
from ear_engine.web.worker import Worker

if TYPE_CHECKING:
    from aiohttp import web

    from ear_engine.web.application import Query, Route
    from ear_engine.web.sockets import Opening

_WAITING = 64  # connections
_NUMBER = "{number:[0-9]{1,8}}"


def bind_http(address: str, port: int, first: int = 0, free: str = "--http-port 0") -> socket.socket:
    """A TCP socket that listens at ``address``.

    Args:
        address: IP address.
        port: to take; 0 takes ``first`` if that is free, and else any.
        first: clients of OSC look for HTTP at the number that OSC has.
        free: option that takes a free port.

    Raises:
        UserError: the port cannot be had.
    """
    if not 0 <= port < 1 << 16:
        raise UserError(f"HTTP port {port}", "is not 0 to 65535", f"use {free}", "out_of_range")
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    problem: OSError | None = None
    for candidate in (port,) if port else (first, 0):
        sock = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != "win32":  # there it would share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((address, candidate))
            sock.listen(_WAITING)
        except OSError as error:
            sock.close()
            problem = error
            continue
        sock.setblocking(False)
        return sock
    assert problem is not None
    taken = problem.errno == errno.EADDRINUSE
    reason = "is used by another program" if taken else f"cannot be had ({problem.strerror})"
    code = "port_in_use" if taken else "not_allowed"
    raise UserError(f"HTTP port {port}", reason, f"use {free}, which takes a free one", code)


class WebServer:
    """Serves what a viewer elsewhere needs.

    Args:
        session: the session folder.
        status: how the engine is doing.
        facts: what is known of the ear, as soon as anything is.
        positions: where neurons are, as soon as that is known.
        aimed: what is aimed at, as soon as that is known.
        bind: address to listen at.
        map_asked: called whenever someone asks for the map.
        allow: networks that may ask, besides this machine; all if there are none.
        osc: is described and spoken with by OSCQuery; nothing is there without.
    """

    def __init__(
        self,
        session: Path,
        *,
        status: Callable[[], StatusReport],
        facts: Callable[[], EarFacts | None],
        positions: Callable[[], MapNow | None],
        aimed: Callable[[], AimNow | None] = lambda: None,
        bind: str = "127.0.0.1",
        map_asked: Callable[[], None] = lambda: None,
        allow: Iterable[str] = (),
        osc: OscService | None = None,
    ) -> None:
        self._bind = bind
        self._allowed = Allowed(allow)
        self._status = status
        self._shelf = Shelf(session)
        self._worker = Worker()

        def statistics() -> Statistics | None:
            known = facts()
            return None if known is None else known.statistics

        word = secrets.token_hex(4)
        self._loops = Loops(self._shelf, statistics, word)
        self._aims = Aims(aimed, word)
        self._maps = Maps(lambda: status().ear, facts, positions, map_asked)
        self._neurons = Neurons(facts)
        self._excerpts = Excerpts(facts)
        self._oscquery = None if osc is None else OscQuery(osc, lambda: self.port, word)
        self._lights = None if osc is None else Lights(osc.whole, statistics)
        self._socket: socket.socket | None = None
        self._runner: web.AppRunner | None = None
        self._closed = False

    @property
    def port(self) -> int:
        """TCP port it listens at; 0 before it does."""
        return 0 if self._socket is None or self._socket.fileno() < 0 else int(self._socket.getsockname()[1])

    def open(self, port: int = 0, first: int = 0) -> None:
        """Take the port (:func:`bind_http`); clients may connect from now on, and are answered by :meth:`run`.

        Raises:
            UserError: the port cannot be had.
        """
        self._socket = bind_http(self._bind, port, first)

    async def run(self) -> None:
        """Begin to answer; returns when that is so."""
        application = await asyncio.to_thread(_load)
        if self._closed or self._socket is None:
            return
        made = application.make_application(
            self._routes(), Guard(self._bind, allowed=self._allowed), self._worker, self._queries(), self._talks()
        )
        self._runner = await application.serve(made, self._socket)

    def _routes(self) -> Mapping[str, Route]:
        loop = f"/loops/{_NUMBER}"
        return {
            "/status": lambda _: self._status_now(),
            "/map.json": lambda _: self._maps.json(),
            "/map.npy": lambda _: self._maps.npy(),
            "/map.csv": lambda _: self._maps.csv(),
            "/map.exr": lambda _: self._maps.exr(),
            "/target": lambda _: self._aims.weights(),
            "/loops": lambda _: self._loops.all(),
            f"{loop}.wav": lambda named: self._loops.wav(int(named["number"])),
            f"{loop}/activations": lambda named: self._loops.activations(int(named["number"])),
            f"{loop}/gradient": lambda named: self._loops.gradient(int(named["number"])),
            f"/neurons/{_NUMBER}": lambda named: self._neurons.one(int(named["number"])),
            f"/neurons/{_NUMBER}/excerpts": lambda named: self._excerpts.all(int(named["number"])),
            f"/neurons/{_NUMBER}/excerpts/{{which:[0-9]{{1,3}}}}.wav": lambda named: self._excerpts.wav(
                int(named["number"]), int(named["which"])
            ),
        }

    def _queries(self) -> Mapping[str, Query]:
        if self._oscquery is None:
            return {}
        return dict.fromkeys(("/", "/ear", "/ear/{rest:.*}"), self._oscquery.ask)

    def _talks(self) -> Mapping[str, Opening]:
        if self._oscquery is None or self._lights is None:
            return {}
        return {"/": self._oscquery.open, "/activations": self._lights.open}

    def _status_now(self) -> Resource:
        return Resource(lambda: Answer(as_json(self._status().as_dict())), quick=True)

    async def close(self) -> None:
        """Free the port and end all connections."""
        self._closed = True
        self._worker.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._socket is not None:
            self._socket.close()
        self._shelf.close()


def _load() -> ModuleType:
    from ear_engine.web import application

    return application
