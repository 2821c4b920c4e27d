"""A real HTTP server over a session that is written by the test, and clients that look at every byte."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ear_engine.osc.map_stream import MapNow
from ear_engine.osc.reports import StatusReport
from ear_engine.targets.facts import EarFacts
from ear_engine.web.server import WebServer
from ear_engine.web.target import AimNow
from tests.osc.synthetic import status


@dataclass
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


class Stage:
    """What the server is asked about; a test may change it at any time."""

    def __init__(self, session: Path, facts: EarFacts | None) -> None:
        self.session = session
        self.facts = facts
        self.moved: np.ndarray | None = None
        self.version = 1
        self.aim: AimNow | None = None
        self.report: StatusReport = status()
        self.loop = asyncio.new_event_loop()
        self.server: WebServer

    def positions(self) -> MapNow | None:
        if self.facts is None:
            return None
        return MapNow(self.version, self.facts.positions if self.moved is None else self.moved)

    @property
    def port(self) -> int:
        return self.server.port

    def ask(self, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Got:
        """One request, as it is typed: nothing is normalized."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_host="Host" in (headers or {}), skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            got = {name.lower(): value for name, value in response.headers.items()}
            return Got(response.status, got, response.read())
        finally:
            connection.close()


@contextmanager
def serving(session: Path, facts: EarFacts | None, port: int = 0) -> Iterator[Stage]:
    """A server in a thread of its own."""
    stage = Stage(session, facts)
    ready, done = threading.Event(), asyncio.Event()

    async def live() -> None:
        stage.server = WebServer(
            session,
            status=lambda: stage.report,
            facts=lambda: stage.facts,
            positions=stage.positions,
            aimed=lambda: stage.aim,
        )
        stage.server.open(port)
        await stage.server.run()
        ready.set()
        await done.wait()
        await stage.server.close()

    thread = threading.Thread(target=lambda: stage.loop.run_until_complete(live()))
    thread.start()
    assert ready.wait(20)
    try:
        yield stage
    finally:
        stage.loop.call_soon_threadsafe(done.set)
        thread.join(10)
        assert not thread.is_alive()
        stage.loop.close()
