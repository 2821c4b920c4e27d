"""Everything the server gives, byte by byte, and everything it refuses."""

from __future__ import annotations

import contextlib
import csv
import gzip
import http.client
import io
import json
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.errors import UserError
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, loop_name, source_name, write_loop
from ear_engine.shared_memory.states import Entry
from ear_engine.targets.facts import make_facts
from ear_engine.web import application
from ear_engine.web.blocks import read_block
from ear_engine.web.server import bind_http
from tests.osc.synthetic import LAYERS, RATE, STEPS, Session, activations, synthetic_loop
from tests.web.ears import INDEX, LINKS, N, facts, statistics
from tests.web.serving import Got, Stage, serving


def ranks_of(got: Got) -> tuple[dict[str, object], np.ndarray]:
    assert got.status == 200 and got.headers["content-type"] == "application/octet-stream"
    return read_block(got.body)


def refused(got: Got, status: int, code: str) -> None:
    assert got.status == status and got.headers["content-type"].startswith("application/json")
    said = json.loads(got.body)
    assert said.keys() == {"error", "message"} and said["error"] == code and said["message"].endswith(".")


def test_the_status_is_the_report(stage: Stage) -> None:
    got = stage.ask("/status")
    assert got.status == 200 and json.loads(got.body) == stage.report.as_dict()


def test_the_map_says_what_lies_on_it_and_what_is_joined(stage: Stage) -> None:
    about = json.loads(stage.ask("/map.json").body)
    assert stage.facts is not None and stage.facts.stored is not None
    assert about["id"] == stage.facts.stored.id and about["laid_out"] and not about["moving"]
    assert about["layers"] == [[k.name, k.channels, k.bins] for k in INDEX.layers]
    assert about["links"] == LINKS.tolist() and (about["neurons"], about["groups"]) == (N, 216 + 150 + 1)
    got = stage.ask("/map.npy")
    positions = np.load(io.BytesIO(got.body))
    assert np.array_equal(positions, stage.facts.stored.positions) and positions.dtype == np.float32
    assert (got.headers["x-map-id"], got.headers["x-map-version"]) == (about["id"], "1")


def test_the_map_is_a_table_and_a_texture(stage: Stage) -> None:
    assert stage.facts is not None
    rows = list(csv.DictReader(io.StringIO(stage.ask("/map.csv").body.decode())))
    assert len(rows) == N and rows[217]["layer"] == "encoder_0_conv1" and rows[217]["place"] == "1"
    assert float(rows[5]["hertz"]) == pytest.approx(float(statistics().frequency[5]), abs=0.06)
    assert float(rows[7]["y"]) == pytest.approx(float(stage.facts.positions[7, 1]), abs=1e-6)
    exr = stage.ask("/map.exr")
    assert exr.status == 200 and exr.body[:4] == bytes.fromhex("762f3101") and b"mapId" in exr.body


def test_a_map_in_space_has_three_coordinates(session: Session) -> None:
    with serving(session.folder, facts(dimensions=3)) as stage:
        assert json.loads(stage.ask("/map.json").body)["dimensions"] == 3
        assert np.load(io.BytesIO(stage.ask("/map.npy").body)).shape == (N, 3)


def test_without_a_map_there_is_the_chart_and_nothing_is_joined(session: Session) -> None:
    with serving(session.folder, make_facts(INDEX, {}, statistics())) as stage:
        about = json.loads(stage.ask("/map.json").body)
        assert not about["laid_out"] and about["links"] == [] and len(about["id"]) == 16
        assert stage.facts is not None
        assert np.array_equal(np.load(io.BytesIO(stage.ask("/map.npy").body)), stage.facts.positions)


def test_a_map_that_moves_is_given_as_it_is_now(stage: Stage) -> None:
    still = stage.ask("/map.npy").headers["etag"]
    stage.moved, stage.version = np.full((N, 2), 1.25, np.float32), 2
    got = stage.ask("/map.npy")
    assert np.array_equal(np.load(io.BytesIO(got.body)), stage.moved)
    assert got.headers["x-map-version"] == "2" and got.headers["etag"] != still
    about = json.loads(stage.ask("/map.json").body)
    assert about["moving"] and about["version"] == 2 and about["id"] == got.headers["x-map-id"]
    stage.moved = np.zeros((N - 1, 2), np.float32)  # of another ear
    assert np.load(io.BytesIO(stage.ask("/map.npy").body)).shape == (N, 2)


def test_before_the_ear_is_known_there_is_no_map(session: Session) -> None:
    with serving(session.folder, None) as stage:
        for path in ("/map.json", "/map.npy", "/map.csv", "/map.exr", "/neurons/0"):
            got = stage.ask(path)
            refused(got, 503, "not_ready")
            assert got.headers["retry-after"] == "1"


def test_loops_are_listed_with_when_they_begin(session: Session, stage: Stage) -> None:
    assert json.loads(stage.ask("/loops").body) == []
    source, first, second = session.publish(0), session.publish(1), session.publish(2)
    at = now()
    session.play(source, replace(first, start=RATE), replace(second, start=3 * RATE), position=2 * RATE, at=at)
    session.publish(3)
    rows = json.loads(stage.ask("/loops").body)
    assert [row["loop"] for row in rows] == [0, 1, 2, 3]
    assert rows[1]["begins_in"] == pytest.approx(-1.0 - (now() - at), abs=0.5)
    assert rows[2]["begins_in"] == pytest.approx(1.0 - (now() - at), abs=0.5)
    assert rows[3]["begins_in"] is None
    assert (rows[2]["beats"], rows[2]["seconds"], rows[2]["frames"]) == (4, 2.0, 16)
    assert rows[2]["objective"] == 0.25 and not rows[2]["gradient"] and rows[0]["frames"] == 0


@pytest.mark.parametrize("number", [0, 1])
def test_a_loop_is_a_wav_file(session: Session, stage: Stage, number: int) -> None:
    session.play(session.publish(number))
    got = stage.ask(f"/loops/{number}.wav")
    assert got.headers["content-type"] == "audio/wav"
    audio, rate = soundfile.read(io.BytesIO(got.body), dtype="float32")
    assert rate == RATE and np.array_equal(audio.T, synthetic_loop(number).audio)


def test_ranks_are_those_of_the_table_before_the_loop_is_scheduled(session: Session, stage: Stage) -> None:
    session.publish(1)
    about, ranks = ranks_of(stage.ask("/loops/1/activations"))
    assert about["reference"] == "music" and about["layers"] == [[k.name, k.neurons] for k in LAYERS]
    assert (about["loop"], about["beats"], about["seconds"]) == (1, 4, 2.0)
    assert ranks.shape == (16, N) and ranks.dtype == np.uint8
    known, first = statistics(), 0
    for name, values in activations(1).items():
        expected = np.rint(255 * known.rank(values, name)).astype(np.uint8)
        expected = expected[np.arange(16) * STEPS[name] // 16]
        assert np.array_equal(ranks[:, first : first + values.shape[1]], expected)
        first += values.shape[1]


def test_without_statistics_ranks_are_among_the_frames_of_the_loop(session: Session) -> None:
    session.publish(2)
    with serving(session.folder, facts(known=False)) as stage:
        about, ranks = ranks_of(stage.ask("/loops/2/activations"))
    assert about["reference"] == "loop"
    assert np.array_equal(ranks[:, 0], np.rint(np.arange(16) * 255 / 15))  # each of its values is above the one before
    assert np.array_equal(ranks[:, -1], np.repeat([0, 85, 170, 255], 4))  # a slow layer holds its values


def test_a_gradient_is_given_if_there_is_one(session: Session, stage: Stage) -> None:
    gradient = np.random.default_rng(0).standard_normal((16, 216), np.float32)
    loop = LoopFile(
        5, np.zeros((2, RATE), np.float32), RATE, 4, frames=16, activations=activations(5), gradient=gradient
    )
    write_loop(session.folder / "loops" / loop_name(5), loop)
    about, values = ranks_of(stage.ask("/loops/5/gradient"))
    assert np.array_equal(values, gradient) and values.dtype == np.float32 and about["loop"] == 5
    session.publish(6)
    refused(stage.ask("/loops/6/gradient"), 404, "no_gradient")


def test_a_source_that_nobody_has_heard_has_no_activations(session: Session, stage: Stage) -> None:
    session.play(session.publish(0))
    refused(stage.ask("/loops/0/activations"), 404, "no_activations")


def test_a_neuron_is_described(stage: Stage) -> None:
    about = json.loads(stage.ask("/neurons/217").body)
    known = statistics().describe(217)
    assert (about["layer"], about["channel"], about["bin"]) == ("encoder_0_conv1", 0, 1)
    assert about["name"] == known.name and about["region"] == "encoder_0_conv1 0"
    assert about["hertz"] == pytest.approx(known.frequency)
    assert about["excerpts"][1] == {"recording": "second piece", "seconds": 2.5, "activation": 7.5}
    refused(stage.ask(f"/neurons/{N}"), 404, "out_of_range")


def test_a_neuron_nobody_has_measured(session: Session) -> None:
    with serving(session.folder, facts(known=False)) as stage:
        about = json.loads(stage.ask("/neurons/0").body)
    assert about["hertz"] is None and about["layer"] == "scalogram" and "name" not in about


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/loops/",
        "/loops/../../etc/passwd",
        "/loops/%2e%2e/%2e%2e/etc/passwd",
        "/loops/..%2f..%2fetc%2fpasswd",
        "/loops/%2e%2e%2fnode.pid",
        "/loops/1.wav/../../node.pid",
        "/loops/source-00000001.ear",
        "/loops/loop-00000001.ear",
        "/loops/1",
        "/loops/1.ear",
        "/loops/-1.wav",
        "/loops/+1.wav",
        "/loops/1e3.wav",
        "/loops/0x1.wav",
        "/loops/\u0661.wav",
        "/loops/999999999.wav",
        "/loops/99999999999999999999999999.wav",
        "/loops/1%00.wav",
        "/loops/99999999.wav",
        "/neurons/99999999",
        "/neurons/999999999999",
        "//etc/passwd",
        "/map.npz",
        "/" + "x" * 4000,
    ],
)
def test_nothing_else_is_there(session: Session, stage: Stage, path: str) -> None:
    session.publish(1)
    (session.folder / "node.pid").write_text("secret")
    got = stage.ask(path.replace("\u0661", "%D9%A1"))
    assert got.status == 404 and b"secret" not in got.body
    assert json.loads(got.body).keys() == {"error", "message"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(stage: Stage, method: str) -> None:
    got = stage.ask("/map.json", method)
    refused(got, 405, "not_allowed")
    assert got.headers["allow"] == "GET,HEAD"


def test_host_and_origin_are_checked(stage: Stage) -> None:
    refused(stage.ask("/status", headers={"Host": "evil.example"}), 403, "bad_host")
    refused(stage.ask("/nothing", headers={"Host": "evil.example"}), 403, "bad_host")
    refused(stage.ask("/status", headers={"Origin": "http://evil.example"}), 403, "bad_origin")
    assert stage.ask("/status", headers={"Host": f"localhost:{stage.port}"}).status == 200
    assert stage.ask("/status", headers={"Origin": f"http://127.0.0.1:{stage.port}"}).status == 200


@pytest.mark.parametrize("path", ["/map.json", "/map.npy", "/map.csv", "/loops/1.wav", "/loops/1/activations"])
def test_what_is_known_is_not_sent_again(session: Session, stage: Stage, path: str) -> None:
    session.publish(1)
    whole = stage.ask(path)
    tag = whole.headers["etag"]
    for asked in (tag, f'"other", {tag}', f"W/{tag}"):
        again = stage.ask(path, headers={"If-None-Match": asked})
        assert again.status == 304 and again.body == b"" and again.headers["etag"] == tag
    assert stage.ask(path, headers={"If-None-Match": '"other"'}).body == whole.body
    head = stage.ask(path, "HEAD")
    assert head.status == 200 and head.body == b"" and head.headers["etag"] == tag
    assert int(head.headers["content-length"]) == len(whole.body)


@pytest.mark.parametrize("path", ["/map.csv", "/loops/1/activations"])
def test_what_packs_is_packed_for_whoever_asks(session: Session, stage: Stage, path: str) -> None:
    session.publish(1)
    plain = stage.ask(path)
    packed = stage.ask(path, headers={"Accept-Encoding": "gzip, deflate"})
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body and len(packed.body) < len(plain.body)
    assert packed.headers["etag"] != plain.headers["etag"] and packed.headers["vary"] == "Accept-Encoding"
    assert stage.ask(path, headers={"If-None-Match": packed.headers["etag"]}).status == 304
    for unwilling in ("identity", "gzip;q=0", "gzip; q=0.0", "deflate, x-gzip"):
        assert stage.ask(path, headers={"Accept-Encoding": unwilling}).body == plain.body
    assert "content-encoding" not in stage.ask("/status", headers={"Accept-Encoding": "gzip"}).headers


def test_a_loop_that_is_removed_while_it_is_read_is_read_whole(session: Session, stage: Stage) -> None:
    session.publish(1, samples=RATE * 20)  # 7 MB: more than lies in buffers
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=10)
    connection.request("GET", "/loops/1.wav")
    response = connection.getresponse()
    start = response.read(1000)
    (session.folder / "loops" / loop_name(1)).unlink()
    audio, _ = soundfile.read(io.BytesIO(start + response.read()), dtype="float32")
    connection.close()
    assert np.array_equal(audio.T, synthetic_loop(1, samples=RATE * 20).audio)
    refused(stage.ask("/loops/1.wav"), 404, "not_found")


def test_a_loop_that_was_heard_is_kept_as_sound_for_a_while_and_then_said_to_be_gone(
    session: Session, stage: Stage
) -> None:
    for number in (1, 2, 3):
        session.publish(number)
    before = stage.ask("/loops/1.wav")
    wav = session.folder / "wav" / "loop-00000001.wav"
    wav.parent.mkdir()
    wav.write_bytes(before.body)
    (session.folder / "loops" / loop_name(1)).unlink()
    after = stage.ask("/loops/1.wav")
    assert (after.status, after.body, after.headers["etag"]) == (200, before.body, before.headers["etag"])
    refused(stage.ask("/loops/1/activations"), 410, "gone")
    wav.unlink()
    refused(stage.ask("/loops/1.wav"), 410, "gone")
    assert b"was heard before those that are kept" in stage.ask("/loops/1.wav").body
    refused(stage.ask("/loops/4.wav"), 404, "not_found")  # not yet


def test_a_loop_of_which_only_a_part_is_there_is_not_there(session: Session, stage: Stage) -> None:
    whole = session.folder / "loops" / loop_name(1)
    session.publish(1)
    data = whole.read_bytes()
    for part in (b"", data[:10], data[:300], b"EARLOOP1" + b"\xff" * 100):
        whole.write_bytes(part)
        refused(stage.ask("/loops/1/activations"), 404, "not_found")
        assert stage.ask("/loops").status == 200


def test_many_at_once_get_the_same(session: Session, stage: Stage) -> None:
    for number in range(1, 5):
        session.publish(number)
    expected = {n: stage.ask(f"/loops/{n}/activations").body for n in range(1, 5)}
    wrong: list[object] = []

    def fetch(number: int) -> None:
        try:
            got = stage.ask(f"/loops/{number}/activations")
            if got.status != 200 or got.body != expected[number]:
                wrong.append(got.status)
        except OSError as error:
            wrong.append(error)

    threads = [threading.Thread(target=fetch, args=(1 + n % 4,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert wrong == []


def test_a_client_that_speaks_no_http_is_answered_and_the_others_are_served(stage: Stage) -> None:
    for said in (b"\0\0\0\0", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", b"GE"):
        with socket.create_connection(("127.0.0.1", stage.port), timeout=5) as connection:
            connection.sendall(said)
            if len(said) > 2:
                assert b" 400 " in connection.recv(1000).split(b"\r\n")[0] + b" "
    assert stage.ask("/status").status == 200


def test_a_client_that_reads_nothing_is_left(session: Session, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "STALLED", 0.2)
    session.publish(1, samples=RATE * 60)  # 21 MB
    with socket.create_connection(("127.0.0.1", stage.port), timeout=10) as connection:
        connection.sendall(b"GET /loops/1.wav HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        time.sleep(1.0)
        assert stage.ask("/status").status == 200
        taken = 0
        with pytest.raises(ConnectionResetError):
            while some := connection.recv(1 << 20):
                taken += len(some)
            raise ConnectionResetError
        assert taken < RATE * 60 * 8


@pytest.mark.parametrize("said", [b"", b"GET /status HTTP/1.1\r\nHost: 127.0"])
def test_a_client_that_asks_nothing_is_left_and_one_that_has_asked_is_kept(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(application, "SILENT", 0.3)
    address = ("127.0.0.1", stage.port)
    with socket.create_connection(address, timeout=5) as silent, socket.create_connection(address, timeout=5) as asking:
        silent.sendall(said)
        ask = b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        asking.sendall(ask)
        assert asking.recv(20).startswith(b"HTTP/1.1 200")
        began = time.perf_counter()
        with pytest.raises(ConnectionResetError):
            if not silent.recv(1):
                raise ConnectionResetError
        assert time.perf_counter() - began < 3.0
        asking.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while asking.recv(1 << 16):
                pass
        asking.settimeout(5)
        asking.sendall(ask)
        assert asking.recv(20).startswith(b"HTTP/1.1 200")


def test_a_client_that_leaves_in_the_middle_is_no_mistake(
    session: Session, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    session.publish(1, samples=RATE * 60)  # 21 MB
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", stage.port), timeout=10) as connection:
            connection.sendall(b"GET /loops/1.wav HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
    end = time.perf_counter() + 2.0
    while time.perf_counter() < end:
        assert stage.ask("/status").status == 200
        time.sleep(0.1)
    assert not caplog.records


def test_of_too_many_connections_the_last_are_hung_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "MOST_CONNECTIONS", 3)
    held = [socket.create_connection(("127.0.0.1", stage.port), timeout=5) for _ in range(3)]
    for connection in held:
        connection.sendall(b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(20).startswith(b"HTTP/1.1 200")
    with pytest.raises(OSError):
        stage.ask("/status")
    for connection in held:
        connection.close()
    end = time.perf_counter() + 5
    while True:
        try:
            assert stage.ask("/status").status == 200
            break
        except OSError:
            assert time.perf_counter() < end


def test_the_port_is_that_of_osc_if_it_is_free_and_else_any(tmp_path: Path) -> None:
    with bind_http("127.0.0.1", 0) as probe:
        first = probe.getsockname()[1]
    with bind_http("127.0.0.1", 0, first) as mine:
        assert mine.getsockname()[1] == first
        with bind_http("127.0.0.1", 0, first) as other:
            assert other.getsockname()[1] not in (0, first)
        with pytest.raises(UserError, match="is used by another program; use --http-port 0") as taken:
            bind_http("127.0.0.1", first)
        assert taken.value.code == "port_in_use"
    with pytest.raises(UserError, match="is not 0 to 65535"):
        bind_http("127.0.0.1", 1 << 16)


def test_a_source_that_takes_the_place_of_another_is_another(session: Session, stage: Stage) -> None:
    session.play(session.publish(0))
    before = stage.ask("/loops/0.wav")
    loop = LoopFile(0, np.full((1, RATE), 0.5, np.float32), RATE, 2, source_number=2, name="other")
    write_loop(session.folder / "loops" / source_name(2), loop)
    session.play(Entry(0, 0, 0, source_name(2), RATE, 2))
    after = stage.ask("/loops/0.wav")
    assert after.headers["etag"] != before.headers["etag"] and after.body != before.body
