"""One thread: what is asked for twice is done once, the newest first, and of too many the oldest is turned away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ear_engine.web.answers import Answer, Kept, WebError
from ear_engine.web.worker import Worker


class Held:
    """A job that waits until it is let go, and notes the order of all."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def first(self) -> Answer:
        self.begun.set()
        assert self.go.wait(10)
        return Answer(b"first")

    def job(self, name: str) -> Answer:
        self.order.append(name)
        return Answer(name.encode())


@asynccontextmanager
async def held(most: int) -> AsyncIterator[tuple[Worker, Held, asyncio.Task[Answer]]]:
    worker, jobs = Worker(most), Held()
    first = asyncio.create_task(worker.do("first", jobs.first))
    await asyncio.to_thread(jobs.begun.wait, 10)
    try:
        yield worker, jobs, first
    finally:
        jobs.go.set()
        assert (await first).body == b"first"
        worker.close()


def test_the_newest_comes_first_and_the_same_is_done_once() -> None:
    async def play() -> None:
        async with held(8) as (worker, jobs, _):
            asked = [asyncio.create_task(worker.do(n, lambda n=n: jobs.job(n))) for n in ("a", "b", "a", "c", "a")]  # type: ignore[misc]
            await asyncio.sleep(0.01)
            jobs.go.set()
            assert [answer.body for answer in await asyncio.gather(*asked)] == [b"a", b"b", b"a", b"c", b"a"]
            assert jobs.order == ["c", "b", "a"]

    asyncio.run(play())


def test_of_too_many_the_oldest_are_turned_away() -> None:
    async def play() -> None:
        async with held(3) as (worker, jobs, _):
            asked = [asyncio.create_task(worker.do(n, lambda n=n: jobs.job(n))) for n in "abcde"]  # type: ignore[misc]
            await asyncio.sleep(0.01)
            jobs.go.set()
            found = await asyncio.gather(*asked, return_exceptions=True)
            assert [getattr(one, "status", None) for one in found] == [503, 503, None, None, None]
            assert jobs.order == ["e", "d", "c"]

    asyncio.run(play())


def test_one_that_fails_fails_for_those_who_asked_and_the_next_is_done() -> None:
    def fail() -> Answer:
        raise ValueError("bad")

    async def play() -> None:
        worker = Worker()
        with pytest.raises(ValueError, match="bad"):
            await worker.do("a", fail)
        assert (await worker.do("a", lambda: Answer(b"good"))).body == b"good"
        worker.close()
        with pytest.raises(WebError):
            await worker.do("a", lambda: Answer(b"late"))

    asyncio.run(play())


def test_whoever_gives_up_does_not_disturb_the_others() -> None:
    async def play() -> None:
        async with held(8) as (worker, jobs, first):
            other = asyncio.create_task(worker.do("first", jobs.first))
            await asyncio.sleep(0.01)
            other.cancel()
            await asyncio.sleep(0.01)
            jobs.go.set()
            assert (await first).body == b"first" and other.cancelled()

    asyncio.run(play())


def test_what_waits_at_the_end_is_turned_away() -> None:
    async def play() -> None:
        async with held(8) as (worker, jobs, _):
            late = asyncio.create_task(worker.do("late", lambda: jobs.job("late")))
            await asyncio.sleep(0.01)
            worker.close()
            with pytest.raises(WebError):
                await late

    asyncio.run(play())


def test_kept_answers_take_no_more_than_their_room_but_for_the_newest() -> None:
    kept = Kept(100)
    for name in "abc":
        kept.put(name, Answer(bytes(40)))
    assert kept.get("a") is None and kept.get("b") is not None
    kept.put("d", Answer(bytes(40)))
    assert kept.get("c") is None and kept.get("b") is not None  # it was asked for meanwhile
    kept.put("large", Answer(bytes(1000)))
    assert kept.get("large") is not None and kept.get("b") is None
    kept.put("", Answer(b"never"))
    assert kept.get("") is None
