"""So much a second, whoever asks."""

from __future__ import annotations

import asyncio

from ear_engine.web.pace import Pace


def test_what_comes_too_fast_waits_in_order_and_a_burst_does_not() -> None:
    async def play() -> None:
        pace, order = Pace(100.0, 5.0), list[int]()

        async def go(number: int) -> None:
            await pace.take(1.0)
            order.append(number)

        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.gather(*(go(number) for number in range(5)))
        assert loop.time() - begun < 0.04
        await asyncio.gather(*(go(number) for number in range(5, 15)))
        assert loop.time() - begun >= 0.085
        assert order == list(range(15)) and pace.behind <= 0.011

    asyncio.run(play())


def test_a_rest_earns_no_more_than_a_burst() -> None:
    at = 100.0
    pace = Pace(10.0, 2.0, lambda: at)

    async def play() -> None:
        await pace.take(1.0)
        await pace.take(1.0)
        assert pace.behind == 0.0
        await pace.take(1.0)
        assert abs(pace.behind - 0.1) < 1e-9

    asyncio.run(play())
