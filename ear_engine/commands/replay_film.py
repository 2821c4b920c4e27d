"""A film of a kept performance, for ``ear-engine replay -o FILE.mp4``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from ear_engine.commands.progress import Stages
from ear_engine.commands.render import frame_rate, picture_size
from ear_engine.offline.film import Sound, need_av, writing_film
from ear_engine.offline.redreaming import ear_of
from ear_engine.offline.relighting import Replayed
from ear_engine.offline.rendering import Rendering, Timing
from ear_engine.performance.reading import Kept
from ear_engine.viewer.offscreen import offscreen
from ear_engine.viewer.palettes import find_palette


def write_film(kept: Kept, output: Path, typed: argparse.Namespace) -> None:
    """Hear, draw, write, and say how long it took.

    Raises:
        UserError: a size, rate or palette that cannot be, an ear that is not here, or a file that cannot be written.
    """
    began = time.monotonic()
    need_av()
    width, height = picture_size(typed.size)
    rate, palette = frame_rate(typed.fps), find_palette(typed.palette)
    show = Replayed(kept, ear_of(kept, typed.ear))
    timing = Timing(show.seconds, rate)
    sound = Sound(np.zeros((2, 0), np.float32), show.opening.sample_rate)
    with (
        offscreen(width, height, palette) as drawing,
        Stages(Console(file=sys.stderr, soft_wrap=True)) as stages,
        writing_film(output, (height, width), rate, sound) as film,
    ):
        rendering = Rendering(show, drawing, timing, film.hear)
        for frame in rendering.frames(progress=lambda done, every: stages("drawing frames", done, every)):
            film.add(frame)
    took = time.monotonic() - began
    print(output)
    shown = f"{timing.frames} frames of {width} x {height}, {timing.seconds:.1f} s"
    print(f"{shown}, in {took:.1f} s ({timing.seconds / took:.2g} times real time)")
