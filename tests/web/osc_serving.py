"""OSC and HTTP of one engine, without the engine, and a client that opens sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from ear_engine.control import ControlLog
from ear_engine.osc.codec import Message, decode, encode
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.service import OscService
from ear_engine.parameters import ParameterTree
from ear_engine.targets.facts import EarFacts
from ear_engine.web.server import WebServer
from tests.osc.synthetic import LAYERS, Session, status


class Desk:
    """What a test looks at and changes."""

    def __init__(self, folder: Path, facts: EarFacts | None = None) -> None:
        self.session = Session(folder)
        self.layers: tuple[LayerInfo, ...] = LAYERS
        self.control = ControlLog(ParameterTree())
        self.facts = facts
        self.osc = OscService(self.control, folder, status=status, layers=lambda: self.layers, port=0)
        self.web = WebServer(folder, status=status, facts=lambda: self.facts, positions=lambda: None, osc=self.osc)
        self.client: aiohttp.ClientSession

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.web.port}{path}"

    async def ask(self, path: str, **headers: str) -> tuple[int, Any]:
        async with self.client.get(self.url(path), headers=headers) as answer:
            body = await answer.read()
            return answer.status, json.loads(body) if body else None

    @asynccontextmanager
    async def socket(self, path: str = "/", **options: Any) -> AsyncIterator[Socket]:
        async with self.client.ws_connect(self.url(path), max_msg_size=1 << 24, **options) as opened:
            yield Socket(opened)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Desk]:
        await self.osc.start()
        self.web.open()
        await self.web.run()
        async with aiohttp.ClientSession() as self.client:
            try:
                yield self
            finally:
                await self.web.close()
                self.osc.close()
                self.session.close()
        await asyncio.sleep(0.01)  # its sockets are closed a turn later


class Socket:
    """One that a test has opened."""

    def __init__(self, opened: aiohttp.ClientWebSocketResponse) -> None:
        self.opened = opened

    async def osc(self, address: str, *arguments: object) -> None:
        await self.opened.send_bytes(encode(address, *arguments))

    async def say(self, command: str, path: object) -> None:
        await self.opened.send_json({"COMMAND": command, "DATA": path})

    async def hear(self, seconds: float = 5.0) -> Message:
        """The next message of OSC."""
        return decode(await self.opened.receive_bytes(timeout=seconds))[0]

    async def told(self, seconds: float = 5.0) -> tuple[str, str]:
        """The next command and path."""
        said = json.loads(await self.opened.receive_str(timeout=seconds))
        return said["COMMAND"], said["DATA"]

    async def silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        try:
            await self.opened.receive(timeout=seconds)
        except TimeoutError:
            return True
        return False
