"""``ear-engine render``: a dream as a film, numbered pictures, an animation or a poster, without a display."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from rich.console import Console

from ear_engine.commands.dream_options import scored_request
from ear_engine.commands.progress import Stages
from ear_engine.errors import UserError
from ear_engine.offline.animation import write_animation
from ear_engine.offline.elsewhere import Plan, dream_threads, playing_elsewhere
from ear_engine.offline.film import Sound, need_av, writing_film
from ear_engine.offline.lighting import Show
from ear_engine.offline.outputs import need_file, need_folder
from ear_engine.offline.pictures import writing_pictures
from ear_engine.offline.rendering import Frame, Rendering, Timing
from ear_engine.viewer.offscreen import Offscreen, offscreen
from ear_engine.viewer.palettes import find_palette
from ear_engine.viewer.png import write_png
from ear_engine.whole_files import made_folder

MOST_SECONDS = 3600.0
_SIDES = (16, 4096)  # pixels
_RATES = (1.0, 120.0)  # frames a second
_Progress = Callable[[int, int], None]


def run(typed: argparse.Namespace) -> int:
    """Dream, draw, write, and say how long it took."""
    began = time.monotonic()
    width, height = picture_size(typed.size)
    if not 0.0 < typed.seconds <= MOST_SECONDS:
        reason = f"is not in 0..{MOST_SECONDS:g}"
        raise UserError(f"seconds {typed.seconds:g}", reason, "use a number in that range", "out_of_range")
    timing = Timing(typed.seconds, frame_rate(typed.fps))
    output = Path(typed.output).expanduser()
    kind = _kind(output)
    palette = find_palette(typed.palette)
    request, score = scored_request(typed)
    since = timing.at(timing.frames - 1) if kind in ("poster", "loop") else 0.0
    plan = Plan(request, typed.seconds, score, since, dream_threads())
    with (
        playing_elsewhere(plan) as show,
        offscreen(width, height, palette) as drawing,
        Stages(Console(file=sys.stderr, soft_wrap=True)) as stages,
    ):

        def progress(done: int, every: int) -> None:
            stages("drawing frames", done, every)

        write = {"film": _film, "poster": _poster, "frames": _pictures, "loop": _loop}[kind]
        stages("dreaming", 0, 0)
        count = write(output, show, drawing, timing, progress)
    took = time.monotonic() - began
    print(output)
    shown = "" if kind in ("film", "frames") else "after "
    print(
        f"{count} frame{'s' if count > 1 else ''} of {width} x {height}, {shown}{timing.seconds:g} s, in {took:.1f} s "
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
    if suffix == ".webp":
        need_av()
        need_file(output)
        return "loop"
    if suffix == ".png":
        need_file(output)
        return "poster"
    if suffix:
        mend = "end its name with .mp4, .webp or .png, or name a folder"
        raise UserError(f"file {str(output)!r}", "ends in nothing that can be rendered", mend, "bad_value")
    need_folder(output)
    if output.is_dir() and any(output.iterdir()):
        raise UserError(f"folder {str(output)!r}", "is not empty", "name another one", "not_writable")
    return "frames"


def _film(output: Path, show: Show, drawing: Offscreen, timing: Timing, progress: _Progress) -> int:
    sound = Sound(np.zeros((2, 0), np.float32), show.opening.sample_rate)
    width, height = drawing.size
    with writing_film(output, (height, width), timing.rate, sound) as film:
        for frame in Rendering(show, drawing, timing, film.hear).frames(progress=progress):
            film.add(frame)
    return timing.frames


def _poster(output: Path, show: Show, drawing: Offscreen, timing: Timing, progress: _Progress) -> int:
    """The last frame."""
    last: Frame | None = None
    for frame in Rendering(show, drawing, timing).frames(timing.frames - 1, progress):
        last = frame
    assert last is not None  # there is one frame at least
    made_folder(output.parent)
    write_png(output, last)
    return 1


def _loop(output: Path, show: Show, drawing: Offscreen, timing: Timing, progress: _Progress) -> int:
    """The last loop, whole, so that it comes round."""
    opening, (width, height) = show.opening, drawing.size
    lasts = Fraction(opening.samples, opening.sample_rate)
    count = max(1, round(lasts * timing.rate))
    frames = Rendering(show, drawing, timing).last_loop(count)
    write_animation(output, (height, width), count / lasts, _told(frames, count, progress))
    return count


def _told(frames: Iterator[Frame], count: int, progress: _Progress) -> Iterator[Frame]:
    for number, frame in enumerate(frames, 1):
        progress(number, count)
        yield frame


def _pictures(folder: Path, show: Show, drawing: Offscreen, timing: Timing, progress: _Progress) -> int:
    with writing_pictures(folder, show.opening.sample_rate) as pictures:
        for frame in Rendering(show, drawing, timing, pictures.hear).frames(progress=progress):
            pictures.add(frame)
    return timing.frames


def picture_size(text: str) -> tuple[int, int]:
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


def frame_rate(frames: float) -> Fraction:
    """Frames a second.

    Raises:
        UserError: there cannot be so many.
    """
    if not _RATES[0] <= frames <= _RATES[1]:
        reason = f"is not in {_RATES[0]:g}..{_RATES[1]:g}"
        raise UserError(f"fps {frames:g}", reason, "use a number in that range", "out_of_range")
    return Fraction(frames).limit_denominator(1001)
