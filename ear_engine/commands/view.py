"""``ear-engine view``: the window that shows the map while the ear listens, beside the engine or elsewhere."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.osc.place import read_place

if TYPE_CHECKING:
    from ear_engine.viewer.app import App
    from ear_engine.viewer.headless import Headless
    from ear_engine.viewer.options import ViewOptions

PRIORITY = 10  # sound first, then dreams and pictures alike; view/share says how much pictures may take


def run(typed: argparse.Namespace) -> int:
    """Show until the window is closed."""
    place = read_place(typed.engine)
    if typed.seconds is not None and not (typed.seconds > 0 and math.isfinite(typed.seconds)):
        raise UserError(f"--seconds {typed.seconds:g}", "is not a time", "use a number above 0", "bad_value")
    screenshot = None if typed.screenshot is None else Path(typed.screenshot).expanduser()
    if screenshot is not None and (screenshot.suffix.lower() != ".png" or not screenshot.absolute().parent.is_dir()):
        mend = "name a .png file in a folder that exists"
        raise UserError(f"--screenshot {typed.screenshot}", "cannot be written", mend, "bad_value")
    from ear_engine.viewer.options import ViewOptions  # GL, GLFW and Dear ImGui only when they are needed

    platform.lower_priority(PRIORITY)
    platform.steady_memory()
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
        outputs=tuple(typed.output),
        allow=tuple(typed.allow),
    )
    try:
        _viewer(options, typed.offscreen).run()
    except KeyboardInterrupt:  # the way to end it
        return 0
    return 0


def _viewer(options: ViewOptions, offscreen: bool) -> App | Headless:
    if offscreen:
        from ear_engine.viewer.headless import Headless

        return Headless(options, _say)
    from ear_engine.viewer.app import App

    return App(options, _say)


def _say(line: str) -> None:
    print(f"ear-engine view: {line}", file=sys.stderr, flush=True)
