"""The service on real sockets."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import soundfile

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.osc.codec import decode, encode
from ear_engine.osc.server import bind_socket
from ear_engine.osc.service import OscService
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import now
from tests.osc.synthetic import LAYERS, RATE, Session, status

Heard = list[tuple[Any, ...]]


class Client:
    """A UDP socket that speaks OSC."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.engine = ("127.0.0.1", port)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def send(self, address: str, *arguments: object) -> None:
        self.socket.sendto(encode(address, *arguments), self.engine)

    def take(self) -> Heard:
        found: Heard = []
        while True:
            try:
                messages = decode(self.socket.recv(65_536))
            except BlockingIOError:
                return found
            found += [(message.address, *message.arguments) for message in messages]

    async def until(self, address: str, seconds: float = 3.0) -> Heard:
        """All that is heard up to the first message at ``address``."""
        found: Heard = []
        end = now() + seconds
        while now() < end:
            found += self.take()
            if any(message[0] == address for message in found):
                return found
            await asyncio.sleep(0.002)
        raise AssertionError(f"no {address} within {seconds} s, only {found}")

    async def ask(self, address: str, *arguments: object, answer: str = "") -> tuple[Any, ...]:
        self.send(address, *arguments)
        return [heard for heard in await self.until(answer or address) if heard[0] == (answer or address)][-1]


class Rig:
    def __init__(self, session: Session, **options: Any) -> None:
        self.session = session
        self.control = ControlLog(ParameterTree())
        self.quits = 0
        options = {"port": 0, "layers": lambda: LAYERS, "quit": self.quit, **options}
        self.service = OscService(self.control, session.folder, status=lambda: status(self.service.port), **options)
        self.clients: list[Client] = []

    def quit(self) -> None:
        self.quits += 1

    def client(self) -> Client:
        self.clients.append(Client(self.service.port))
        return self.clients[-1]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Rig]:
        await self.service.start()
        try:
            yield self
        finally:
            self.service.close()
            for client in self.clients:
                client.socket.close()
            await asyncio.sleep(0)


def play(session: Session, scene: Callable[[Rig], Awaitable[None]], **options: Any) -> None:
    """Run ``scene`` with a service."""

    async def main() -> None:
        async with Rig(session, **options).running() as rig:
            await scene(rig)

    asyncio.run(main())


def test_set_get_status_and_quit(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        client = rig.client()
        client.send("/ear/dream/rate", -30.0)
        assert await client.ask("/ear/dream/rate") == ("/ear/dream/rate", -30.0)
        assert (await client.ask("/ear/system/status"))[1:5] == ("state", "running", "osc_port", rig.service.port)
        assert (await client.ask("/ear/system/ping", answer="/ear/system/pong"))[2] == "0.1.0"
        await client.ask("/ear/system/quit", answer="/ear/done")
        assert (rig.quits, rig.service.clients) == (1, 1)

    play(session, scene)


def test_two_clients_stream_at_their_rates_and_hear_each_other(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        session.play(session.publish(3))
        slow, fast = rig.client(), rig.client()
        ear = rig.client()  # where the fast one wants its stream
        slow.send("/ear/stream/subscribe", "/ear/playhead", 10.0)
        fast.send("/ear/stream/subscribe", "/ear/playhead", 50.0, "list", ear.port)
        slow.send("/ear/stream/subscribe", "/ear/playback/*", 10.0)
        await asyncio.sleep(0.2)
        slow.take(), fast.take(), ear.take()
        fast.send("/ear/playback/wet", 0.25)
        slow.send("/ear/playback/gain", -6.0)
        await asyncio.sleep(1.0)
        heard = {name: client.take() for name, client in (("slow", slow), ("fast", fast), ("ear", ear))}
        assert ("/ear/playback/wet", 0.25) in heard["slow"]
        assert ("/ear/playback/gain", -6.0) not in heard["slow"]
        assert heard["fast"] == []
        assert 8 <= sum(message[0] == "/ear/playhead" for message in heard["slow"]) <= 12
        assert 35 <= len(heard["ear"]) <= 55
        phases = [message[2] for message in heard["ear"]]
        assert phases[5] - phases[0] == pytest.approx(0.05, abs=0.02) or phases[5] < phases[0]

    play(session, scene)


def test_a_loop_is_announced_before_it_sounds_with_a_complete_file(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        current = session.publish(1)
        session.play(current)
        client = rig.client()
        client.send("/ear/stream/subscribe", "/ear/loop")
        first = (await client.until("/ear/loop"))[-1]
        assert first[1] == 1
        following = session.publish(2, samples=RATE)
        session.play(current, type(following)(RATE, 0, 2, following.file, following.samples, 4))  # in a second
        number, path, *facts = (await client.until("/ear/loop", 0.9))[-1][1:]
        assert (number, facts) == (2, [1.0, RATE, 4, 240.0])
        assert Path(path).parent == session.folder / "wav"
        assert soundfile.read(path)[0].shape == (RATE, 2)
        late = rig.client()  # hears of the newest loop although it came later
        late.send("/ear/stream/subscribe", "/ear/loop")
        assert (await late.until("/ear/loop"))[-1][1] == 2

    play(session, scene)


def test_events_reach_who_asked(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        client = rig.client()
        await client.ask("/ear/stream/subscribe", "/ear/event", answer="/ear/done")
        rig.service.event("warning", "dreamer_restarted", "The dreamer was restarted.")
        message = ("/ear/event", "warning", "dreamer_restarted", "The dreamer was restarted.")
        assert await client.until("/ear/event") == [message]

    play(session, scene)


def test_a_late_refusal_reaches_who_asked_and_nobody_else(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        other, client = rig.client(), rig.client()
        origins: list[str] = []
        rig.control.listen(lambda change: origins.append(change.origin))
        other.send("/ear/system/ping")
        client.send("/ear/source/clip", "broken")
        await client.ask("/ear/system/sync", 1, answer="/ear/system/synced")
        rig.service.fail(
            origins[0], "/ear/source/clip", UserError("clip 'broken'", "is empty", "use another", "bad_clip")
        )
        rig.service.fail("cli", "/ear/source/clip", UserError("clip", "is empty", "use another"))
        sentence = "clip 'broken' is empty; use another."
        assert await client.until("/ear/fail") == [("/ear/fail", "/ear/source/clip", "bad_clip", sentence, 0)]
        assert [message[0] for message in other.take()] == ["/ear/system/pong"]

    play(session, scene)


def test_a_target_that_only_listens_gets_playhead_summaries_objective_and_loops(session: Session) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)

        async def scene(rig: Rig) -> None:
            session.play(session.publish(3))
            await asyncio.sleep(0.5)
            assert rig.service.clients == 1

        play(session, scene, send=[("localhost", listener.getsockname()[1])])
        addresses = set()
        for _ in range(40):
            addresses.update(message.address for message in decode(listener.recv(65_536)))
    assert addresses == {"/ear/playhead", "/ear/summary/mean", "/ear/summary/max", "/ear/objective", "/ear/loop"}


@pytest.mark.skipif("sys.platform != 'linux'", reason="only Linux tells a UDP socket which of its receivers is gone")
def test_a_client_that_vanishes_is_forgotten_and_others_go_on(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        session.play(session.publish(3))
        stays, goes = rig.client(), rig.client()
        for client in (stays, goes):
            await client.ask("/ear/stream/subscribe", "/ear/playhead", 100.0, "list", 0, 0.0, answer="/ear/done")
        assert rig.service.clients == 2
        goes.socket.close()
        await asyncio.sleep(0.3)
        assert rig.service.clients == 1
        stays.take()
        await asyncio.sleep(0.3)
        assert len(stays.take()) >= 20

    play(session, scene)


MINUS_FOUR = b"#bundle\0" + b"\0" * 7 + b"\1" + struct.pack(">i", -4) + b"\0\0\0\0"
FUTURE = b"#bundle\0" + b"\xff" * 8 + struct.pack(">i", 20) + encode("/ear/dream/rate", -6.0)[:20]
NESTED = b"#bundle\0" + b"\0" * 8 + struct.pack(">i", 59_984) + b"\0" * 59_984


def test_malformed_packets_are_answered_and_survived(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        client = rig.client()
        for packet in (MINUS_FOUR, FUTURE, NESTED, b"", b"\xff" * 65_507, b"/ear/dream/rate\0,f\0\0\x7f\xc0\0\0"):
            client.socket.sendto(packet, client.engine)
            codes = {message[2] for message in await client.until("/ear/fail")}
            assert codes <= {"malformed", "far_future"}
            assert await client.ask("/ear/dream/rate") == ("/ear/dream/rate", -18.0)

    play(session, scene)


def test_a_near_bundle_waits_without_blocking(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        client = rig.client()
        at = time.time() + 0.3
        tag = struct.pack(">II", int(at) + 2_208_988_800, int(at % 1 * 2**32))
        message = encode("/ear/dream/rate", -40.0)
        client.socket.sendto(b"#bundle\0" + tag + struct.pack(">i", len(message)) + message, client.engine)
        assert (await client.ask("/ear/dream/rate"))[1] == -18.0
        await asyncio.sleep(0.4)
        assert (await client.ask("/ear/dream/rate"))[1] == -40.0

    play(session, scene)


@pytest.mark.slow
def test_a_flood_does_not_starve_streams_or_other_clients(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        session.play(session.publish(3))
        polite = rig.client()
        await polite.ask("/ear/stream/subscribe", "/ear/playhead", 50.0, answer="/ear/done")
        flooding = threading.Event()

        def flood() -> None:
            packets = [encode("/ear/dream/rate", -20.0), MINUS_FOUR, encode("/ear/nothing"), encode("/ear/dream/*")]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rude:
                while not flooding.is_set():
                    for _ in range(10):
                        for packet in packets:
                            rude.sendto(packet, ("127.0.0.1", rig.service.port))
                    time.sleep(0.001)

        thread = threading.Thread(target=flood)
        thread.start()
        try:
            await asyncio.sleep(0.2)
            polite.take()
            answered = 0
            start = now()
            for number in range(20):
                try:
                    heard = await polite.ask("/ear/system/sync", number, answer="/ear/system/synced")
                    answered += heard == ("/ear/system/synced", number)
                except AssertionError:
                    continue
            assert answered >= 18
            assert now() - start < 5.0
            polite.take()
            await asyncio.sleep(1.0)
            assert len(polite.take()) >= 25
        finally:
            flooding.set()
            thread.join()
        assert rig.service.counters.malformed > 0
        assert rig.service.counters.unanswered > 0

    play(session, scene)


@pytest.mark.parametrize("linked", [False, True])
def test_a_question_with_many_answers_counts_as_many(session: Session, linked: bool) -> None:
    async def scene(rig: Rig) -> None:
        greedy, other, answers = rig.client(), rig.client(), list[bytes]()
        link = rig.service.link("127.0.0.1", 50_000, lambda packet, _: answers.append(packet) is None)
        for _ in range(400):
            if linked:
                link.receive(encode("/ear/*/*"))
            else:
                greedy.send("/ear/*/*")
                greedy.take()
        assert await other.ask("/ear/system/sync", 1, answer="/ear/system/synced")
        assert rig.service.counters.limited > 200  # some 90 answers each, and 8,000 a second
        if linked:
            assert 3000 < len(answers) < 10_000

    play(session, scene)


def test_a_busy_port_names_the_next_free_one(session: Session) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as busy:
        busy.bind(("127.0.0.1", 0))
        port = busy.getsockname()[1]

        async def main() -> None:
            service = Rig(session, port=port).service
            try:
                await service.start()
            finally:
                service.close()

        with pytest.raises(
            UserError, match=rf"OSC port {port} is used by another program; use --osc-port \d+"
        ) as caught:
            asyncio.run(main())
        assert caught.value.code == "port_in_use"
        free = int(caught.value.mend.split()[-1])
        bind_socket("127.0.0.1", free).close()


@pytest.mark.parametrize(("address", "port"), [("nowhere", 0), ("192.0.2.1", 0), ("127.0.0.1", 70_000)])
def test_impossible_addresses_are_refused(address: str, port: int) -> None:
    with pytest.raises(UserError):
        bind_socket(address, port)


def test_an_impossible_target_is_refused_and_the_port_is_free_again(session: Session) -> None:
    async def main() -> None:
        service = Rig(session, send=[("localhost", 0)]).service
        with pytest.raises(UserError, match="has no port"):
            await service.start()

    asyncio.run(main())


def test_ipv6(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
            client.bind(("::1", 0))
            client.sendto(encode("/ear/dream/rate"), ("::1", rig.service.port))
            client.setblocking(False)
            answer = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 1500), 2.0)
            assert decode(answer)[0].arguments == (-18.0,)

    play(session, scene, bind="::1")


def test_a_client_of_ipv4_on_this_machine_is_here_also_where_both_families_are_listened_to(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        mine, other = rig.client(), rig.client()
        asked = ("/ear/dream/rate", 30.0, "list", f"127.0.0.1:{other.port}", 0.0)
        assert (await mine.ask("/ear/stream/subscribe", *asked, answer="/ear/done"))[-1] == 0.0
        assert await other.until("/ear/dream/rate") == [("/ear/dream/rate", -18.0)]
        assert await mine.ask("/ear/system/dump", 1, answer="/ear/done")

    play(session, scene, bind="::")


@pytest.mark.skipif("sys.platform != 'linux'", reason="only Linux tells who is gone")
def test_a_client_of_ipv4_that_vanishes_is_forgotten_where_both_families_are_listened_to(session: Session) -> None:
    async def scene(rig: Rig) -> None:
        gone = rig.client()
        await gone.ask("/ear/stream/subscribe", "/ear/heartbeat", 100.0, "list", 0, 0.0, answer="/ear/done")
        assert rig.service.clients == 1
        gone.socket.close()
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not rig.service.clients:
                break
        assert rig.service.clients == 0

    play(session, scene, bind="::")
