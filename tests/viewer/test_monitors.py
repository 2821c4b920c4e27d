"""Several screens, of which one goes away: a real X server that has them, and a real window on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ear_engine.osc.place import Place
from ear_engine.viewer.app import App
from ear_engine.viewer.options import ViewOptions
from ear_engine.viewer.window import Window
from tests.viewer.xorg import Desk, desk

pytestmark = pytest.mark.slow
_NOBODY = Place("127.0.0.1", 9)


@pytest.fixture
def screens(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


@pytest.fixture
def window(screens: Desk) -> Iterator[Window]:
    made = Window("ear-engine", (640, 400))
    yield made
    made.close()


def place(window: Window) -> tuple[int, int, int, int]:
    return (*window.glfw.get_window_pos(window._handle), *window.size)


def until(window: Window, true: Callable[[], object]) -> None:
    end = time.perf_counter() + 5.0
    while not true():
        assert time.perf_counter() < end, f"it does not happen: {place(window)}"
        window.events(0.02)


def test_the_next_screen(window: Window) -> None:
    assert window.next_monitor() == "screen 1: DUMMY1"
    until(window, lambda: place(window) == (1280 + 192, 184, 640, 400))
    window.set_fullscreen(True)  # the one it is on
    until(window, lambda: place(window) == (1280, 0, 1024, 768) and window.fullscreen)
    assert window.next_monitor() == "screen 0: DUMMY0"
    until(window, lambda: place(window) == (0, 0, 1280, 720) and window.fullscreen)
    window.set_fullscreen(False)
    until(window, lambda: place(window) == (1280 + 192, 184, 640, 400))


def test_a_projector_that_goes_away_and_comes_back(screens: Desk, window: Window) -> None:
    before = place(window)
    window.next_monitor()
    window.set_fullscreen(True)
    until(window, lambda: place(window) == (1280, 0, 1024, 768))
    screens.unplug()
    until(window, lambda: not window.fullscreen and place(window) == (320, 160, 640, 400))
    assert window.next_monitor() == "there is only one screen"
    screens.plug()
    until(window, lambda: window.fullscreen and place(window) == (1280, 0, 1024, 768))
    screens.unplug()
    until(window, lambda: not window.fullscreen)
    window.set_fullscreen(False)  # as a window it was wanted now
    screens.plug()
    for _ in range(20):
        window.events(0.02)
    assert not window.fullscreen and place(window)[2:] == before[2:]


def test_a_window_on_a_screen_that_goes_away_is_seen_on_another(screens: Desk, window: Window) -> None:
    window.next_monitor()
    until(window, lambda: place(window)[0] > 1280)
    screens.unplug()
    until(window, lambda: place(window) == (320, 160, 640, 400))


def test_without_any_screen_it_waits(screens: Desk, window: Window) -> None:
    screens.unplug(1)
    screens.unplug(0)
    until(window, lambda: not window.glfw.get_monitors())
    assert window.next_monitor() == "there is only one screen"
    window.set_fullscreen(True)
    assert not window.fullscreen
    screens.plug(0)
    until(window, lambda: len(window.glfw.get_monitors()) == 1)
    window.set_fullscreen(True)
    until(window, lambda: place(window) == (0, 0, 1280, 720))


def test_a_viewer_fills_the_screen_it_is_told_and_survives_its_end(screens: Desk) -> None:
    app = App(ViewOptions(_NOBODY, fullscreen=True, monitor=1))
    try:
        app.step()
        assert app.window.fullscreen and app.window.size == (1024, 768) and app.stage.read().shape == (768, 1024, 3)
        screens.unplug()
        end = time.perf_counter() + 5.0
        while app.window.fullscreen or app.stage.read().shape != (720, 1280, 3):
            assert time.perf_counter() < end
            app.step()
        app.step()
        assert app.stage.camera.width == 1280
    finally:
        app.close()


def test_on_a_fine_screen_letters_are_as_large(screens: Desk) -> None:
    sizes = []
    for dots in (96, 192):
        screens.resolution(dots)
        app = App(ViewOptions(_NOBODY))
        try:
            app.step()
            app.step()
            assert app.window.scale == dots / 96
            left, _, _ = app.console.margins(app.window.size)
            sizes.append((app.panel.scale, left / app.window.size[0]))
        finally:
            app.close()
    assert sizes[1][0] == 2.0 * sizes[0][0]
