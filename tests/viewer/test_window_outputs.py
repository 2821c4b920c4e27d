"""The picture that a viewer with a window gives away: without its console, and also while it is minimized."""

from __future__ import annotations

import io
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ear_engine.osc.place import Place
from ear_engine.viewer import scene as scene_module
from ear_engine.viewer import window as window_module
from ear_engine.viewer.app import App
from ear_engine.viewer.exposure import Due
from ear_engine.viewer.gathering import gather
from ear_engine.viewer.options import ViewOptions
from ear_engine.viewer.window import Window
from tests.viewer.maps import lights, spread
from tests.viewer.screen import screen

pytestmark = pytest.mark.slow


@pytest.fixture
def said() -> list[str]:
    """What the viewer tells a terminal."""
    return []


@pytest.fixture
def app(said: list[str]) -> Iterator[App]:
    with screen():
        made = App(ViewOptions(Place("127.0.0.1", 9), outputs=("mjpeg:0",)), said.append)
        made.start()
        try:
            yield made
        finally:
            made.close()


def picture(app: App, said: list[str]) -> np.ndarray:
    """What others see; frames go on meanwhile."""
    app.step()
    (place,) = [line for line in said if "the picture is at" in line]
    url = place.split()[-1].replace(".mjpg", ".jpg")
    found: list[bytes] = []
    thread = threading.Thread(target=lambda: found.append(urllib.request.urlopen(url, timeout=20).read()))
    thread.start()
    end = time.perf_counter() + 30.0
    while thread.is_alive():
        assert time.perf_counter() < end
        app.step()
    with Image.open(io.BytesIO(found[0])) as image:
        return np.asarray(image).astype(int)


def test_others_see_no_console(app: App, said: list[str]) -> None:
    seen: list[int] = []
    swap = app.window.swap
    app.window.swap = lambda: (seen.append(int(app.stage.read().max())), swap())  # type: ignore[method-assign]
    assert picture(app, said).max() < 30
    assert seen[-1] > 200 and app.console_shown  # letters


@pytest.mark.parametrize("software", [True, False])
def test_a_picture_that_is_kept_has_all_its_light_and_the_next_frame_saves_again(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, software: bool
) -> None:
    monkeypatch.setattr(window_module, "is_software", lambda context: software)
    drawn: list[tuple[Due, bool]] = []

    def note(*given: Any) -> Due:
        due = gather(*given)
        drawn.append((due, app.shots.wanted is not None))
        return due

    app.step()
    monkeypatch.setattr(scene_module, "gather", note)
    monkeypatch.setattr(app.stage.governor, "took", lambda milliseconds: None)  # which would begin anew
    lit = spread((8, 20), (8, 12))
    app.stage.scene.show_map(lit)
    app.stage.scene.play(lights(lit, 0.5))
    for count in range(8):
        if count == 4:
            app.shots.wanted = tmp_path / "a.png"
        app.step()
    app.shots.tell_written(wait=True)
    turns = [Due.BEGIN, Due.SOFT, Due.DIM, Due.SOFT]
    expected = [*turns, Due.ALL, *turns[:3]] if software else 8 * [Due.ALL]
    assert drawn == [(due, count == 4) for count, due in enumerate(expected)]
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == app.window.pixels


def test_others_see_it_while_the_window_is_minimized(
    app: App, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.step()
    monkeypatch.setattr(Window, "hidden", property(lambda self: True))  # which takes a window manager
    monkeypatch.setattr(app.window, "swap", lambda: pytest.fail("a frame for nobody"))
    assert picture(app, said).shape == (720, 1280, 3)
    monkeypatch.undo()
    assert picture(app, said).shape == (720, 1280, 3)
