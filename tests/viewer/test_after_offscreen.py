"""A window after pictures without one, in the same thread."""

from __future__ import annotations

import subprocess
import sys

from tests.viewer.screen import screen

_BOTH = """
from ear_engine.viewer.offscreen import offscreen
from ear_engine.viewer.window import Window
with offscreen(32, 32) as drawing:
    drawing.render(0.0)
Window("after")
print("opened")
"""


def test_a_window_opens_after_frames_were_drawn_without_one() -> None:
    with screen():
        run = subprocess.run([sys.executable, "-c", _BOTH], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (0, "opened\n"), run.stderr
