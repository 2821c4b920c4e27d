"""OSCQuery over a WebSocket: OSC both ways in binary messages, LISTEN and IGNORE in text, and what becomes of paths."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ear_engine.errors import UserError
from ear_engine.osc.limits import Bucket
from ear_engine.osc.links import Link, Send
from ear_engine.shared_memory.clock import now
from ear_engine.web.oscquery.attributes import Facts
from ear_engine.web.oscquery.tree import Tree
from ear_engine.web.outbox import Outbox
from ear_engine.web.pace import Pace

if TYPE_CHECKING:
    from ear_engine.web.sockets import Line

_ONE = (8000.0, 4000.0)  # small messages a second of one socket, and at once, as over UDP
_ALL = (16_000.0, 4000.0)  # of all sockets together
_SENT = (40_000.0, 4000.0)  # packets to all sockets together
_SMALL = 32  # bytes of a usual message; a larger one counts as so many more
_SAID = 20.0  # what a text counts
_LOOK = 0.25  # seconds between looks at what there is
_LONGEST = 256  # characters of a path


class Conversations:
    """All sockets that speak OSCQuery.

    Args:
        tree: what there is.
        link: makes a client of OSC, given its IP, TCP port, and what takes packets to it.
    """

    def __init__(self, tree: Tree, link: Callable[[str, int, Send], Link]) -> None:
        self._tree = tree
        self._link = link
        self._pace = Pace(*_ALL)
        self._budget = Bucket(*_SENT, now)
        self._outboxes: set[Outbox] = set()
        self._watching: asyncio.Task[None] | None = None

    async def talk(self, line: Line) -> None:
        """Hold one until the other side ends it.

        Raises:
            ConnectionError: it has gone.
            TimeoutError: it reads nothing.
        """
        outbox = Outbox()

        def send(packet: bytes, address: str) -> bool:
            return bool(address or self._budget.take()) and outbox.put(packet, address)

        link = self._link(line.host, line.port, send)
        hearing = asyncio.ensure_future(self._hear(line, link, outbox))
        sending = asyncio.ensure_future(outbox.run(line.send))
        self._outboxes.add(outbox)
        if self._watching is None:
            self._watching = asyncio.ensure_future(self._watch())
        try:  # whoever takes nothing any more is not heard any more, either
            done, _ = await asyncio.wait({hearing, sending}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._outboxes.discard(outbox)
            link.close()
            hearing.cancel()
            sending.cancel()
            if not self._outboxes and self._watching is not None:
                self._watching.cancel()
                self._watching = None

    async def _hear(self, line: Line, link: Link, outbox: Outbox) -> None:
        """Do what the other side asks for, as fast as it takes the answers, until it ends."""
        pace = Pace(*_ONE)
        while (message := await line.receive()) is not None:
            units = _SAID if isinstance(message, str) else max(1.0, len(message) / _SMALL)
            await pace.take(units)
            await self._pace.take(units)
            await outbox.room()
            if isinstance(message, bytes):
                link.receive(message)
            else:
                _obey(message, link)

    async def _watch(self) -> None:
        """Tell everyone when an ear with other layers has come."""
        before = self._tree.streams()
        while True:
            await asyncio.sleep(_LOOK)
            after = self._tree.streams()
            if after is not before:
                for command, path in differences(before, after):
                    text = json.dumps({"COMMAND": command, "DATA": path}, ensure_ascii=False)
                    for outbox in self._outboxes:
                        outbox.put(text, (command, path))
            before = after


def differences(before: Mapping[str, Facts], after: Mapping[str, Facts]) -> list[tuple[str, str]]:
    """What became of paths: command and path."""
    gone = [("PATH_REMOVED", path) for path in before if path not in after]
    come = [("PATH_ADDED", path) for path in after if path not in before]
    other = [("PATH_CHANGED", path) for path, facts in after.items() if before.get(path, facts) != facts]
    return [*gone, *come, *other]


def _obey(text: str, link: Link) -> None:
    try:
        command, path = _read(text)
        if command == "LISTEN":
            link.listen([path])
        else:
            link.ignore([path])
    except UserError as error:
        link.fail(error)


def _read(text: str) -> tuple[str, str]:
    """Command and path.

    Raises:
        UserError: that is no command.
    """
    mend = 'send {"COMMAND": "LISTEN", "DATA": "/ear/…"}, or IGNORE'
    try:
        said: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError("text", "is not JSON", mend, "bad_command") from None
    command, path = (said.get("COMMAND"), said.get("DATA")) if isinstance(said, dict) else (None, None)
    if command not in ("LISTEN", "IGNORE"):
        raise UserError(f"command {str(command)[:40]!r}", "is unknown", mend, "bad_command")
    if not isinstance(path, str) or not path.startswith("/") or len(path) > _LONGEST:
        raise UserError(f"path {str(path)[:40]!r}", "is no address", mend, "bad_command")
    return command, path
