"""Films: seconds of film a second, while a dream is drawn and encoded; its start (torch, the ear) does not count.

The reference makes the same film one thing after another in one process: dream a beat, then draw and encode frame after
frame.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from ear_engine.benchmarks.rows import Row, judged
from ear_engine.offline.elsewhere import Plan, dream_threads, playing_elsewhere
from ear_engine.offline.encoding import Encoder
from ear_engine.offline.film import Sound, writing_film
from ear_engine.offline.lighting import Here, Show
from ear_engine.offline.performing import Performance
from ear_engine.offline.rendering import Frame, Rendering, Stereo, Timing
from ear_engine.offline.request import Request
from ear_engine.viewer.offscreen import Offscreen, offscreen

SIZE = 1280, 720
_RATE = Fraction(30)
_SECONDS = 8.0
_TARGETS = {"small": 1.0, "paper": None}  # seconds a second


def run(repetitions: int | None = None, request: Request | None = None, seconds: float = _SECONDS) -> list[Row]:
    """Seconds of film a second, with each ear; the same one thing after another beside it, in turns."""
    asked = [Request(ear=ear) for ear in _TARGETS] if request is None else [request]
    return [_measure(one, 3 if repetitions is None else repetitions, seconds) for one in asked]


def _measure(request: Request, rounds: int, seconds: float) -> Row:
    ways = (_overlapped, _in_turn)
    found: dict[Callable[[Request, float, Path], float], list[float]] = {way: [] for way in ways}
    with TemporaryDirectory() as folder:
        for turn in range(rounds):
            for way in ways if turn % 2 == 0 else reversed(ways):
                found[way].append(seconds / way(request, seconds, Path(folder) / "film.mp4"))
    ours, plain = found[_overlapped], found[_in_turn]
    ratio = statistics.median(one / other for one, other in zip(ours, plain, strict=True))
    case = (
        f"`{Path(request.ear).name}`, {SIZE[0]} x {SIZE[1]}, {float(_RATE):g} frames/s: film a second of time, against "
        "one thing after another"
    )
    return judged(
        "render",
        case,
        statistics.median(ours),
        "s/s",
        reference=statistics.median(plain),
        ratio=ratio,
        target=_TARGETS.get(str(request.ear)),
    )


def _overlapped(request: Request, seconds: float, path: Path) -> float:
    """As ``ear-engine render`` does; returns the seconds it took."""
    with playing_elsewhere(Plan(request, seconds, threads=dream_threads())) as show, offscreen(*SIZE) as drawing:
        sound = Sound(np.zeros((2, 0), np.float32), show.opening.sample_rate)
        began = time.perf_counter()
        with writing_film(path, (SIZE[1], SIZE[0]), _RATE, sound) as film:
            _make(show, drawing, seconds, film.hear, film.add)
        return time.perf_counter() - began


def _in_turn(request: Request, seconds: float, path: Path) -> float:
    """One thing after another, all threads to each; returns the seconds it took."""
    show = Here(Performance(request, seconds))
    with offscreen(*SIZE) as drawing, _all_threads():
        began = time.perf_counter()
        with _encoder(path, show.opening.sample_rate) as encoder:
            from av.video.frame import VideoFrame

            def add(frame: Frame) -> None:
                encoder.show(VideoFrame.from_ndarray(frame, format="rgb24"))

            _make(show, drawing, seconds, encoder.hear, add)
        return time.perf_counter() - began


def _make(
    show: Show, drawing: Offscreen, seconds: float, hear: Callable[[Stereo], None], add: Callable[[Frame], None]
) -> None:
    for frame in Rendering(show, drawing, Timing(seconds, _RATE), hear).frames():
        add(frame)


@contextmanager
def _encoder(path: Path, sample_rate: int) -> Iterator[Encoder]:
    import av

    with av.open(str(path), "w", format="mp4") as container:
        encoder = Encoder(container, (SIZE[1], SIZE[0]), _RATE, sample_rate)
        yield encoder
        encoder.finish()


@contextmanager
def _all_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(dream_threads() * 2)
    try:
        yield
    finally:
        torch.set_num_threads(before)
