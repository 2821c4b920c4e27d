"""What waits to be sent to one socket: little, however slowly the other side reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

ROOM = 1 << 18
STALLED = 15.0
"""Seconds after which a socket that takes nothing is given up."""
Item = bytes | str


class Outbox:
    """Sends in order. Of what is replaced by something newer only the latest waits, and that is never dropped; of all
    else so many bytes wait at most.

    Args:
        room: bytes.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.dropped = 0
        self._room = room
        self._items: dict[object, Item] = {}
        self._taken = 0
        self._more = asyncio.Event()
        self._less = asyncio.Event()
        self._less.set()

    def put(self, item: Item, key: object = "") -> bool:
        """Send it soon; False if there is no room.

        Args:
            item: bytes or text.
            key: what it is about, if only the latest of that is wanted.
        """
        if not key:
            if self._taken + len(item) > self._room:
                self.dropped += 1
                return False
            key = object()
            self._taken += len(item)
            if self._taken > self._room // 2:
                self._less.clear()
        self._items[key] = item
        self._more.set()
        return True

    async def room(self) -> None:
        """Wait until half of the room is free."""
        await self._less.wait()

    async def run(self, send: Callable[[Item], Awaitable[None]]) -> None:
        """Send whatever comes.

        Args:
            send: returns when the socket takes more.

        Raises:
            TimeoutError: the other side reads nothing.
            ConnectionError: it has gone.
        """
        while True:
            await self._more.wait()
            while self._items:
                key = next(iter(self._items))
                item = self._items.pop(key)
                async with asyncio.timeout(STALLED):
                    await send(item)
                if type(key) is object:
                    self._taken -= len(item)
                    if self._taken <= self._room // 2:
                        self._less.set()
            self._more.clear()
