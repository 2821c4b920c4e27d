"""How much of the event loop's time answers take."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from ear_engine.web.answers import Answer, Resource
from ear_engine.web.application import make_application, serve
from ear_engine.web.guard import Guard
from ear_engine.web.server import bind_http
from ear_engine.web.worker import Worker

_WORK = 0.005  # seconds


def test_answers_that_the_event_loop_makes_leave_it_most_of_its_time() -> None:
    made: list[float] = []

    def make() -> Answer:
        begun = time.thread_time()
        while time.thread_time() - begun < _WORK:
            pass
        made.append(time.perf_counter())
        return Answer(b"{}")

    async def fetch(client: aiohttp.ClientSession, url: str) -> None:
        while len(made) < 60:
            async with client.get(url) as answer:
                assert answer.status == 200 and await answer.read() == b"{}"

    async def play() -> None:
        sock = bind_http("127.0.0.1", 0)
        worker = Worker()
        application = make_application({"/tree": lambda _: Resource(make, quick=True)}, Guard("127.0.0.1"), worker)
        runner = await serve(application, sock)
        try:
            async with aiohttp.ClientSession() as client:
                url = f"http://127.0.0.1:{sock.getsockname()[1]}/tree"
                await asyncio.gather(*(fetch(client, url) for _ in range(20)))
        finally:
            worker.close()
            await runner.cleanup()

    asyncio.run(play())
    assert made[59] - made[9] > 50 * _WORK * 3
