"""``ear-engine view``: the window that shows the map while the ear listens, beside the engine or elsewhere."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.viewer.client import read_place

_LAST = 19  # sound first, then dreams, then pictures


def run(typed: argparse.Namespace) -> int:
    """Show until the window is closed."""
    place = read_place(typed.engine)
    if typed.seconds is not None and not (typed.seconds > 0 and math.isfinite(typed.seconds)):
        raise UserError(f"--seconds {typed.seconds:g}", "is not a time", "use a number above 0", "bad_value")
    screenshot = None if typed.screenshot is None else Path(typed.screenshot).expanduser()
    if screenshot is not None and (screenshot.suffix.lower() != ".png" or not screenshot.absolute().parent.is_dir()):
        mend = "name a .png file in a folder that exists"
        raise UserError(f"--screenshot {typed.screenshot}", "cannot be written", mend, "bad_value")
    from ear_engine.viewer.app import App, ViewOptions  # GL, GLFW and Dear ImGui only when they are needed

    platform.lower_priority(_LAST)
    options = ViewOptions(
        place=place,
        session=None if typed.session is None else Path(typed.session),
        fullscreen=typed.fullscreen,
        monitor=typed.monitor,
        palette=typed.palette,
        console=typed.console,
        seconds=typed.seconds,
        screenshot=screenshot,
        parent=typed.parent,
    )
    try:
        App(options, _say).run()
    except KeyboardInterrupt:  # the way to end it
        return 0
    return 0


def _say(line: str) -> None:
    print(f"ear-engine view: {line}", file=sys.stderr, flush=True)
