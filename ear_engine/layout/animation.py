"""The map in motion: it goes through its snapshots as a loop is heard, and every neuron shines as it fires."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from ear_engine.ear.statistics import Statistics
from ear_engine.layout.glow import Glow
from ear_engine.layout.graph import VertexLayer
from ear_engine.layout.lights import Lights
from ear_engine.layout.outputs import Moving
from ear_engine.layout.snapshots import between
from ear_engine.offline.film import Sound, writing_film

SIDE = 1080  # pixels
_RATE = 30  # frames a second, as nearly as a loop has a whole number of them
_LASTS = 8.0  # seconds at least: shorter loops are repeated


def write_animation(
    path: Path,
    layers: Sequence[VertexLayer],
    moving: Moving,
    statistics: Statistics | None,
    *,
    side: int = SIDE,
    progress: Callable[[int, int], object] = lambda _done, _every: None,
) -> None:
    """Write a film of a loop, its sound with it; its end goes over into its start.

    Args:
        path: of the file, .mp4.
        layers: of the neurons.
        moving: the map in time.
        statistics: of the ear's neurons.
        side: pixels, a multiple of 4.
        progress: told (done, all), in frames.

    Raises:
        UserError: it cannot be written.
    """
    snapshots, loop = moving.snapshots, moving.loop
    clip = loop.clip
    count = max(1, round(clip.seconds * _RATE))
    rate = Fraction(count * clip.sample_rate, clip.samples)
    repeats = math.ceil(_LASTS / clip.seconds)
    sound = Sound(np.ascontiguousarray(np.broadcast_to(clip.audio, (2, clip.samples))), clip.sample_rate)
    glow, lights = Glow(layers, side), Lights(loop, statistics)
    with _one_thread(), writing_film(path, (side, side), rate, sound, repeats) as film:
        for number in range(count):
            time = number / count
            positions = between(snapshots, time * len(snapshots), circular=True)
            film.add(glow.draw(positions, lights.at(time)))
            progress(number + 1, count)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch draw with one thread: the other cores encode meanwhile, and threads that wait for them cost time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
