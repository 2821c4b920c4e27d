"""OSCQuery over WebSockets."""

from __future__ import annotations

import asyncio
import gc
import struct
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from random import Random

import aiohttp
import pytest

from ear_engine.osc.codec import MAX_DATAGRAM, encode
from ear_engine.osc.reports import LayerInfo
from ear_engine.web import outbox, sockets
from tests.osc.test_service import Client
from tests.web.osc_serving import Desk, Socket


def play(folder: Path, scene: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        async with Desk(folder).open() as desk:
            await scene(desk)

    asyncio.run(run())


def test_osc_goes_both_ways_as_over_udp(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        async with desk.socket() as socket:
            await socket.osc("/ear/dream/rate", -30.5)
            await socket.osc("/ear/dream/rate")
            heard = await socket.hear()
            assert (heard.address, heard.arguments) == ("/ear/dream/rate", (-30.5,))
            packets = [encode("/ear/tone/tilt", 3.0), encode("/ear/system/sync", 7)]
            bundle = b"#bundle\0" + struct.pack(">Q", 1) + b"".join(struct.pack(">i", len(p)) + p for p in packets)
            await socket.opened.send_bytes(bundle)
            heard = await socket.hear()
            assert heard.arguments == (7,) and desk.control.tree.values["tone/tilt"] == 3.0
            await socket.osc("/ear/stream/subscribe", "/ear/rhythm/*", 60)
            heard = await socket.hear()
            assert heard.address == "/ear/done" and heard.arguments[0] == "/ear/stream/subscribe"
            names = {(await socket.hear()).address for _ in range(3)}
            assert names == {"/ear/rhythm/grid", "/ear/rhythm/density", "/ear/rhythm/lock"}
            for bad in (b"nonsense", b"", b"#bundle\0" + bytes(8) + struct.pack(">i", -4) + bytes(4)):
                await socket.opened.send_bytes(bad)
                heard = await socket.hear()
                assert heard.address == "/ear/fail" and heard.arguments[1] == "malformed"
        assert desk.osc.counters.malformed == 3

    play(tmp_path, scene)


def test_listen_and_ignore(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        udp = Client(desk.osc.port)
        async with desk.socket() as socket, desk.socket() as other:
            await socket.say("LISTEN", "/ear/dream/rate")
            assert (await socket.hear()).arguments == (-18.0,)
            await other.say("LISTEN", "/ear/dream/rate")
            await other.hear()
            udp.send("/ear/dream/rate", -12.0)
            assert (await socket.hear()).arguments == (await other.hear()).arguments == (-12.0,)
            await other.osc("/ear/dream/rate", -24.0)  # what one does itself it is not told
            assert (await socket.hear()).arguments == (-24.0,) and await other.silent(0.15)
            await socket.say("IGNORE", "/ear/dream/rate")
            await socket.osc("/ear/system/sync", 1)
            assert (await socket.hear()).arguments == (1,)
            udp.send("/ear/dream/rate", -30.0)
            assert await socket.silent(0.15)
        udp.socket.close()

    play(tmp_path, scene)


def test_streams_and_triggers_are_listened_to_alike(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        desk.session.play(desk.session.publish(3))
        async with desk.socket() as socket, desk.socket() as other:
            await socket.say("LISTEN", "/ear/playhead")
            phases = [(await socket.hear()).arguments[1] for _ in range(10)]
            assert all(0.0 <= phase < 1.0 for phase in phases) and len(set(phases)) == 10
            await socket.say("IGNORE", "/ear/playhead")
            await socket.say("LISTEN", "/ear/source/reset")
            await socket.osc("/ear/system/sync", 1)
            while (await socket.hear()).address != "/ear/system/synced":
                pass
            await other.osc("/ear/source/reset")
            heard = await socket.hear()
            assert (heard.address, heard.arguments) == ("/ear/source/reset", (1,))

    play(tmp_path, scene)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", "{}", '{"COMMAND": "DANCE", "DATA": "/ear"}', '{"COMMAND": "LISTEN"}', "[" * 60_000,
     '{"COMMAND": "LISTEN", "DATA": 7}', '{"COMMAND": "LISTEN", "DATA": "' + "/x" * 500 + '"}',
     '{"COMMAND": ["LISTEN"], "DATA": "/ear/dream/rate"}'],
)  # fmt: skip
def test_text_that_is_no_command_is_refused_and_the_socket_stays(tmp_path: Path, text: str) -> None:
    async def scene(desk: Desk) -> None:
        async with desk.socket() as socket:
            await socket.opened.send_str(text)
            heard = await socket.hear()
            assert heard.address == "/ear/fail" and heard.arguments[1] == "bad_command"
            await socket.say("LISTEN", "/ear/no/such/path")  # nothing to hear is no mistake
            await socket.say("LISTEN", "/ear/dream/rate")
            assert (await socket.hear()).address == "/ear/dream/rate"

    play(tmp_path, scene)


def test_paths_that_come_go_and_change_with_the_ear_are_told(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        async with desk.socket() as socket:
            await socket.osc("/ear/system/sync", 1)
            await socket.hear()
            old = set(desk.osc.namespace.streams)
            _, second, _ = desk.layers
            desk.layers = (LayerInfo("scalogram", 1, 100), second, LayerInfo("new_one", 7, 1))
            new = set(desk.osc.namespace.streams)
            assert old - new and new - old
            told = [await socket.told() for _ in range(len(old ^ new) + 2)]
            assert {path for command, path in told if command == "PATH_REMOVED"} == old - new
            assert {path for command, path in told if command == "PATH_ADDED"} == new - old
            changed = {path for command, path in told if command == "PATH_CHANGED"}
            assert changed == {"/ear/activation/scalogram", "/ear/rank/scalogram"}
            assert (await desk.ask("/ear/activation/new_one?TYPE"))[1] == {"TYPE": "iiii" + "f" * 7}
            await socket.say("LISTEN", "/ear/activation/new_one")
            desk.session.play(desk.session.publish(3))
            while True:
                message = await socket.opened.receive(timeout=5)
                if message.type is aiohttp.WSMsgType.BINARY:
                    assert message.data.startswith(b"/ear/activation/new_one\0")
                    break

    play(tmp_path, scene)


def test_a_socket_that_ends_is_no_client_any_more(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        async with desk.socket() as socket:
            await socket.say("LISTEN", "/ear/dream/rate")
            await socket.hear()
            assert desk.osc.clients == 1
        dropped = await desk.client.ws_connect(desk.url("/"))
        await dropped.send_bytes(encode("/ear/stream/subscribe", "/ear/playhead"))
        await dropped.receive(timeout=5)
        assert dropped._response.connection is not None and dropped._response.connection.transport is not None
        dropped._response.connection.transport.abort()  # without a goodbye
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not desk.osc.clients:
                break
        assert desk.osc.clients == 0

    play(tmp_path, scene)


def test_one_that_does_not_read_holds_nobody_up_and_gets_the_latest(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        desk.layers = (LayerInfo("wide", 60, 200),)
        desk.session.play(desk.session.publish(3))
        async with desk.socket(autoping=False) as slow, desk.socket() as quick:
            for path in ("/ear/activation/wide", "/ear/dream/rate"):
                await slow.say("LISTEN", path)
            await quick.osc("/ear/system/sync", 1)
            await quick.hear()
            connection = slow.opened._response.connection
            assert connection is not None and connection.transport is not None
            connection.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(0.5)
            gc.collect()
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
            for number in range(100):
                await quick.osc("/ear/dream/rate", -18.0 - number / 100)
                await quick.osc("/ear/system/sync", number)
                assert (await quick.hear(1.0)).arguments == (number,)
                await asyncio.sleep(0.005)
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()
            assert grown < 4 << 20  # of 60 messages of 48 KB a second
            await slow.say("IGNORE", "/ear/activation/wide")
            connection.transport.resume_reading()  # type: ignore[attr-defined]
            rates = []
            while not rates or rates[-1] != pytest.approx(-18.99):
                heard = await slow.hear()
                rates += [heard.arguments[0]] if heard.address == "/ear/dream/rate" else []
            assert len(rates) < 50  # of 100; the last is the newest

    play(tmp_path, scene)


def test_one_that_reads_nothing_for_long_is_hung_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "STALLED", 0.3)

    async def scene(desk: Desk) -> None:
        desk.layers = (LayerInfo("wide", 60, 200),)
        desk.session.play(desk.session.publish(3))
        async with desk.socket(autoping=False) as slow:
            connection = slow.opened._response.connection
            assert connection is not None and connection.transport is not None
            await slow.osc("/ear/stream/subscribe", "/ear/activation/wide", 240)
            await asyncio.sleep(0.05)
            connection.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(400):
                await asyncio.sleep(0.02)
                if not desk.osc.clients:
                    break
            assert desk.osc.clients == 0
            connection.transport.resume_reading()  # type: ignore[attr-defined]

    play(tmp_path, scene)


def test_one_that_reads_nothing_and_asks_on_leaves_its_place_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "MOST_SOCKETS", 1)
    monkeypatch.setattr(outbox, "STALLED", 0.3)

    async def scene(desk: Desk) -> None:
        desk.layers = (LayerInfo("wide", 60, 200),)
        desk.session.play(desk.session.publish(3))
        async with desk.socket(autoping=False) as slow:
            connection = slow.opened._response.connection
            assert connection is not None and connection.transport is not None
            transport = connection.transport
            await slow.osc("/ear/stream/subscribe", "/ear/activation/wide", 240)
            await asyncio.sleep(0.05)
            transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(100):
                await asyncio.sleep(0.02)
                try:
                    await slow.osc("/ear/system/ping")
                except ConnectionError:
                    break
            transport.abort()
        for _ in range(50):
            await asyncio.sleep(0.02)
            if not desk.osc.clients:
                break
        assert desk.osc.clients == 0
        async with desk.socket() as other:
            await other.osc("/ear/system/sync", 1)
            assert (await other.hear()).arguments == (1,)

    play(tmp_path, scene)


def flood(port: int, packet: bytes, count: int) -> float:
    """Send as fast as it goes; seconds until the last of it is answered."""

    async def run() -> float:
        async with aiohttp.ClientSession() as client, client.ws_connect(f"http://127.0.0.1:{port}/") as opened:
            begun = time.perf_counter()
            for _ in range(count):
                await opened.send_bytes(packet)
            await opened.send_bytes(encode("/ear/system/sync", 9))
            while not (await opened.receive_bytes(timeout=20)).startswith(b"/ear/system/synced"):
                pass
            return time.perf_counter() - begun

    return asyncio.run(run())


def test_a_flood_is_slowed_down_and_udp_goes_on(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        packet = encode("/ear/dream/rate", -20.0)
        flooding = asyncio.create_task(asyncio.to_thread(flood, desk.web.port, packet, 12_000))
        with closing(Client(desk.osc.port).socket) as udp:
            waits = []
            while not flooding.done():
                begun = time.perf_counter()
                udp.sendto(encode("/ear/system/ping"), ("127.0.0.1", desk.osc.port))
                await asyncio.get_running_loop().sock_recv(udp, 2000)
                waits.append(time.perf_counter() - begun)
                await asyncio.sleep(0.01)
        assert await flooding > (12_000 - 4000) / 8000 * 0.9  # as many a second as over UDP, and none is lost
        assert sorted(waits)[len(waits) // 2] < 0.05

    play(tmp_path, scene)


def test_limits_of_sockets_and_sizes_and_who_may_open_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MOST_SOCKETS", 3)

    async def refused(desk: Desk, status: int, **headers: str) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await desk.client.ws_connect(desk.url("/"), headers=headers)
        assert refusal.value.status == status

    async def scene(desk: Desk) -> None:
        await refused(desk, 403, Origin="http://evil.example")
        await refused(desk, 403, Host="evil.example:9000")
        own = await desk.client.ws_connect(desk.url("/"), headers={"Origin": f"http://localhost:{desk.web.port}"})
        async with desk.socket() as socket:
            await socket.opened.send_bytes(bytes(MAX_DATAGRAM + 1))
            closed = await socket.opened.receive(timeout=5)
            assert closed.type is aiohttp.WSMsgType.CLOSE and closed.data == 1009
        await own.close()
        await asyncio.sleep(0.05)
        three = [await desk.client.ws_connect(desk.url("/")) for _ in range(3)]
        await refused(desk, 503)
        assert (await desk.ask("/status"))[0] == 200
        await three.pop().close()
        for _ in range(100):
            await asyncio.sleep(0.02)
            try:
                three.append(await desk.client.ws_connect(desk.url("/")))
            except aiohttp.WSServerHandshakeError:
                continue
            break
        assert len(three) == 3

    play(tmp_path, scene)


def test_open_sockets_do_not_use_up_requests_and_end_with_the_server(tmp_path: Path) -> None:
    async def run() -> None:
        async with Desk(tmp_path).open() as desk:
            opened = [Socket(await desk.client.ws_connect(desk.url("/"))) for _ in range(sockets.MOST_SOCKETS)]
            answers = await asyncio.gather(*(desk.ask("/ear/dream/rate?VALUE") for _ in range(60)))
            assert all(answer == (200, {"VALUE": [-18.0]}) for answer in answers)
            begun = asyncio.get_running_loop().time()
            await desk.web.close()
            assert asyncio.get_running_loop().time() - begun < 1.0
            for socket in opened:
                ended = await socket.opened.receive(timeout=2)
                assert (ended.type, ended.data) == (aiohttp.WSMsgType.CLOSE, 1001)  # going away
            assert desk.osc.clients == 0

    asyncio.run(run())


def test_whatever_is_sent_the_socket_and_the_engine_go_on(tmp_path: Path) -> None:
    random = Random(7)
    seeds = [
        encode("/ear/dream/rate", -20.0),
        encode("/ear/stream/subscribe", "/ear/{playhead,summary/*}", 30.0, "list", 0),
        encode("/ear/target/[a-z]*", "x"),
        b"#bundle\0" + struct.pack(">Qi", 1, 12) + encode("/ear/a"),
    ]

    def mutated() -> bytes:
        data = bytearray(random.choice(seeds))
        for _ in range(random.randint(1, 4)):
            place = random.randrange(len(data))
            data[place : place + random.randint(0, 4)] = random.randbytes(random.randint(0, 4))
            data = data or bytearray(4)
        return bytes(data)

    async def scene(desk: Desk) -> None:
        async with desk.socket() as socket:
            for number in range(2000):
                await socket.opened.send_bytes(mutated())
                if number % 20 == 0:
                    await socket.opened.send_str(mutated().decode("latin-1"))
        async with desk.socket() as socket:
            await socket.osc("/ear/system/sync", 5)
            assert (await socket.hear()).arguments == (5,)
        assert desk.osc.counters.malformed > 500

    play(tmp_path, scene)
