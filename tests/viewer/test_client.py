"""The viewer's OSC client against the real service, and against whoever sends it nonsense."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.osc.codec import decode, encode
from ear_engine.osc.place import Place, read_place
from ear_engine.osc.reports import ClipInfo
from ear_engine.osc.service import OscService
from ear_engine.parameters import ParameterTree
from ear_engine.viewer.client import _STREAMS, EngineClient
from tests.osc.synthetic import LAYERS, Session, status


class Engine:
    """The OSC service in a thread: a synthetic engine on a real socket."""

    def __init__(self, folder: Path, port: int = 0, name: str = "first") -> None:
        self.session = Session(folder)
        self.control = ControlLog(ParameterTree())
        self.changes: list[tuple[str, Any]] = []
        self.control.listen(lambda change: self.changes.extend(change.values.items()))
        self._ready = threading.Event()
        self._port, self._name = port, name
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))
        self._thread.start()
        assert self._ready.wait(5.0)

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        self.service = OscService(
            self.control,
            self.session.folder,
            status=lambda: status(self.service.port),
            layers=lambda: LAYERS,
            clips=lambda: [ClipInfo("beat", 4.0, 8), ClipInfo("dub", 3.5, 4)],
            port=self._port,
            engine_id=self._name,
        )
        await self.service.start()
        self.port = self.service.port
        self._ready.set()
        await self._end.wait()
        self.service.close()
        await asyncio.sleep(0)

    def do(self, call: Callable[[], object]) -> None:
        done = threading.Event()
        self.loop.call_soon_threadsafe(lambda: (call(), done.set()))
        assert done.wait(5.0)

    def close(self) -> None:
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._end.set)
            self._thread.join(5.0)
            self.session.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path)
    yield made
    made.close()


@pytest.fixture
def client(engine: Engine) -> Iterator[EngineClient]:
    made = EngineClient(Place("127.0.0.1", engine.port))
    made.start()
    yield made
    made.close()


def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.perf_counter() + seconds
    while not true():
        assert time.perf_counter() < end, "it does not happen"
        time.sleep(0.01)


def test_it_knows_everything_and_follows_it(engine: Engine, client: EngineClient) -> None:
    entry = engine.session.publish(3)
    engine.session.play(entry)
    until(lambda: client.snapshot().connected and client.heard(time.perf_counter()) and client.snapshot().loops)
    until(lambda: len(client.snapshot().clips) == 2 and client.snapshot().presets)
    until(lambda: client.snapshot().objective == pytest.approx(3 / 8) and len(client.snapshot().curve) > 2)
    shot = client.snapshot()
    assert (shot.engine, shot.waiting) == ("first", "")
    assert shot.layers == LAYERS and len(shot.means) == len(LAYERS)
    assert shot.status["steps_per_second"] == pytest.approx(42.5)
    assert shot.loops[0].number == 3 and shot.loops[0].seconds == pytest.approx(2.0)
    assert shot.values == engine.control.tree.values
    engine.do(lambda: engine.control.apply({"dream/rate": -30.0}, "someone else"))
    until(lambda: client.snapshot().values["dream/rate"] == -30.0)
    heard = client.heard(time.perf_counter())
    assert heard is not None and heard.loop == 3
    assert client.ignored == 0


def test_the_playhead_is_the_engines(engine: Engine, client: EngineClient) -> None:
    entry = engine.session.publish(1)
    begun = time.perf_counter()
    engine.session.play(entry, at=begun)
    until(lambda: client.heard(time.perf_counter()))
    time.sleep(1.7)
    errors = []
    for _ in range(50):
        at = time.perf_counter()
        heard = client.heard(at)
        assert heard is not None
        true = (at - begun) / 2.0 % 1.0
        errors.append(abs((heard.phase - true + 0.5) % 1.0 - 0.5) * 2.0)
        time.sleep(0.01)
    assert sorted(errors)[45] < 1 / 60, errors


def test_a_change_is_one_message_and_what_follows_from_it_is_known(engine: Engine, client: EngineClient) -> None:
    until(lambda: client.snapshot().connected)
    before = engine.control.number
    client.set("target/depth", 0.25)
    assert client.snapshot().values["target/depth"] == 0.25  # at once
    assert client.snapshot().values["target/by"] == "depth"
    until(lambda: ("target/depth", 0.25) in engine.changes)
    time.sleep(0.5)
    assert engine.control.number == before + 1
    assert client.snapshot().values == engine.control.tree.values


def test_what_is_refused_becomes_what_it_was(engine: Engine, client: EngineClient) -> None:
    until(lambda: client.snapshot().connected)
    engine.control.validators["source/clip"] = refuse
    client.set("source/clip", "nothing")
    until(lambda: client.snapshot().events)
    assert [event.code for event in client.snapshot().events] == ["unknown_clip"]
    until(lambda: client.snapshot().values["source/clip"] == "beat")
    with pytest.raises(UserError):
        client.set("dream/rat", 1.0)


def refuse(value: object) -> Any:
    raise UserError(f"clip {value!r}", "does not exist", "use another", "unknown_clip")


def test_neurons_become_the_target(engine: Engine, client: EngineClient) -> None:
    until(lambda: client.snapshot().connected)
    assert client.aim([]) == 0
    assert client.aim([5, 7, 6, 20]) == 4
    until(lambda: engine.control.tree.values["target/neurons"] == "5-7,20")
    assert engine.control.tree.values["target/by"] == "neurons"
    until(lambda: client.snapshot().values["target/neurons"] == "5-7,20")
    assert client.aim(range(100, 30_100)) == 30_000  # longer than a list may be: as a range
    until(
        lambda: (
            engine.control.tree.values["target/neurons"] == "100-4195,4196-8291,8292-12387,12388-16483,"
            "16484-20579,20580-24675,24676-28771,28772-30099"
        )
    )
    every_other = range(0, 40_000, 2)  # and this as nothing but a thinned list
    sent = client.aim(every_other)
    assert 2000 < sent <= 4096
    until(lambda: str(engine.control.tree.values["target/neurons"]).endswith(",39998"))


def test_leases_are_renewed_and_lost_subscriptions_made_again(engine: Engine, client: EngineClient) -> None:
    until(lambda: client.snapshot().connected)
    until(lambda: engine.service.clients == 1)
    table = engine.service._clients
    count = len(_STREAMS) + len(client._patterns)
    until(lambda: len(list(table)) == count)
    first = max(one.expires for one in table)
    time.sleep(1.3)
    assert min(one.expires for one in table) > first - 0.5 and count == len(list(table))
    engine.do(lambda: [table.unsubscribe(found) for found in table._clients.values()])
    until(lambda: len(list(table)) == count)


def test_an_engine_that_was_started_again_is_met_anew(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    first = Engine(tmp_path / "a")
    client = EngineClient(Place("127.0.0.1", first.port))
    client.start()
    try:
        until(lambda: client.snapshot().engine == "first")
        first.do(lambda: first.control.apply({"dream/rate": -40.0}, "someone"))
        until(lambda: client.snapshot().values["dream/rate"] == -40.0)
        first.close()
        until(lambda: not client.snapshot().connected, 6.0)
        assert client.snapshot().waiting == f"waiting for ENGINE at 127.0.0.1:{first.port}"
        client.set("view/palette", "stage")  # counts here, and is sent later
        assert client.snapshot().values["view/palette"] == "stage"
        second = Engine(tmp_path / "b", first.port, "second")
        try:
            until(lambda: client.snapshot().engine == "second", 6.0)
            until(lambda: second.control.tree.values["view/palette"] == "stage")
            until(lambda: client.snapshot().values == second.control.tree.values)
            assert client.snapshot().values["dream/rate"] == -18.0
        finally:
            second.close()
    finally:
        client.close()
        first.close()


def test_nonsense_is_counted_and_changes_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5.0)
        client = EngineClient(Place("127.0.0.1", sock.getsockname()[1]))
        client.start()
        try:
            data, viewer = sock.recvfrom(1 << 16)
            assert decode(data)[0].address == "/ear/system/ping"
            sock.sendto(encode("/ear/system/pong", "fake", "1", 0), viewer)
            until(lambda: client.snapshot().connected)
            before = client.snapshot().values
            for bad in (
                b"", b"abc", b"\0" * 64, b"#bundle\0" + b"\xff" * 24, b"/ear/playhead\0\0\0,ifi\0\0\0\0\0\0\0\1",
                encode("/ear/playhead", "a", 2.0), encode("/ear/playhead", 1, 7.5, 0, 0.0, 1),
                encode("/ear/loop", 1), encode("/ear/loop", -1, "x", -1.0, 0, 0, 0.0),
                encode("/ear/layers/list", 3, 2, "x", 1, 1), encode("/ear/layers/list", 0, 1 << 30, "x", 1, 1),
                encode("/ear/system/status", "odd"), encode("/ear/dream/rate", "loud"), encode("/ear/dream/rate"),
                encode("/ear/tone/scale", "none"), encode("/ear/summary/mean", "x"), encode("/ear/fail", 1),
                encode("/ear/done"), encode("/ear/unheard/of", 1, 2, 3), encode("/ear/system/pong", 5),
            ):  # fmt: skip
                sock.sendto(bad, viewer)
            until(lambda: client.ignored >= 15)
            sock.sendto(encode("/ear/dream/rate", -20.0), viewer)
            until(lambda: client.snapshot().values["dream/rate"] == -20.0)
            after = client.snapshot()
            assert {**after.values, "dream/rate": -18.0} == before
            assert client.heard(time.perf_counter()) is None and after.layers == () and after.loops == ()
        finally:
            client.close()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:9001", Place("127.0.0.1", 9001)),
        ("studio", Place("studio", 9000)),
        ("[::1]:57120", Place("::1", 57120)),
        ("[::1]", Place("::1", 9000)),
    ],
)
def test_places_are_read(text: str, place: Place) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize("text", ["", ":9000", "here:", "here:x", "here:70000", "here:0"])
def test_other_places_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="HOST:PORT"):
        read_place(text)


def test_a_host_without_an_address_is_refused() -> None:
    with pytest.raises(UserError, match="use its IP address"):
        EngineClient(Place("no-such-host.invalid", 9000))


@contextmanager
def fake(refusing: str = "") -> Iterator[tuple[EngineClient, Counter[str]]]:
    """A client of an engine that only says that it is there, and that it has no parameter at ``refusing``."""
    asked: Counter[str] = Counter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.02)
        ended = threading.Event()

        def answer() -> None:
            while not ended.is_set():
                try:
                    data, viewer = sock.recvfrom(1 << 16)
                except TimeoutError:
                    continue
                for message in decode(data):
                    asked[message.address] += 1
                    if message.address == "/ear/system/ping":
                        sock.sendto(encode("/ear/system/pong", "fake", "1", 0), viewer)
                    elif message.address == refusing:
                        sock.sendto(encode("/ear/fail", refusing, "unknown_address", "No.", 0), viewer)

        thread = threading.Thread(target=answer)
        thread.start()
        client = EngineClient(Place("127.0.0.1", sock.getsockname()[1]))
        client.start()
        try:
            yield client, asked
        finally:
            client.close()
            ended.set()
            thread.join()


def test_no_error_ends_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[Exception] = [OverflowError("x"), IndexError()]
    turn = EngineClient._turn

    def failing(client: EngineClient, at: float) -> bool:
        if client.snapshot().connected and errors:
            raise errors.pop()
        return turn(client, at)

    monkeypatch.setattr(EngineClient, "_turn", failing)
    with fake() as (client, asked):
        until(lambda: [event.code for event in client.snapshot().events] == ["OverflowError", "IndexError"])
        before = asked["/ear/system/ping"]
        until(lambda: asked["/ear/system/ping"] > before)
        assert client.snapshot().connected


def test_an_engine_that_lacks_a_parameter_is_not_asked_for_ever() -> None:
    address = "/ear/view/palette"
    with fake(refusing=address) as (client, asked):
        until(lambda: client.snapshot().connected)
        client.set("view/palette", "stage")
        until(lambda: client.snapshot().events)
        time.sleep(0.6)
        assert asked[address] <= 2 and len(client.snapshot().events) <= 2


@pytest.mark.parametrize("host", ["255.255.255.255", "fe80::1"])
def test_an_address_that_no_engine_can_have_is_refused(host: str) -> None:
    with pytest.raises(UserError, match="cannot be"):
        EngineClient(Place(host, 9000)).close()


class Network:
    """Sockets that can lose the address they were made with, as when a machine joins another network."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gone: set[int] = set()  # sockets, by id
        self.made: list[socket.socket] = []
        network = self

        class Socket(socket.socket):
            def __init__(self, *kind: Any) -> None:
                super().__init__(*kind)
                network.made.append(self)

            def send(self, *given: Any) -> int:
                if id(self) in network.gone:
                    raise OSError(errno.EINVAL, "Invalid argument")  # what Linux says; macOS: EADDRNOTAVAIL
                return super().send(*given)

        monkeypatch.setattr("ear_engine.viewer.line.socket.socket", Socket)
        monkeypatch.setattr("ear_engine.viewer.line._AGAIN", 0.3)


def test_on_another_network_it_has_another_socket_and_goes_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch)
    client = EngineClient(Place("127.0.0.1", engine.port))
    client.start()
    try:
        until(lambda: client.snapshot().connected)
        network.gone = {id(one) for one in network.made}
        until(lambda: len(network.made) == 2 and client.snapshot().connected, 2.5)
        client.set("dream/rate", -40.0)
        until(lambda: engine.control.tree.values["dream/rate"] == -40.0)
        engine.do(lambda: engine.control.apply({"dream/rate": -30.0}, "someone else"))
        until(lambda: client.snapshot().values["dream/rate"] == -30.0)  # subscribed again, too
        time.sleep(0.5)
        assert len(network.made) == 2  # the new one stays
    finally:
        client.close()


def test_an_engine_that_has_moved_is_found_by_its_name(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    Network(monkeypatch)
    places = iter([("127.0.0.2", engine.port)])
    known = socket.getaddrinfo

    def resolve(host: str, port: int, **kind: Any) -> Any:
        host, port = next(places, ("127.0.0.1", engine.port)) if host == "engine.local" else (host, port)
        return known(host, port, **kind)

    monkeypatch.setattr("ear_engine.osc.place.socket.getaddrinfo", resolve)
    client = EngineClient(Place("engine.local", engine.port))  # where nobody is any more
    client.start()
    try:
        until(lambda: client.snapshot().connected, 2.0)
    finally:
        client.close()


def test_what_the_command_line_wants_every_engine_gets(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    first = Engine(tmp_path / "a")
    client = EngineClient(Place("127.0.0.1", first.port), wanted={"view/palette": "stage", "view/light": 0.5})
    assert client.snapshot().values["view/palette"] == "stage"
    client.start()
    try:
        until(lambda: first.control.tree.values["view/palette"] == "stage")
        client.set("view/light", 0.25)
        until(lambda: first.control.tree.values["view/light"] == 0.25)
        first.close()
        second = Engine(tmp_path / "b", first.port, "second")
        try:
            until(lambda: second.control.tree.values["view/palette"] == "stage", 6.0)
            until(lambda: second.control.tree.values["view/light"] == 0.25)
            until(lambda: client.snapshot().values == second.control.tree.values)
        finally:
            second.close()
    finally:
        client.close()
        first.close()


def test_a_value_that_is_not_taken_is_refused() -> None:
    with pytest.raises(UserError, match="view/palette"):
        EngineClient(Place("127.0.0.1", 9000), wanted={"view/palette": "pink"})
