"""``ear-engine osc`` against an engine without ear and sound, over real sockets."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ear_engine.cli import main
from ear_engine.commands.osc_following import Follower, Wish
from ear_engine.osc.codec import encode
from ear_engine.osc.peer import Peer
from ear_engine.osc.place import Place
from tests.osc.synthetic import Session
from tests.osc.test_service import Rig, play

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def engine() -> Iterator[int]:
    """Port of a running engine."""
    command = [sys.executable, "-m", "tests.clients.fake_engine"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as started:
        try:
            assert started.stdout is not None
            port = int(json.loads(started.stdout.readline())["osc_port"])
            threading.Thread(target=started.stdout.read, daemon=True).start()
            yield port
        finally:
            started.kill()


class Typed:
    """Types commands; what comes is lines and an exit code."""

    def __init__(self, port: int, captured: pytest.CaptureFixture[str]) -> None:
        self._engine = f"127.0.0.1:{port}"
        self._captured = captured

    def __call__(self, *words: str) -> tuple[int, list[str], str]:
        code = main(["osc", words[0], "--engine", self._engine, *words[1:]])
        out, err = self._captured.readouterr()
        return code, out.splitlines(), err


@pytest.fixture
def osc(engine: int, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(engine, capsys)


def test_send_sets_and_shows_what_it_has_become(osc: Typed) -> None:
    assert osc("send", "/ear/dream/rate", "-12") == (0, ["/ear/dream/rate -12.0"], "")
    assert osc("send", "/ear/dream/rate") == (0, ["/ear/dream/rate -12.0"], "")
    assert osc("send", "/ear/dream/rate", "-99") == (0, ["/ear/dream/rate -60.0"], "")  # clipped
    assert osc("send", "/ear/norm/playback/wet", "--type", "f", "0.25") == (0, ["/ear/norm/playback/wet 0.25"], "")
    assert osc("send", "/ear/playback/mute", "true") == (0, ["/ear/playback/mute 1"], "")
    assert osc("send", "/ear/playback/mute", "off") == (0, ["/ear/playback/mute 0"], "")
    assert osc("send", "/ear/source/fit", "crop") == (0, ['/ear/source/fit "crop"'], "")
    assert osc("send", "/ear/target/neurons", "12", "77") == (0, ['/ear/target/neurons "12,77"'], "")
    code, lines, _ = osc("send", "/ear/tone/{low,mid}", "-3")
    assert (code, set(lines)) == (0, {"/ear/tone/low -3.0", "/ear/tone/mid -3.0"})


def test_send_prints_every_answer_of_a_command(osc: Typed) -> None:
    assert osc("send", "/ear/system/sync", "5") == (0, ["/ear/system/synced 5"], "")
    code, lines, _ = osc("send", "/ear/system/ping", "7")
    assert (code, len(lines), lines[0].split()[0], lines[0].split()[-1]) == (0, 1, "/ear/system/pong", "7")
    assert osc("send", "/ear/clips/list") == (0, ['/ear/clips/list 0 1 "beat" 2.0 4'], "")
    code, lines, _ = osc("send", "/ear/preset/recall", "drone", "9", "--json")
    answer = json.loads(lines[0])
    assert (code, answer["address"], answer["types"]) == (0, "/ear/done", "sis")
    assert answer["arguments"] == ["/ear/preset/recall", 9, "drone"]


def test_send_ends_with_1_if_it_is_refused(osc: Typed) -> None:
    code, lines, err = osc("send", "/ear/dream/rat", "1")
    assert (code, err) == (1, "") and lines[0].startswith('/ear/fail "/ear/dream/rat" "unknown_address"')
    code, lines, _ = osc("send", "--", "/ear/source/fit", "-a")
    assert code == 1 and "has no choice '-a'" in lines[0]
    code, lines, _ = osc("send", "/ear/source/fit", "12")  # text, since the address takes text
    assert code == 1 and "has no choice '12'" in lines[0] and lines[1] == '/ear/source/fit "crop"'


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("send", "ear/dream/rate"), "address 'ear/dream/rate' does not begin with '/'; write /ear/dream/rate."),
        (("send", ""), "address '' does not begin with '/'"),
        (("send", "/ear/dréam"), "has letters that no address has"),
        (("send", "/ear/[a", "1"), "pattern '/ear/[a' has a '[' that is not closed"),
        (("send", "/ear/dream/rate", "--type", "i", "x"), "value 'x' is not a whole number"),
        (("send", "/ear/target/name", "x" * 70_000), "message /ear/target/name cannot be sent to 127.0.0.1:"),
        (("send", "/ear/dream/rate", "--seconds", "0"), "--seconds 0 is not a time"),
        (("listen", "ear"), "pattern 'ear' does not begin with '/'"),
        (("listen", "--rate", "-1"), "--rate -1 is not above 0 and at most 240 Hz"),
        (("listen", "--format", "nice"), "--format nice does not exist; use list, blob"),
        (("listen", "--port", "70000"), "OSC port 70000 is not 0 to 65535; use --port 9001."),
        (("listen", "--port", "7400", "--bind", "somewhere"), "address 'somewhere' is not an IP address"),
        (("list", "/nothing"), "prefix '/nothing' begins no address"),
    ],
)
def test_what_is_typed_wrong_is_said_in_a_sentence(osc: Typed, words: tuple[str, ...], sentence: str) -> None:
    code, lines, err = osc(*words)
    assert (code, lines) == (2, []) and sentence in err.splitlines()[-1] and err.startswith("ear-engine: ")


@pytest.mark.parametrize("words", [("send", "/ear/dream/rate"), ("listen",), ("dump",)])
def test_no_engine(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:  # nobody answers at that port
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert main(["osc", *words, "--engine", f"127.0.0.1:{port}"]) == 2
    expected = f"ear-engine: engine at 127.0.0.1:{port} does not answer; start one with `ear-engine serve`"
    assert capsys.readouterr().err.startswith(expected)
    assert main(["osc", *words, "--engine", f"127.0.0.1:{port}"]) == 2  # it is refused at once
    assert capsys.readouterr().err.startswith(expected)
    assert main(["osc", *words, "--engine", "here"]) == 2
    assert "host 'here' cannot be found" in capsys.readouterr().err


def test_listen_prints_streams_events_and_parameters(osc: Typed) -> None:
    code, lines, err = osc(
        "listen", "/ear/playhead", "/ear/loop", "/ear/dream/run", "--rate", "60", "--seconds", "2.2", "--json"
    )
    heard = [json.loads(line) for line in lines]
    heads = [message for message in heard if message["address"] == "/ear/playhead"]
    assert (code, err, heard.count(heads[0])) == (0, "", 1) and len(heads) > 20
    assert {message["types"] for message in heads} == {"ififi"}
    assert all(0.0 <= message["arguments"][1] < 1.0 for message in heads)
    assert [m["arguments"] for m in heard if m["address"] == "/ear/dream/run"] == [[1]]  # as it is, once
    loops = [message["arguments"][0] for message in heard if message["address"] == "/ear/loop"]
    assert len(loops) >= 2 and loops == sorted(set(loops))
    assert abs(heads[0]["time"] - time.time()) < 60.0


def test_listen_without_patterns_says_what_goes_on(osc: Typed) -> None:
    _, lines, _ = osc("listen", "--seconds", "1.5")
    assert {"/ear/playhead", "/ear/heartbeat", "/ear/loop"} <= {line.split()[0] for line in lines}
    assert not any("/ear/done" in line or "pong" in line for line in lines)


def test_listen_in_blobs(osc: Typed) -> None:
    _, lines, _ = osc("listen", "/ear/activation/scalogram", "--format", "blob", "--seconds", "0.5")
    assert lines[0].startswith("/ear/activation/scalogram ") and '0 216 "float32" 1.0 <864 bytes ' in lines[0]


def test_listen_to_what_is_not_there(osc: Typed) -> None:
    code, lines, err = osc("listen", "/ear/playhaed")
    assert (code, lines) == (1, []) and "did you mean /ear/playhead" in err


def test_listen_to_a_port(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        mine = sender.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        listen = threading.Thread(target=main, args=(["osc", "listen", "/a/*", "--port", str(port), "--seconds", "2"],))
        listen.start()
        while listen.is_alive():
            for packet in (encode("/a/b", 1, 0.5, "x"), encode("/b", 2), b"bad!"):
                sender.sendto(packet, ("127.0.0.1", port))
            time.sleep(0.2)
    out, err = capfd.readouterr()
    assert set(out.splitlines()) == {'/a/b 1 0.5 "x"'}
    assert f"a packet from 127.0.0.1:{mine} begins neither with '/' nor with '#bundle'" in err


def test_dump_shows_what_comes_in_and_what_becomes_of_it(engine: int, osc: Typed) -> None:
    stop = threading.Event()

    def play() -> None:
        with Peer(Place("127.0.0.1", engine)) as other:
            number = 0
            while not stop.wait(0.1):
                number += 1
                other.send("/ear/tone/tilt", -(number % 7) / 2)
                other.send("/ear/nonsense", "a b", b"123")

    player = threading.Thread(target=play)
    player.start()
    try:
        code, lines, _ = osc("dump", "--seconds", "1.5")
        _, objects, _ = osc("dump", "--seconds", "1", "--json")
    finally:
        stop.set()
        player.join()
    assert code == 0
    came = [line.split() for line in lines if line.startswith("in ")]
    assert ["/ear/nonsense", "a", "b", "blob", "of", "3", "bytes"] in [words[2:] for words in came]
    assert any(words[2:] == ["/ear/tone/tilt", "-1.5"] for words in came)
    assert "/ear/stream/renew" not in {words[2] for words in came}  # its own messages are not told
    went = {line.split()[1] for line in lines if line.startswith("out ")}
    assert {"/ear/tone/tilt", "/ear/loop"} <= went and "/ear/dream/rate" not in went  # which has not changed
    told = [json.loads(line) for line in objects]
    assert {"in", "out"} == {row["direction"] for row in told}
    assert osc("send", "/ear/stream/list")[1] == ["/ear/stream/list 0 0"]


@pytest.mark.parametrize("action", ["listen", "dump"])
def test_ctrl_c_ends_it_without_a_word(engine: int, action: str) -> None:
    command = [sys.executable, "-m", "ear_engine", "osc", action, "--engine", f"127.0.0.1:{engine}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as started:
        assert started.stdout is not None
        assert started.stdout.readline()
        started.send_signal(signal.SIGINT)
        _, err = started.communicate(timeout=20)
    assert (started.returncode, err) == (0, "")


@pytest.mark.slow
def test_following_goes_on_with_an_engine_that_was_started_again(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    heard: set[object] = set()
    rates = (-21.0, -22.0)

    started = threading.Event()

    def engines() -> None:
        for rate in rates:

            async def scene(rig: Rig, rate: float = rate) -> None:
                rig.control.apply({"dream/rate": rate}, "test")
                started.set()
                end = time.monotonic() + 15.0
                while rate not in heard and time.monotonic() < end:
                    await asyncio.sleep(0.02)

            play(session, scene, port=port)
            time.sleep(0.2)

    running = threading.Thread(target=engines)
    running.start()
    with Peer(Place("127.0.0.1", port)) as peer:
        assert started.wait(20.0)
        peer.greet(10.0)
        follower = Follower(peer, [Wish("/ear/dream/rate", 30.0), Wish("/ear/heartbeat", 30.0)])
        with closing(follower.until(time.monotonic() + 30.0)) as messages:
            for message in messages:
                if message.address == "/ear/dream/rate":
                    heard.update(message.arguments)
                if set(rates) <= heard:
                    break
    running.join()
    assert set(rates) <= heard


def test_what_is_missing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["osc", "send", "--type", "f"])
    assert ended.value.code == 2
    missing = "ear-engine: the following arguments are required: ADDRESS; see `ear-engine osc send --help`.\n"
    assert capsys.readouterr().err == missing
