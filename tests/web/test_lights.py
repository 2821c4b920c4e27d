"""The whole network over a WebSocket, frame by frame."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from ear_engine.ear.loop_ranks import loop_ranks
from ear_engine.shared_memory.clock import now
from ear_engine.web.lights import HEADER
from tests.osc.synthetic import LAYERS, RATE, activations
from tests.web.osc_serving import Desk, Socket

N = sum(layer.neurons for layer in LAYERS)
FRAMES = 16  # in the two seconds of a loop
RANKS = loop_ranks(activations(3), FRAMES, None)


def play(folder: Path, scene: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        async with Desk(folder).open() as desk:
            await scene(desk)

    asyncio.run(run())


async def about(socket: Socket) -> dict[str, Any]:
    said = json.loads(await socket.opened.receive_str(timeout=5))
    assert isinstance(said, dict)
    return said


async def frame(socket: Socket) -> tuple[int, int, int, int, np.ndarray]:
    data = await socket.opened.receive_bytes(timeout=5)
    loop, number, sequence, frames = HEADER.unpack_from(data)
    return loop, number, sequence, frames, np.frombuffer(data, np.uint8, offset=HEADER.size)


async def first_lit(socket: Socket) -> tuple[int, int, int, int, np.ndarray]:
    """The first frame whose ranks have been made."""
    while True:
        got = await frame(socket)
        if got[4].any():
            return got


def test_each_frame_once_and_in_order_with_the_ranks_that_the_loop_gives(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        desk.session.play(desk.session.publish(3))
        async with desk.socket("/activations") as socket:
            assert await about(socket) == {
                "neurons": N,
                "layers": [[layer.name, layer.neurons] for layer in LAYERS],
                "reference": "loop",
                "header": ["loop", "frame", "sequence", "frames"],
                "dtype": "uint8",
                "rate": 60.0,
                "lead_beats": 0.0,
            }
            before, steps = await first_lit(socket), []
            for _ in range(FRAMES + 2):
                loop, number, sequence, frames, ranks = await frame(socket)
                assert (loop, frames, len(ranks), sequence) == (3, FRAMES, N, before[2] + 1)
                assert np.array_equal(ranks, RANKS[number])
                steps.append((number - before[1]) % FRAMES)
                before = loop, number, sequence, frames, ranks
            assert min(steps) == 1 and steps.count(1) >= FRAMES  # a machine that stands still may leave out two

    play(tmp_path, scene)


def test_ahead_of_the_sound_by_as_much_as_is_asked_for(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        first = desk.session.publish(3)
        start = now()
        second = replace(desk.session.publish(4), start=RATE * 2)
        desk.session.play(first, second, at=start)
        async with desk.socket("/activations?lead_beats=1") as ahead, desk.socket("/activations") as plain:
            assert (await about(ahead))["lead_beats"] == 1.0
            await about(plain)
            when: dict[str, float] = {}

            async def wait_for_the_second(name: str, socket: Socket) -> None:
                while (await frame(socket))[0] != 4:
                    pass
                when[name] = now() - start

            await asyncio.gather(wait_for_the_second("ahead", ahead), wait_for_the_second("plain", plain))
            assert when["plain"] - when["ahead"] == pytest.approx(0.5, abs=0.1)  # a beat
            assert when["plain"] == pytest.approx(2.0, abs=0.1)

    play(tmp_path, scene)


def test_no_more_a_second_than_asked_for_and_the_newest_each_time(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        desk.session.play(desk.session.publish(3))
        async with desk.socket("/activations?rate=4") as socket:
            await about(socket)
            await first_lit(socket)
            begun, got = time.perf_counter(), [await frame(socket) for _ in range(5)]
            assert time.perf_counter() - begun > 4 * 0.25 * 0.9
            assert all((b[1] - a[1]) % FRAMES >= 2 for a, b in pairwise(got))

    play(tmp_path, scene)


def test_silence_is_dark_and_another_ear_is_told(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        async with desk.socket("/activations") as socket:
            assert await socket.silent(0.2)
        async with desk.socket("/activations") as socket:
            desk.session.play(desk.session.publish(0))
            assert (await about(socket))["neurons"] == N
            loop, number, _, frames, ranks = await frame(socket)
            assert (loop, number, frames) == (0, 0, 0) and len(ranks) == N and not ranks.any()
            desk.session.play(desk.session.publish(3))
            while (await frame(socket))[0] != 3:
                pass
            desk.layers = LAYERS[:2]
            while (message := await socket.opened.receive(timeout=5)).type is aiohttp.WSMsgType.BINARY:
                pass
            assert json.loads(message.data)["neurons"] == N - LAYERS[2].neurons
            assert len((await frame(socket))[4]) == N - LAYERS[2].neurons

    play(tmp_path, scene)


def test_a_slow_one_gets_fewer_frames_not_older_ones(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        desk.layers = (replace(LAYERS[0], name="wide", bins=400_000),)
        desk.session.play(desk.session.publish(3))
        async with desk.socket("/activations", autoping=False) as slow, desk.socket() as other:
            connection = slow.opened._response.connection
            assert connection is not None and connection.transport is not None
            await about(slow)
            connection.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(1.5)
            await other.osc("/ear/system/sync", 1)
            assert (await other.hear(1.0)).arguments == (1,)
            connection.transport.resume_reading()  # type: ignore[attr-defined]
            got = [await frame(slow) for _ in range(8)]
            left_out = [(b[1] - a[1]) % FRAMES - 1 for a, b in pairwise(got)]
            assert [b[2] - a[2] for a, b in pairwise(got)] == [1] * 7 and sum(left_out) >= 6  # of 12
            here = desk.osc.whole.at(now())
            assert here is not None and (here.frame - got[-1][1]) % FRAMES <= 1

    play(tmp_path, scene)


@pytest.mark.parametrize("query", ["rate=-1", "rate=61", "rate=x", "rate=nan", "rate=inf", "lead_beats=1.5"])
def test_what_cannot_be_is_refused_before_a_socket_is_open(tmp_path: Path, query: str) -> None:
    async def scene(desk: Desk) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await desk.client.ws_connect(desk.url(f"/activations?{query}"))
        assert refusal.value.status == 400

    play(tmp_path, scene)


def test_without_a_socket_it_says_what_it_is_and_pages_from_elsewhere_see_nothing(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        status, why = await desk.ask("/activations")
        assert (status, why["error"]) == (426, "needs_websocket")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await desk.client.ws_connect(desk.url("/activations"), headers={"Origin": "http://evil.example"})
        assert refusal.value.status == 403

    play(tmp_path, scene)
