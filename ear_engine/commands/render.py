"""``ear-engine render``: a dream as a film, as numbered pictures or as a poster, without a display."""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ear_engine import platform
from ear_engine.commands.dream_options import dream_request
from ear_engine.commands.progress import Stages
from ear_engine.errors import UserError
from ear_engine.offline.film import Sound, need_av, writing_film
from ear_engine.offline.outputs import need_file, need_folder, write_loop
from ear_engine.offline.performing import Performance
from ear_engine.offline.picture import need_matplotlib
from ear_engine.offline.rendering import Frame, Rendering, Timing, picture_of
from ear_engine.viewer.offscreen import offscreen
from ear_engine.viewer.palettes import find_palette
from ear_engine.whole_files import made_folder, replacing

MOST_SECONDS = 3600.0
_SIDES = (16, 4096)  # pixels
_RATES = (1.0, 120.0)  # frames a second


def run(typed: argparse.Namespace) -> int:
    """Dream, draw, write, and say how long it took."""
    began = time.monotonic()
    platform.reuse_memory()
    width, height = _size(typed.size)
    rate = _rate(typed.fps)
    if not 0.0 < typed.seconds <= MOST_SECONDS:
        reason = f"is not in 0..{MOST_SECONDS:g}"
        raise UserError(f"seconds {typed.seconds:g}", reason, "use a number in that range", "out_of_range")
    output = Path(typed.output).expanduser()
    kind = _kind(output)
    palette = find_palette(typed.palette)
    performance = Performance(dream_request(typed), typed.seconds)
    timing = Timing(typed.seconds, rate, performance.sample_rate)
    with offscreen(width, height, palette) as drawing, Stages(Console(file=sys.stderr, soft_wrap=True)) as stages:
        rendering = Rendering(performance, picture_of(performance), drawing, timing)
        frames = rendering.frames(lambda done, every, _objective: stages("drawing frames", done, every))
        if kind == "film":
            _film(output, (height, width), rate, rendering, frames)
        elif kind == "poster":
            _poster(output, frames)
        else:
            _pictures(output, rendering, frames, performance.sample_rate)
    took = time.monotonic() - began
    print(output)
    print(
        f"{timing.frames} frames of {width} x {height}, {timing.seconds:g} s, in {took:.1f} s "
        f"({timing.seconds / took:.2g} times real time)"
    )
    return 0


def _kind(output: Path) -> str:
    """What is to be written, all of which can be.

    Raises:
        UserError: it cannot.
    """
    suffix = output.suffix.lower()
    if suffix == ".mp4":
        need_av()
        need_file(output)
        return "film"
    if suffix == ".png":
        need_matplotlib()
        need_file(output)
        return "poster"
    if suffix:
        mend = "end its name with .mp4 or .png, or name a folder"
        raise UserError(f"file {str(output)!r}", "ends in nothing that can be rendered", mend, "bad_value")
    need_matplotlib()
    need_folder(output)
    if output.is_dir() and any(output.iterdir()):
        raise UserError(f"folder {str(output)!r}", "is not empty", "name another one", "not_writable")
    return "frames"


def _film(output: Path, size: tuple[int, int], rate: Fraction, rendering: Rendering, frames: Iterator[Frame]) -> None:
    sound = Sound(rendering.sound, rendering.sample_rate)
    with writing_film(output, size, rate, sound) as film:
        for frame in frames:
            film.add(frame)


def _poster(output: Path, frames: Iterator[Frame]) -> None:
    """The last frame."""
    last: NDArray[np.uint8] | None = None
    for frame in frames:
        last = frame
    assert last is not None  # there is one frame at least
    made_folder(output.parent)
    _png(output, last)


def _pictures(folder: Path, rendering: Rendering, frames: Iterator[Frame], sample_rate: int) -> None:
    made_folder(folder)
    for number, frame in enumerate(frames, 1):
        _png(folder / f"frame_{number:06d}.png", frame)
    write_loop(folder / "sound.wav", rendering.sound, sample_rate)


def _png(path: Path, frame: Frame) -> None:
    from matplotlib.image import imsave

    buffer = io.BytesIO()
    imsave(buffer, frame, format="png", metadata={"Software": ""})
    with replacing(path) as file:
        file.write(buffer.getvalue())


def _size(text: str) -> tuple[int, int]:
    """Width and height.

    Raises:
        UserError: it is none, or a film cannot have it.
    """
    words = text.lower().split("x")
    if len(words) == 2 and all(word.isdecimal() for word in words):
        width, height = (int(word) for word in words)
        if all(_SIDES[0] <= side <= _SIDES[1] and side % 2 == 0 for side in (width, height)):
            return width, height
    mend = f"use an even width and height of {_SIDES[0]}..{_SIDES[1]}, such as 1280x720"
    raise UserError(f"size {text!r}", "is no size of a picture here", mend, "bad_value")


def _rate(frames: float) -> Fraction:
    if not _RATES[0] <= frames <= _RATES[1]:
        reason = f"is not in {_RATES[0]:g}..{_RATES[1]:g}"
        raise UserError(f"fps {frames:g}", reason, "use a number in that range", "out_of_range")
    return Fraction(frames).limit_denominator(1001)
