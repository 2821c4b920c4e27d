"""Sinks get the picture without the console, when they want it; one that fails is named once, and frames go on."""

from __future__ import annotations

import http.client
import io
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any, ClassVar

import moderngl
import numpy as np
import pytest
from PIL import Image

from ear_engine.errors import UserError
from ear_engine.osc.allowed import Allowed
from ear_engine.parameters import ParameterTree, Value
from ear_engine.plugins import ALLOW_VARIABLE, Registry
from ear_engine.viewer.loader import Loaded
from ear_engine.viewer.offscreen import create_context, release_context
from ear_engine.viewer.outputs import Outputs
from ear_engine.viewer.sinks import picture_server
from ear_engine.viewer.sinks.base import Frame
from ear_engine.viewer.sinks.mjpeg import read_address
from ear_engine.viewer.stage import Stage
from tests.viewer.maps import at

GUTTER = Path(__file__).parents[1] / "plugins" / "sink"


class Screen:
    """A stage without a window, and frames one after the other."""

    def __init__(self, context: moderngl.Context) -> None:
        self.stage = Stage(context, (400, 200), (0, 0))
        self.values: dict[str, Value] = dict(ParameterTree().values) | {"view/output_size": "640x360"}
        self.stage.update(Loaded(picture=at((0.1, 0.5), (0.5, 0.5), (0.9, 0.9))), None, None, 0.0)
        self.told: list[str] = []
        self.outputs: Outputs | None = None
        self.now = 100.0

    def give(self, *specs: str, registry: Registry | None = None, allowed: Container[str] | None = None) -> Outputs:
        self.outputs = Outputs(specs, self.told.append, registry, allowed)
        return self.outputs

    def step(self, count: int = 1) -> None:
        assert self.outputs is not None
        for _ in range(count):
            self.now += 0.05
            self.stage.advance(self.values, self.now)
            self.outputs.turn(self.stage, self.values, self.now)

    def while_(self, act: Callable[[], Any]) -> Any:
        """What ``act`` returns; frames go on meanwhile."""
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(act()))
        thread.start()
        end = time.perf_counter() + 20.0
        while thread.is_alive():
            assert time.perf_counter() < end
            self.step()
            time.sleep(0.002)
        assert found
        return found[0]


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    made = create_context()
    yield made
    release_context(made)


@pytest.fixture
def screen(context: moderngl.Context) -> Iterator[Screen]:
    made = Screen(context)
    yield made
    if made.outputs is not None:
        made.outputs.close()
    made.stage.release()


class Asked:
    """A client of the sink ``mjpeg``."""

    def __init__(self, screen: Screen) -> None:
        screen.step()
        (place,) = [line for line in screen.told if line.startswith("the picture is at ")]
        self.url = place.split()[-1]
        assert self.url.startswith("http://127.0.0.1:") and self.url.endswith("/picture.mjpg")
        self.port = int(self.url.split(":")[2].split("/")[0])

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers["content-type"], response.read()
        finally:
            connection.close()

    def look(self) -> Look:
        return Look(self.port)


class Look:
    """Someone who looks at the picture."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.connection.request("GET", "/picture.mjpg")
        self.response = self.connection.getresponse()
        kind, _, boundary = self.response.headers["content-type"].partition("; boundary=")
        assert kind == "multipart/x-mixed-replace"
        self.line = f"--{boundary}".encode()
        assert self.response.readline().strip() == self.line

    def picture(self) -> np.ndarray:
        assert self.response.readline() == b"Content-Type: image/jpeg\r\n"
        name, _, length = self.response.readline().partition(b":")
        assert name == b"Content-Length" and self.response.readline() == b"\r\n"
        jpeg = self.response.read(int(length))
        assert self.response.readline() == b"\r\n"
        assert self.response.readline().strip() == self.line  # so that it is shown at once
        return decoded(jpeg)

    def close(self) -> None:
        self.connection.close()
        self.response.close()


def decoded(jpeg: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.format == "JPEG"
        return np.asarray(image).astype(int)


def brightest(picture: np.ndarray, count: int = 3) -> list[tuple[int, int]]:
    """Where the brightest spots are: (x, y), from left to right."""
    light, found = picture.sum(axis=2), []
    for _ in range(count):
        y, x = np.unravel_index(int(light.argmax()), light.shape)
        found.append((int(x), int(y)))
        light[max(0, y - 30) : y + 30, max(0, x - 30) : x + 30] = 0
    return sorted(found)


def test_the_picture_is_what_the_window_shows_in_a_size_of_its_own(screen: Screen) -> None:
    screen.give("mjpeg:0")
    asked = Asked(screen)
    status, kind, body = screen.while_(lambda: asked.get("/picture.jpg"))
    assert (status, kind) == (200, "image/jpeg")
    picture = decoded(body)
    assert picture.shape == (360, 640, 3)
    assert screen.stage.picture is not None
    there = screen.stage.elsewhere((640, 360)).to_screen(screen.stage.picture.positions)
    assert np.allclose(brightest(picture), there, atol=2.5)
    assert there[2, 1] < there[0, 1]  # what is high on the map is high in the picture
    screen.values["view/output_size"] = "1080x1080"
    _, _, body = screen.while_(lambda: asked.get("/picture.jpg"))
    assert decoded(body).shape == (1080, 1080, 3)


def test_what_is_free_of_the_console_is_the_whole_picture(screen: Screen) -> None:
    screen.stage.resize((400, 200), (0, 0), (120.0, 80.0, 40.0))
    free = screen.stage.elsewhere((640, 360))
    corners = screen.stage.camera.to_world([(120, 0), (320, 160)])  # 200 x 160 units are free
    assert np.allclose(free.to_screen(corners), [(320 - 225, 0), (320 + 225, 360)], atol=1e-6)
    screen.stage.camera.rotate(0.7)
    corners = screen.stage.camera.to_world([(120, 0), (320, 160)])
    assert np.allclose(screen.stage.elsewhere((640, 360)).to_screen(corners), [(95, 0), (545, 360)], atol=1e-6)


def test_who_looks_gets_one_picture_after_the_other_and_nothing_is_drawn_for_nobody(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[float] = []
    draw_to = Stage.draw_to
    monkeypatch.setattr(Stage, "draw_to", lambda *given: (drawn.append(0.0), draw_to(*given)))
    outputs = screen.give("mjpeg:0")
    asked = Asked(screen)
    screen.step(20)
    assert not drawn and not outputs.watched(screen.now)
    look = screen.while_(asked.look)
    first = screen.while_(look.picture)
    assert drawn and outputs.watched(screen.now) and first.max() > 60
    screen.values["view/blackout"] = True
    screen.step(20)
    for _ in range(4):
        last = screen.while_(look.picture)
    assert last.max() < first.max() / 3
    look.close()
    server = outputs._running[0].sink._server  # type: ignore[attr-defined]
    screen.while_(lambda: [time.sleep(0.01) for _ in range(500) if server.watched])
    drawn.clear()
    screen.step(20)
    assert not drawn


def test_no_more_pictures_than_view_output_rate(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    class Counter:
        reads, count = False, 0

        def __init__(self, argument: str) -> None: ...
        def open(self, context: moderngl.Context, width: int, height: int, name: str) -> str:
            return ""

        def wants(self) -> bool:
            return True

        def send(self, frame: Frame) -> None:
            Counter.count += 1

        def close(self) -> None: ...

    monkeypatch.setattr(Registry, "load", lambda *_: Counter)
    screen.give("counter")
    assert screen.values["view/output_rate"] == 30.0
    screen.values["view/output_rate"] = 5.0
    screen.step(100)  # five seconds
    assert 24 <= Counter.count <= 26
    assert screen.told == ["the picture goes to counter"]


def test_a_picture_of_the_size_before_goes_to_nobody(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sized:
        reads = True
        opened: ClassVar[list[tuple[int, int]]] = []
        taken: ClassVar[list[bool]] = []

        def __init__(self, argument: str) -> None: ...
        def open(self, context: moderngl.Context, width: int, height: int, name: str) -> str:
            self.opened.append((width, height))
            return ""

        def wants(self) -> bool:
            return True

        def send(self, frame: Frame) -> None:
            self.taken.append(frame.pixels.shape == (*reversed(self.opened[-1]), 4))

        def close(self) -> None: ...

    monkeypatch.setattr(Registry, "load", lambda *_: Sized)
    screen.give("sized")
    screen.step(3)
    screen.values["view/output_size"] = "320x180"
    screen.step(3)
    assert Sized.opened == [(640, 360), (320, 180)]
    assert Sized.taken == [True] * 4  # each a frame later, and that of the change is left out


def test_a_slow_client_misses_pictures_and_holds_nobody_up(screen: Screen) -> None:
    screen.give("mjpeg:0")
    screen.values["view/output_size"] = "1920x1080"
    asked = Asked(screen)
    slow = socket.create_connection(("127.0.0.1", asked.port), timeout=10)
    try:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(b"GET /picture.mjpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        quick = screen.while_(asked.look)
        for _ in range(20):
            screen.while_(quick.picture)
        quick.close()
    finally:
        slow.close()


def test_others_are_turned_away(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_server, "MOST", 1)
    screen.give("mjpeg:0")
    asked = Asked(screen)
    status, kind, body = asked.get("/")
    assert status == 200 and kind.startswith("text/html") and b'src="/picture.mjpg"' in body
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        assert asked.get("/picture.jpg", headers)[0] == 403
    assert asked.get("/other")[0] == 404
    look = screen.while_(asked.look)
    screen.while_(look.picture)
    status, _, body = asked.get("/picture.mjpg")
    assert status == 503 and b"close one of them" in body
    look.close()


def test_who_is_not_among_the_allowed_does_not_see_it(screen: Screen) -> None:
    screen.give("mjpeg:0", allowed=frozenset())  # not even this machine
    status, _, body = Asked(screen).get("/picture.jpg")
    assert status == 403 and b"is not among those that may ask; see --allow" in body
    screen.outputs.close()
    screen.told.clear()
    screen.give("mjpeg:0", allowed=Allowed(["10.0.0.0/8"]))
    assert Asked(screen).get("/")[0] == 200


def test_a_port_that_is_taken_is_told_once_and_frames_go_on(screen: Screen) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outputs = screen.give(f"mjpeg:{taken.getsockname()[1]}", "mjpeg:0")
        screen.step(5)
    said, place = screen.told
    assert "is left out: HTTP port" in said and "--output mjpeg:0" in said and "picture is at" in place
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ("127.0.0.1", 9010)),
        ("8090", ("127.0.0.1", 8090)),
        ("0.0.0.0", ("0.0.0.0", 9010)),
        ("192.168.1.20:80", ("192.168.1.20", 80)),
        ("[::1]:8090", ("::1", 8090)),
        ("::1", ("::1", 9010)),
        ("[::]", ("::", 9010)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text", ["x", "70000", "-1", "a.b:80", "127.0.0.1:", "127.0.0.1:x", ":", "٣", "1:2:3:4:5:6:7:8:9:1"]
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(UserError, match="is no port or address; use mjpeg:PORT"):
        read_address(text)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution with a sink, really installed."""
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index"]
    run = subprocess.run(
        [*command, "--target", str(tmp_path / "site"), str(GUTTER)], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stdout + run.stderr
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delenv(ALLOW_VARIABLE, raising=False)
    yield
    sys.modules.pop("gutter", None)


@pytest.mark.slow
def test_anyones_sink_gets_pictures_and_one_that_breaks_is_named_once_and_left_out(
    installed: None, screen: Screen, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    outputs = screen.give(f"gutter:{good}", f"gutter:{bad}:3")
    screen.step(8)
    assert len(outputs) == 1
    (said,) = [line for line in screen.told if "left out" in line]
    assert said == f"the output gutter:{bad}:3 is left out: RuntimeError: the gutter is full"
    outputs.close()
    lines = good.read_text().splitlines()
    assert lines[0] == "ear-engine 640 360" and lines[-1] == "closed" and len(lines) == 10
    assert all("(640, 360) (360, 640, 4) 255" in line for line in lines[1:-1])
    assert len(bad.read_text().splitlines()) == 4 and bad.read_text().endswith("closed\n")


def test_an_output_that_nobody_has_is_refused(screen: Screen) -> None:
    with pytest.raises(UserError, match=r"sinks plug-in 'mpeg' does not exist; did you mean mjpeg"):
        screen.give("mpeg:0")
    with pytest.raises(UserError, match="is no port or address"):
        screen.give("mjpeg:x")
