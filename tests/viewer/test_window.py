"""A real window on a real X server, touched by xdotool, of a viewer beside a real engine. Slow, and the point of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ear_engine.errors import UserError
from ear_engine.osc.place import Place
from ear_engine.viewer.app import App
from ear_engine.viewer.bulk import SessionBulk
from ear_engine.viewer.options import ViewOptions
from ear_engine.viewer.window import Window
from tests.viewer.screen import EngineProcess, picture, screen, wait_for, xdo

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with screen() as name:
        yield name


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    made = EngineProcess("--optimizer.steps_per_loop", "4")
    yield made
    made.kill()


class Hands:
    """A viewer and what is done to it."""

    def __init__(self, app: App) -> None:
        self.app = app

    def step(self, count: int = 1) -> None:
        for _ in range(count):
            self.app.step()

    def until(self, true: Callable[[], object], seconds: float = 30.0) -> None:
        wait_for(true, self.app.step, seconds)

    def do(self, *words: object, frames: int = 4) -> None:
        xdo(*words)
        self.step(frames)

    def drag(self, start: tuple[float, float], *path: tuple[float, float], button: int = 1) -> None:
        self.do("mousemove", *map(round, start))
        self.do("mousedown", button)
        for place in path:
            self.do("mousemove", *map(round, place), frames=2)
        self.do("mouseup", button)

    def place(self, name: str, across: float) -> tuple[float, float]:
        left, top, right, bottom = self.app.console.places[name]
        return left + across * (right - left), (top + bottom) / 2

    def value(self, name: str) -> object:
        return self.app.client.snapshot().values[name]


@pytest.fixture
def hands(display: str, engine: EngineProcess) -> Iterator[Hands]:
    app = App(ViewOptions(Place("127.0.0.1", engine.port)))
    app.start()
    found = Hands(app)
    try:
        xdo("mousemove", 640, 710)
        found.until(lambda: app.stage.picture is not None and app.client.snapshot().layers, 60.0)
        found.step(3)
        yield found
    finally:
        app.close()


def test_the_map_moves_with_the_hand(hands: Hands) -> None:
    camera = hands.app.stage.camera
    before = camera.view
    world = camera.to_world((640, 350))
    hands.drag((640, 350), (660, 360), (700, 390))
    assert np.allclose(camera.to_world((700, 390)), world, atol=2.0 / camera.scale)
    here = camera.to_world((600, 300))
    hands.do("mousemove", 600, 300)
    hands.do("click", 4)
    hands.do("click", 4)
    assert camera.view.zoom == pytest.approx(before.zoom * 1.15**2, rel=0.01)
    assert np.allclose(camera.to_world((600, 300)), here, atol=1.0 / camera.scale)
    hands.drag((600, 300), (650, 300), (700, 300), button=3)
    assert camera.view.rotation == pytest.approx(-np.pi / 4, abs=0.1)
    hands.do("click", "--repeat", 2, "--delay", 60, 1)
    hands.until(lambda: not camera.flying and camera.view.zoom == pytest.approx(before.zoom, rel=0.01), 5.0)
    assert camera.view.rotation == pytest.approx(0.0)
    inside = camera.to_screen(hands.app.stage.picture.positions)  # type: ignore[union-attr]
    assert inside.min() > 0 and inside[:, 0].min() > 320 and inside[:, 0].max() < 980 and inside[:, 1].max() < 694


def test_what_the_pointer_is_over_has_a_name(hands: Hands) -> None:
    app = hands.app
    assert app.stage.picture is not None
    number = app.stage.picture.index["encoder_3_conv1"].offset + 7
    x, y = app.stage.camera.to_screen(app.stage.picture.positions[number])
    hands.do("mousemove", round(x), round(y))
    hands.until(lambda: app.asker.answered.words, 10.0)
    words = " ".join(app.asker.answered.words)
    assert "channel" in words and "Hz" in words and "encoder" in words
    hands.do("click", 1)
    hands.until(lambda: hands.value("target/by") == "neurons", 5.0)
    assert app.touch.count == 1


def test_a_pointer_that_rests_is_not_in_the_picture_of_the_audience(hands: Hands) -> None:
    app = hands.app
    assert app.stage.picture is not None
    hands.do("key", "Tab")
    x, y = app.stage.camera.to_screen(app.stage.picture.positions[9000])
    hands.do("mousemove", round(x), round(y))
    glfw, window = app.window.glfw, app.window._handle
    assert glfw.get_input_mode(window, glfw.CURSOR) == glfw.CURSOR_NORMAL and app.stage.scene._hovered is not None
    hands.until(lambda: glfw.get_input_mode(window, glfw.CURSOR) == glfw.CURSOR_HIDDEN, 8.0)
    assert app.stage.scene._hovered is None
    hands.do("mousemove", round(x) + 1, round(y))
    assert glfw.get_input_mode(window, glfw.CURSOR) == glfw.CURSOR_NORMAL and app.stage.scene._hovered is not None
    hands.do("key", "Tab")


@pytest.mark.parametrize("tool", ["box", "lasso", "brush"])
def test_what_is_drawn_becomes_the_target(hands: Hands, engine: EngineProcess, tool: str) -> None:
    app = hands.app
    hands.do("mousemove", 640, 350)
    hands.do("key", {"box": "2", "lasso": "3", "brush": "4"}[tool])
    assert app.gestures.tool == tool
    before = hands.value("target/neurons")
    assert app.stage.picture is not None
    layer = app.stage.picture.index["encoder_4_conv1"]
    x, y = app.stage.camera.to_screen(app.stage.picture.positions[layer.span]).mean(axis=0)
    around = [(x - 30, y - 20), (x + 20, y - 20), (x + 30, y + 20), (x - 30, y + 20)]
    hands.drag(*(around[:3] if tool == "box" else around))
    hands.until(lambda: app.touch.count, 5.0)
    hands.until(lambda: hands.value("target/neurons") != before, 5.0)  # that is what the engine has stored
    assert hands.value("target/by") == "neurons" and app.touch.delays
    assert max(app.touch.delays) < 250.0
    first = str(hands.value("target/neurons")).replace("-", ",").split(",")[0]
    assert app.touch.weights is not None and app.touch.weights[int(first)] == 1.0


def test_a_slider_plays_the_engine(hands: Hands) -> None:
    hands.do("mousemove", *map(round, hands.place("dream/rate", 0.5)))
    hands.drag(hands.place("dream/rate", 0.5), hands.place("dream/rate", 0.3), hands.place("dream/rate", 0.25))
    rate = hands.value("dream/rate")
    assert -50.0 < float(str(rate)) < -42.0
    time.sleep(0.3)
    hands.step(20)  # the engine has been asked meanwhile what it is
    assert hands.value("dream/rate") == pytest.approx(rate, abs=1e-3)
    camera = hands.app.stage.camera.view
    hands.drag(hands.place("layer:encoder_1_conv1", 0.3))
    hands.until(lambda: hands.value("target/layer") == "encoder_1_conv1", 5.0)
    assert hands.app.stage.camera.view == camera  # the map is not under the console
    hands.until(lambda: hands.app.asker.answered.weights is not None, 5.0)


def test_keys(hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = hands.app
    monkeypatch.chdir(tmp_path)
    hands.do("mousemove", 640, 350)
    hands.do("key", "question")
    assert app.help
    hands.do("key", "Escape")
    assert not app.help
    hands.do("key", "Tab")
    assert not app.console_shown
    hands.do("key", "Tab")
    palette = hands.value("view/palette")
    hands.do("key", "p")
    hands.until(lambda: hands.value("view/palette") != palette, 5.0)
    hands.do("key", "shift+p")
    hands.until(lambda: hands.value("view/palette") == palette, 5.0)
    layer = hands.value("target/layer")
    hands.do("key", "bracketright")
    hands.until(lambda: hands.value("target/layer") != layer, 5.0)
    hands.do("key", "g")
    assert app.stage.camera.flying
    hands.until(lambda: not app.stage.camera.flying, 5.0)
    hands.until(lambda: app.asker.answered.weights is not None, 5.0)
    hands.do("key", "t")
    hands.do("key", "F11")
    hands.until(lambda: app.window.fullscreen, 5.0)
    hands.until(lambda: app.window.size == (1400, 900), 5.0)
    hands.do("key", "Escape")
    hands.until(lambda: not app.window.fullscreen, 5.0)
    hands.do("key", "s")
    (path,) = tmp_path.glob("ear-engine-*.png")
    assert picture(path).shape[2] == 3
    hands.do("key", "Tab")
    hands.do("key", "b")
    hands.until(lambda: app.stage.scene.level == 0.0, 5.0)
    hands.step(2)
    assert app.stage.read().mean() < 8.0
    hands.do("key", "b")
    hands.until(lambda: app.stage.scene.level == 1.0, 5.0)


def test_a_window_of_no_size_and_others_are_taken(hands: Hands) -> None:
    app = hands.app
    for size in ((1, 1), (333, 77), (1280, 720)):
        app.window.resize(*size)
        hands.step(6)
    app.window.glfw.iconify_window(app.window._handle)
    hands.step(3)
    app.window.glfw.restore_window(app.window._handle)
    hands.step(3)
    window = subprocess.run(["xdotool", "search", "--name", "^ear-engine$"], capture_output=True, text=True).stdout
    for words in (("windowminimize",), ("windowmap",), ("windowunmap",), ("windowmap",)):
        hands.do(*words, *window.split()[:1], frames=3)
    hands.until(lambda: app.window.size == (1280, 720), 5.0)


def test_beside_an_engine_its_session_is_read(display: str, engine: EngineProcess) -> None:
    app = App(ViewOptions(Place("127.0.0.1", engine.port), session=engine.session, console=False))
    app.start()
    try:
        Hands(app).until(lambda: app.stage.playing is not None, 60.0)
        assert isinstance(app.loader._bulk, SessionBulk) and app.stage.read().max() > 60
    finally:
        app.close()


def test_the_engine_may_die_and_come_back(display: str) -> None:
    first = EngineProcess()
    app = App(ViewOptions(Place("127.0.0.1", first.port)))
    app.start()
    hands = Hands(app)
    second = None
    try:
        hands.until(lambda: app.stage.playing is not None, 60.0)
        first.kill()
        hands.until(lambda: not app.client.snapshot().connected, 10.0)
        hands.step(5)
        assert app.client.snapshot().waiting.startswith("waiting for ENGINE at 127.0.0.1:")
        assert app.stage.picture is not None  # what was seen stays
        second = EngineProcess(port=first.port)
        hands.until(lambda: app.client.snapshot().connected, 20.0)
        playing = app.stage.playing
        hands.until(lambda: app.stage.playing is not playing, 60.0)
    finally:
        app.close()
        first.kill()
        if second is not None:
            second.kill()


def test_it_waits_for_an_engine_and_says_so(display: str, tmp_path: Path) -> None:
    path = tmp_path / "waiting.png"
    typed = [sys.executable, "-m", "ear_engine", "view", "--engine", "127.0.0.1:9", "--seconds", "2"]
    run = subprocess.run([*typed, "--screenshot", str(path)], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert "waiting for ENGINE at 127.0.0.1:9" in run.stderr and run.stdout == ""
    assert picture(path).shape[:2] == (720, 1280)


def test_it_ends_with_its_engine(display: str) -> None:
    typed = [sys.executable, "-m", "ear_engine", "view", "--engine", "127.0.0.1:9", "--parent", "999999"]
    assert subprocess.run(typed, capture_output=True, timeout=60).returncode == 0


def test_serve_opens_the_viewer_which_may_die(display: str) -> None:
    engine = EngineProcess("--view", "--seconds", "25")
    try:
        end = time.perf_counter() + 40
        while "ear-engine view: connected" not in engine.said:
            assert time.perf_counter() < end and engine.process.poll() is None, engine.said
            time.sleep(0.2)
        xdo("search", "--sync", "--name", "^ear-engine$", "windowkill")
        while "The viewer has ended" not in engine.said:
            assert time.perf_counter() < end, engine.said
            time.sleep(0.2)
        assert engine.process.poll() is None  # the sound goes on
    finally:
        engine.kill()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--monitor", "7"], "is not there, only 0"),
        (["--palette", "pink"], "use one of paper"),
        (["--seconds", "-1"], "use a number above 0"),
        (["--engine", "nowhere:x"], "is not HOST:PORT"),
        (["--screenshot", "/nowhere/x.png"], "in a folder that exists"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(display: str, options: list[str], said: str) -> None:
    typed = [sys.executable, "-m", "ear_engine", "view", *options]
    run = subprocess.run(typed, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2 and run.stderr.count("\n") == 1
    assert said in run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"MESA_GL_VERSION_OVERRIDE": "2.1"}, "this display has no OpenGL 3.3"),
        ({"LIBGL_DRIVERS_PATH": "/nowhere", "LIBGL_ALWAYS_SOFTWARE": "1"}, "this display has no OpenGL 3.3"),
        ({"DISPLAY": ":987"}, "no display (X11: Failed to open display :987)"),
        ({"DISPLAY": ""}, "no display"),
    ],
)
def test_where_no_picture_can_be_a_sentence_names_the_offscreen_way(
    display: str, changes: dict[str, str], said: str
) -> None:
    typed = [sys.executable, "-m", "ear_engine", "view", "--engine", "127.0.0.1:9", "--seconds", "1"]
    environment = {name: value for name, value in {**os.environ, **changes}.items() if value}
    run = subprocess.run(typed, capture_output=True, text=True, timeout=60, env=environment)
    lines = [line for line in run.stderr.splitlines() if not line.startswith("libGL error")]  # Mesa's own
    assert run.returncode == 2 and len(lines) == 1
    assert said in lines[0] and "ear-engine render" in lines[0] and "Traceback" not in run.stderr


def test_an_engine_without_a_display_plays_on_without_its_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    engine = EngineProcess("--view")
    try:
        end = time.perf_counter() + 40
        while "The viewer has ended" not in engine.said:
            assert time.perf_counter() < end, engine.said
            time.sleep(0.1)
        assert "ear-engine render" in engine.said and engine.process.poll() is None
    finally:
        engine.kill()


def test_without_a_display_the_offscreen_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(UserError, match="ear-engine render"):
        Window("nothing")
