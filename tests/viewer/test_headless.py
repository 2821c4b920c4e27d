"""A viewer without a window, as people start it: it streams the picture of an engine on a machine without a display."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ear_engine.cli import parse
from ear_engine.commands.serve import node_options
from ear_engine.errors import UserError
from tests.viewer.screen import EngineProcess

VIEW = [sys.executable, "-m", "ear_engine", "view"]


def picture(url: str) -> np.ndarray:
    with (
        urllib.request.urlopen(url.replace(".mjpg", ".jpg"), timeout=30) as answer,
        Image.open(io.BytesIO(answer.read())) as image,
    ):
        return np.asarray(image)


def where(said: Path) -> str:
    """The address that a viewer has told."""
    end = time.perf_counter() + 60.0
    while not (found := re.search(r"the picture is at (http://\S+)", said.read_text())):
        assert time.perf_counter() < end, said.read_text()
        time.sleep(0.05)
    return found[1]


@pytest.mark.slow
def test_an_engine_without_a_display_shows_its_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    engine = EngineProcess("--output", "mjpeg:0", "--optimizer.steps_per_loop", "2", "--view.output_size", "640x360")
    try:
        end = time.perf_counter() + 60.0
        while not (found := re.search(r"the picture is at (http://\S+)", engine.said)):
            assert time.perf_counter() < end, engine.said
            time.sleep(0.05)
        end = time.perf_counter() + 60.0
        while (seen := picture(found[1])).max() < 60:
            assert time.perf_counter() < end
        assert seen.shape == (360, 640, 3)
    finally:
        engine.kill()


@pytest.mark.slow
def test_it_waits_for_its_engine_and_shows_the_ground_meanwhile(tmp_path: Path) -> None:
    said = tmp_path / "said"
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    with said.open("w") as file:
        options = ["--engine", "127.0.0.1:9", "--offscreen", "--output", "mjpeg:0", "--seconds", "20"]
        process = subprocess.Popen([*VIEW, *options], stderr=file, stdout=subprocess.DEVNULL, env=environment)
    try:
        assert picture(where(said)).max() < 30
        assert "waiting for ENGINE at 127.0.0.1:9" in said.read_text()
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--offscreen"], "--offscreen has no output; add --output mjpeg"),
        (["--offscreen", "--output", "mjpeg:99999"], "mjpeg:99999 is no port or address"),
        (["--output", "ndi"], "sinks plug-in 'ndi' does not exist"),
    ],
)
def test_what_cannot_be_is_refused_before_a_window_opens(options: list[str], reason: str) -> None:
    run = subprocess.run([*VIEW, "--seconds", "1", *options], capture_output=True, text=True, timeout=60)
    assert run.returncode == 2 and reason in run.stderr and "Traceback" not in run.stderr


@pytest.mark.slow
def test_without_any_output_that_works_it_ends_with_the_reason(tmp_path: Path) -> None:
    said = tmp_path / "said"
    with said.open("w") as file:
        process = subprocess.Popen(
            [*VIEW, "--offscreen", "--output", "mjpeg:0", "--seconds", "30"], stderr=file, stdout=subprocess.DEVNULL
        )
    try:
        port = where(said).split(":")[2].split("/")[0]
        options = ["--offscreen", "--output", f"mjpeg:{port}"]
        run = subprocess.run([*VIEW, *options], capture_output=True, text=True, timeout=60)
        assert run.returncode == 2 and f"goes nowhere: the output mjpeg:{port} is left out: HTTP port" in run.stderr
    finally:
        process.terminate()
        process.wait(10)


def test_serve_refuses_an_output_that_nobody_has() -> None:
    assert node_options(parse(["serve", "--output", "mjpeg:0"])).outputs == ("mjpeg:0",)
    with pytest.raises(UserError, match="sinks plug-in 'mpeg' does not exist; did you mean mjpeg"):
        node_options(parse(["serve", "--output", "mpeg"]))
