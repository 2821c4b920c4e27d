"""What waits for a socket that is slow."""

from __future__ import annotations

import asyncio

import pytest

from ear_engine.web import outbox as module
from ear_engine.web.outbox import Item, Outbox


class Slow:
    """Takes one item whenever it is let."""

    def __init__(self) -> None:
        self.taken: list[Item] = []
        self.let = asyncio.Semaphore(0)

    async def send(self, item: Item) -> None:
        await self.let.acquire()
        self.taken.append(item)


async def soon() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


def test_in_order_and_only_the_latest_of_what_is_replaced() -> None:
    async def play() -> None:
        slow, box = Slow(), Outbox()
        running = asyncio.create_task(box.run(slow.send))
        box.put(b"first")
        await soon()  # it is on its way
        for number in range(1000):
            assert box.put(b"value %d" % number, "/ear/a")
        box.put(b"second")
        box.put(b"other", "/ear/b")
        box.put("text", ("PATH_ADDED", "/x"))
        for _ in range(6):
            slow.let.release()
        await soon()
        assert slow.taken == [b"first", b"value 999", b"second", b"other", "text"]
        running.cancel()

    asyncio.run(play())


def test_so_many_bytes_wait_at_most_and_then_there_is_room_again() -> None:
    async def play() -> None:
        slow, box = Slow(), Outbox(room=1000)
        running = asyncio.create_task(box.run(slow.send))
        assert [box.put(bytes(100)) for _ in range(12)] == [True] * 10 + [False] * 2 and box.dropped == 2
        assert box.put(bytes(100), "/ear/a")  # a value is never lost
        waiting = asyncio.create_task(box.room())
        for _ in range(4):
            slow.let.release()
        await soon()
        assert not waiting.done()
        for _ in range(3):
            slow.let.release()
        await asyncio.wait_for(waiting, 1.0)
        assert box.put(bytes(100))
        running.cancel()

    asyncio.run(play())


def test_one_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALLED", 0.05)

    async def play() -> None:
        box = Outbox()
        box.put(b"never")
        with pytest.raises(TimeoutError):
            await box.run(Slow().send)

    asyncio.run(play())
