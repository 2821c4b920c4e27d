"""A viewer beside the engine and one elsewhere see the same; what is no engine is refused in a sentence."""

from __future__ import annotations

import http.server
import io
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from ear_engine import platform
from ear_engine.ear.neurons import NeuronIndex
from ear_engine.ear.statistics_file import hash_weights, write_statistics
from ear_engine.ear_files import CONFIG, WEIGHTS
from ear_engine.errors import UserError
from ear_engine.layout.map_file import MAP, write_map
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import loop_name, read_loop, write_loop
from ear_engine.shared_memory.map_state import MapState, MapWriter
from ear_engine.shared_memory.states import ControlState, DreamerState, StateWriter
from ear_engine.targets.facts import EarFacts, load_facts
from ear_engine.viewer import bulk_session
from ear_engine.viewer.bulk import Bulk, HttpBulk, SessionBulk
from ear_engine.viewer.model import MapPicture
from ear_engine.web.blocks import write_block
from tests.osc.synthetic import LAYERS, RATE, Session
from tests.web.ears import INDEX, LINKS, N, statistics, stored
from tests.web.serving import Stage, serving


def ear_folder(parent: Path, name: str = "synthetic", seed: int = 0) -> Path:
    """An ear with statistics and a map, which nobody can listen with."""
    folder = parent / name
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"weights %d" % seed)
    (folder / CONFIG).write_text("name: synthetic\nkind: synthetic\n")
    weights = hash_weights(folder)
    write_statistics(replace(statistics(), weights=weights), folder / "statistics.safetensors")
    positions = np.random.default_rng(seed).random((N, 2), np.float32)
    write_map(folder / MAP, replace(stored(), positions=positions, weights=weights))
    return folder


def decide(session: Path, ear: Path, motion: str = "still", maps: int = 0) -> None:
    state = ControlState(1, {"map/motion": motion}, {}, "", 0, [], str(ear), 0, maps=maps)
    writer: StateWriter[ControlState] = StateWriter(session, "control")
    writer.write(state)
    writer.close()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    folder = tmp_path / "session"
    folder.mkdir()
    made = Session(folder)
    yield made
    made.close()


@pytest.fixture
def ear(tmp_path: Path, session: Session) -> Path:
    folder = ear_folder(tmp_path)
    decide(session.folder, folder)
    return folder


@pytest.fixture
def stage(session: Session, ear: Path) -> Iterator[Stage]:
    with serving(session.folder, load_facts(ear)) as made:
        yield made


@contextmanager
def both(stage: Stage, packed: bool = False) -> Iterator[tuple[Bulk, Bulk]]:
    beside, elsewhere = SessionBulk(stage.session), HttpBulk("127.0.0.1", stage.port, packed=packed)
    try:
        yield beside, elsewhere
    finally:
        beside.close()
        elsewhere.close()


def same_map(one: MapPicture | None, other: MapPicture | None) -> None:
    assert one is not None and other is not None
    assert one.id == other.id and one.index.layers == other.index.layers
    assert np.array_equal(one.positions, other.positions) and np.array_equal(one.links, other.links)
    assert one.links.dtype == other.links.dtype == np.int32


@pytest.mark.parametrize("packed", [False, True])
def test_both_see_the_same(session: Session, stage: Stage, packed: bool) -> None:
    entries = [session.publish(number) for number in (0, 1, 2)]
    session.play(entries[0], replace(entries[1], start=RATE))
    path = session.folder / "loops" / loop_name(2)
    gradient = np.random.default_rng(0).standard_normal((16, 216), np.float32)
    write_loop(path, replace(read_loop(path), gradient=gradient))
    with both(stage, packed) as (beside, elsewhere):
        same_map(beside.map(), elsewhere.map())
        assert np.array_equal(beside.map().links, LINKS)  # type: ignore[union-attr]
        for number in (1, 2):
            one, other = beside.lights(number), elsewhere.lights(number)
            assert one is not None and other is not None and one.loop == other.loop == number
            assert np.array_equal(one.ranks, other.ranks) and one.ranks.shape == (16, N)
            assert (one.gradient is None) == (other.gradient is None) == (number == 1)
            if one.gradient is not None and other.gradient is not None:
                assert np.array_equal(one.gradient, other.gradient) and np.array_equal(one.gradient, gradient)
        assert beside.neuron(300) == elsewhere.neuron(300) and beside.neuron(300)["layer"] == LAYERS[1].name  # type: ignore[index]
        for mine, theirs in zip(beside.loops(), elsewhere.loops(), strict=True):
            assert (mine.begins is None) == (theirs.begins is None) == (mine.loop == 2)
            if mine.begins is not None and theirs.begins is not None:
                assert theirs.begins == pytest.approx(mine.begins, abs=0.2)
            assert replace(mine, file="", begins=None) == replace(theirs, begins=None)


def test_what_is_not_there_is_nothing(session: Session, stage: Stage) -> None:
    session.play(session.publish(0))
    with both(stage) as pair:
        for bulk in pair:
            assert bulk.neuron(N) is None and bulk.neuron(-1) is None
            assert bulk.lights(7) is None and bulk.lights(0) is None and bulk.lights(10**12) is None
            assert [facts.loop for facts in bulk.loops()] == [0]
        stage.facts = None
        assert pair[1].map() is None and pair[1].map_version() == ""


def test_a_map_that_has_not_changed_is_the_same_object(stage: Stage) -> None:
    with both(stage) as pair:
        for bulk in pair:
            version, first = bulk.map_version(), bulk.map()
            assert version and bulk.map() is first and bulk.map_version() == version


def test_a_map_that_moves_is_followed(session: Session, stage: Stage, ear: Path) -> None:
    decide(session.folder, ear, "live")
    writer = MapWriter(session.folder)
    with both(stage) as pair:
        still = [bulk.map() for bulk in pair]
        for step in (1, 2):
            moved = np.random.default_rng(step).random((N, 3), np.float32)
            writer.write(MapState(os.getpid(), "moving", now(), str(ear), step, 30.0, positions=moved))
            stage.moved, stage.version = moved[:, :2].copy(), step + 1
            pictures = [bulk.map() for bulk in pair]
            same_map(*pictures)
            assert pictures[0] is not None and np.array_equal(pictures[0].positions, moved[:, :2])
            assert still[0] is not None and pictures[0].id == still[0].id
        decide(session.folder, ear)
        stage.moved, stage.version = None, 4
        same_map(*(bulk.map() for bulk in pair))
        same_map(pair[0].map(), still[0])
    writer.close()


def test_a_map_that_moves_while_it_is_read_is_of_one_moment(session: Session, ear: Path) -> None:
    decide(session.folder, ear, "alive")
    bulk = SessionBulk(session.folder)
    steps = itertools.count(1)

    def read() -> MapState:
        step = next(steps)
        return MapState(os.getpid(), "moving", 0.0, str(ear), step, positions=np.full((N, 2), step / 64, np.float32))

    bulk._moving.read = read  # type: ignore[method-assign]  # it has moved whenever one looks
    picture = bulk.map()
    assert picture is not None and bulk._version.endswith(f"-{round(picture.positions[0, 0] * 64)}")
    bulk.close()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -3e38])
def test_a_map_that_moves_beyond_all_bounds_is_refused(session: Session, ear: Path, wrong: float) -> None:
    decide(session.folder, ear, "live")
    writer = MapWriter(session.folder)
    moved = np.full((N, 3), wrong, np.float32)
    writer.write(MapState(os.getpid(), "moving", now(), str(ear), 1, 30.0, positions=moved))
    bulk = SessionBulk(session.folder)
    with pytest.raises(UserError, match="positions that are none"):
        bulk.map()
    writer.close()
    bulk.close()


def test_an_ear_without_neurons_has_no_map(session: Session, ear: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = EarFacts(NeuronIndex([]), {}, None, np.zeros((0, 2), np.float32))
    monkeypatch.setattr(bulk_session, "load_facts", lambda folder, index: empty)
    bulk = SessionBulk(session.folder)
    assert bulk.map_version() == "" and bulk.map() is None
    bulk.close()


def test_another_ear_has_another_map(session: Session, stage: Stage, tmp_path: Path) -> None:
    with both(stage) as pair:
        before = [(bulk.map_version(), bulk.map()) for bulk in pair]
        other = ear_folder(tmp_path, "other", seed=5)
        decide(session.folder, other)
        stage.facts, stage.version = load_facts(other), 2
        after = [(bulk.map_version(), bulk.map()) for bulk in pair]
        same_map(after[0][1], after[1][1])
        for (version, picture), (later, another) in zip(before, after, strict=True):
            assert picture is not None and another is not None
            assert version != later and picture.id != another.id


def test_a_map_that_is_made_meanwhile_takes_the_charts_place(session: Session, ear: Path) -> None:
    (ear / MAP).unlink()
    decide(session.folder, ear)
    bulk = SessionBulk(session.folder)
    chart, version = bulk.map(), bulk.map_version()
    write_map(ear / MAP, replace(stored(), weights=hash_weights(ear)))
    assert bulk.map() is chart  # nobody has said so
    decide(session.folder, ear, maps=1)
    made = bulk.map()
    assert chart is not None and made is not None
    assert made.id != chart.id and bulk.map_version() != version
    assert len(made.links) and not len(chart.links)
    bulk.close()


def test_an_ear_without_a_folder_of_facts_is_known_when_it_dreams(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / CONFIG).write_text("name: plain\nkind: synthetic\n")
    decide(session.folder, folder)
    bulk = SessionBulk(session.folder)
    assert bulk.map_version() == "" and bulk.map() is None
    writer: StateWriter[DreamerState] = StateWriter(session.folder, "dreamer")
    shapes = [[layer.channels, layer.bins] for layer in LAYERS]
    names = [layer.name for layer in LAYERS]
    writer.write(DreamerState(1, "running", now(), "plain", "cpu", names, 1, 1.0, 0.0, 0, "", 1, 1, shapes=shapes))
    picture = bulk.map()
    assert picture is not None and picture.index.layers == INDEX.layers and not len(picture.links)
    session.publish(1)
    lights = bulk.lights(1)
    assert lights is not None and lights.ranks[:, 0].tolist() == np.rint(np.arange(16) * 255 / 15).tolist()
    writer.close()
    bulk.close()


def test_the_newest_engine_that_runs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "session_parent", lambda room=0: tmp_path)
    assert SessionBulk.newest() is None
    folders = [platform.new_session(tmp_path) for _ in range(4)]
    for place, (folder, owner) in enumerate(zip(folders, (os.getpid(), os.getpid(), 2**22 + 1, None), strict=True)):
        if owner is not None:
            (folder / "node.pid").write_text(str(owner))
        os.utime(folder, (1000 + place, 1000 + place))
    found = SessionBulk.newest()
    assert found is not None and found.session == folders[1]
    found.close()


class Liar(http.server.BaseHTTPRequestHandler):
    """Says what a test wants it to say."""

    answers: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status, headers, body = self.answers.get(self.path, (404, {}, b"{}"))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def liar() -> Iterator[HttpBulk]:
    Liar.answers = {}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    bulk = HttpBulk("127.0.0.1", server.server_address[1], timeout=2.0)
    yield bulk
    bulk.close()
    server.shutdown()
    thread.join()
    server.server_close()


def npy(values: np.ndarray, **options: bool) -> bytes:
    file = io.BytesIO()
    np.save(file, values, **options)  # type: ignore[arg-type]
    return file.getvalue()


HEADERS = {"X-Map-Id": "a", "X-Map-Version": "1"}
GOOD = {"layers": [["a", 2, 2]], "strides": [1], "links": [[0, 1]]}
PLACES = np.zeros((4, 2), np.float32)


@pytest.mark.parametrize(
    ("body", "about"),
    [
        (b"", GOOD),
        (b"PK\3\4", GOOD),
        (npy(PLACES)[:-1], GOOD),
        (npy(PLACES.astype(np.float64)), GOOD),
        (npy(PLACES[:, :1]), GOOD),
        (npy(np.full((4, 2), np.nan, np.float32)), GOOD),
        (npy(np.full((4, 2), 3e38, np.float32)), GOOD),
        (npy(np.full((4, 2), -1e3, np.float32)), GOOD),
        (npy(PLACES[:0]), {"layers": [], "strides": [], "links": []}),
        (npy(np.array([{}] * 4, object), allow_pickle=True), GOOD),
        (npy(PLACES), {}),
        (npy(PLACES), []),
        (npy(PLACES), {**GOOD, "layers": [["a", 2, 3]]}),
        (npy(PLACES), {**GOOD, "layers": [["a", -2, -2]]}),
        (npy(PLACES), {**GOOD, "layers": [["a", 2.0, 2]]}),
        (npy(PLACES), {**GOOD, "strides": []}),
        (npy(PLACES), {**GOOD, "links": [[0, 2]]}),
        (npy(PLACES), {**GOOD, "links": [[0, 2**40]]}),
        (npy(PLACES), {**GOOD, "links": [[0, -1]]}),
        (npy(PLACES), {**GOOD, "links": [[0, 10**30]]}),
        (npy(PLACES), {**GOOD, "links": "none"}),
    ],
)
def test_a_map_that_is_none_is_refused(liar: HttpBulk, body: bytes, about: object) -> None:
    Liar.answers = {"/map.npy": (200, HEADERS, body), "/map.json": (200, HEADERS, json.dumps(about).encode())}
    with pytest.raises(UserError, match="has sent something else: its map cannot be used") as refusal:
        liar.map()
    assert refusal.value.code == "bad_answer"
    Liar.answers = {
        "/map.npy": (200, HEADERS, npy(PLACES)),
        "/map.json": (200, HEADERS, json.dumps(GOOD).encode()),
    }
    picture = liar.map()  # the next answer may be good
    assert picture is not None and picture.groups.tolist() == [0, 1, 0, 1]


RANKS = np.zeros((4, 6), np.uint8)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        write_block({"loop": 2}, RANKS),
        write_block({"loop": 1}, RANKS.astype(np.float32)),
        write_block({"loop": 1}, RANKS)[:-1],
        write_block({"loop": 1}, RANKS[0]),
    ],
)
def test_lights_that_are_none_are_refused(liar: HttpBulk, body: bytes) -> None:
    Liar.answers = {"/loops/1/activations": (200, {}, body)}
    with pytest.raises(UserError, match="loop 1 cannot be used"):
        liar.lights(1)


@pytest.mark.parametrize("gradient", [np.zeros((3, 2), np.float32), RANKS, np.full((4, 2), np.inf, np.float32)])
def test_a_gradient_of_another_loop_is_refused(liar: HttpBulk, gradient: np.ndarray) -> None:
    Liar.answers = {
        "/loops/1/activations": (200, {}, write_block({"loop": 1}, RANKS)),
        "/loops/1/gradient": (200, {}, write_block({"loop": 1}, gradient)),
    }
    with pytest.raises(UserError, match="gradient of loop 1 cannot be used"):
        liar.lights(1)


ROW = {"loop": 1, "name": "x", "begins_in": 0, "beats": 8, "seconds": 4.0, "sample_rate": 44100}
ROW |= {"frames": 9, "objective": 0, "step": 1, "gradient": False}
ENDLESS = [json.dumps([{**ROW, **wrong}]).encode() for wrong in ({"step": float("inf")}, {"seconds": 10**400})]


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"[{}]", b'[{"loop": "x"}]', b"[" * 100_000, *ENDLESS])
def test_loops_that_are_none_are_refused(liar: HttpBulk, body: bytes) -> None:
    Liar.answers = {"/loops": (200, {}, body)}
    with pytest.raises(UserError, match="list of loops cannot be used"):
        liar.loops()


def test_other_answers_are_refused(liar: HttpBulk) -> None:
    packed = {"Content-Encoding": "gzip"}
    for answer in ((500, {}, b"oh"), (301, {"Location": "http://elsewhere/"}, b""), (200, packed, b"not packed")):
        Liar.answers = {"/loops": answer}
        with pytest.raises(UserError, match="its answer cannot be used"):
            liar.loops()
    Liar.answers = {"/loops": (503, {}, b"{}")}
    assert liar.loops() == ()


@pytest.mark.parametrize("says", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"])
def test_what_speaks_no_http_cannot_be_reached(says: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                connection.recv(1000)
                connection.sendall(says)
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        bulk = HttpBulk("127.0.0.1", server.getsockname()[1], timeout=2.0)
        with pytest.raises(OSError):
            bulk.loops()
        bulk.close()


def test_an_engine_that_has_gone_and_comes_back_is_found_again(session: Session, ear: Path) -> None:
    with serving(session.folder, load_facts(ear)) as stage:
        bulk, port = HttpBulk("127.0.0.1", stage.port, timeout=2.0), stage.port
        picture = bulk.map()
    with pytest.raises(OSError):
        bulk.map_version()
    with serving(session.folder, load_facts(ear), port):
        same_map(bulk.map(), picture)
    bulk.close()


def test_it_takes_no_torch() -> None:
    code = "import sys, ear_engine.viewer.bulk; sys.exit(bool({'torch', 'aiohttp', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
