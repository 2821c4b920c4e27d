"""Pictures are written beside the frames, whole, each under a name of its own; keys that are held do things once."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ear_engine.errors import UserError
from ear_engine.viewer.events import Key
from ear_engine.viewer.keys import action_of
from ear_engine.viewer.screenshots import Screenshots, free_path


def test_a_picture_is_written_while_others_go_on(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)
    shots = Screenshots()
    began = time.perf_counter()
    assert shots.save(tmp_path / "a.png", pixels) == ""
    saving = time.perf_counter() - began
    kept = pixels.copy()
    pixels[:] = 0  # the next frame
    assert shots.done(wait=True) == [(tmp_path / "a.png", None)]
    assert saving < time.perf_counter() - began - saving  # the rest was done meanwhile
    assert (np.asarray(Image.open(tmp_path / "a.png")) == kept).all()
    assert shots.done() == []
    shots.close()


def test_what_cannot_be_written_is_told_and_not_too_many_wait(tmp_path: Path) -> None:
    shots = Screenshots()
    pixels = np.zeros((2, 2, 3), np.uint8)
    shots.save(tmp_path / "none" / "a.png", pixels)
    ((path, error),) = shots.done(wait=True)
    assert path.name == "a.png"
    assert isinstance(error, UserError)
    large = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), np.uint8)
    told = [shots.save(tmp_path / f"{number}.png", large) for number in range(5)]
    assert told[:4] == [""] * 4
    assert "still being written" in told[4]
    assert len(shots.done(wait=True)) == 4
    shots.close()


def test_no_picture_takes_anothers_name(tmp_path: Path) -> None:
    for name in ("x.png", "x-2.png", "x-3.png"):
        path = free_path(tmp_path, "x")
        assert path.name == name
        path.touch()


@pytest.mark.parametrize("name, again", [("b", ""), ("s", ""), ("tab", ""), (".", "larger"), ("]", "next_layer")])
def test_a_key_that_is_held_switches_once_and_steps_on(name: str, again: str) -> None:
    assert action_of(Key(0, name, True, False, 0)) != ""
    assert action_of(Key(0, name, True, True, 0)) == again


@pytest.mark.parametrize("key, name, action", [(66, "и", "blackout"), (49, "&", "move"), (65, "q", "")])
def test_letters_that_a_keyboard_lacks_are_where_they_would_be(key: int, name: str, action: str) -> None:
    assert action_of(Key(key, name, True, False, 0)) == action
    assert action_of(Key(80, "p", True, False, 1)) == "palette_back"
