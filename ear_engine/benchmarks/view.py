"""The viewer's picture: milliseconds until GL is done with a frame, offscreen, of the ears' maps and a real loop.

They are drawn as in a window: where the processor draws, dim and soft light take turns, and the mean of frames counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine.benchmarks import view_answers
from ear_engine.benchmarks.measure import Timings, take_turns
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.benchmarks.view_console import OpenConsole
from ear_engine.ear.kinds import load_ear_of_any_kind
from ear_engine.ear.loop_ranks import loop_ranks
from ear_engine.ear.statistics_file import hash_weights, load_statistics
from ear_engine.ear_files import find_ear
from ear_engine.layout.glow import Glow
from ear_engine.layout.graph import VertexLayer
from ear_engine.layout.heard_loop import hear_loop
from ear_engine.layout.map_file import MAP, read_map
from ear_engine.sources.library import ClipLibrary
from ear_engine.viewer.loop_light import PreparedLoop
from ear_engine.viewer.model import LoopLights, MapPicture
from ear_engine.viewer.offscreen import Offscreen, is_software

SIZE = 1280, 720
_CLIP = "beat"
_EARS = ("paper", "small")
_TARGETS = {"software": 16.0, "graphics card": 2.0}  # ms
_CONSOLE_TARGET = 25.0  # ms, with the console open
_STEP = 0.0041  # of the loop, from frame to frame: as 60 frames a second of four seconds


@dataclass(frozen=True, eq=False)
class Subject:
    """What is drawn.

    Args:
        ear: its name.
        picture: its map.
        lights: what it does in a loop.
    """

    ear: str
    picture: MapPicture
    lights: LoopLights


def run(repetitions: int | None = None, subjects: Sequence[Subject] | None = None) -> list[Row]:
    """Milliseconds a frame, against the films' renderer and against uploading everything for each frame; and how soon
    hands are answered (:mod:`ear_engine.benchmarks.view_answers`), unless ``subjects`` are given."""
    answers = view_answers.run(repetitions) if subjects is None else []
    found = [subject_of(ear) for ear in _EARS] if subjects is None else subjects
    frames = [row for one in found for row in _measure(one, 15 if repetitions is None else repetitions)]
    return frames + answers


def subject_of(ear: str) -> Subject:
    """An ear that ships, and a loop that it hears."""
    folder = find_ear(ear)
    network = load_ear_of_any_kind(folder.path)
    loop = hear_loop(network, ClipLibrary(()).load(_CLIP))
    stored = read_map(folder.path / MAP, len(loop.index), hash_weights(folder.path))
    ranks = loop_ranks(loop.activations, loop.frames, load_statistics(folder.path))
    return Subject(ear, MapPicture(stored.id, loop.index, stored.positions, stored.links), LoopLights(1, ranks))


def _measure(subject: Subject, rounds: int) -> list[Row]:
    drawing = Offscreen(*SIZE)
    other = Offscreen(*SIZE, context=drawing.context)
    try:
        return _rows(subject, drawing, other, rounds)
    finally:
        other.release()
        drawing.release()


def _rows(subject: Subject, drawing: Offscreen, other: Offscreen, rounds: int) -> list[Row]:
    picture, scene = subject.picture, drawing.scene
    loop = PreparedLoop.of(picture.index, subject.lights)
    software = is_software(drawing.context)
    scene.show_map(picture)
    scene.play(loop)
    scene.alternates = software
    drawing.camera.view = other.camera.view = drawing.camera.fitted(picture.positions)
    phases = _Phases()

    def drawn() -> None:
        scene.draw(drawing.target, drawing.camera, next(phases))
        drawing.context.finish()

    def uploaded() -> None:
        other.scene.show_map(picture)
        other.scene.play(loop)
        other.scene.draw(other.target, other.camera, 0.0)
        other.context.finish()

    def moving() -> None:
        drawing.camera.pan(1.0, 0.0)
        drawn()

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as films are made
    try:
        timings = take_turns(
            {"drawn": drawn, "uploaded": uploaded, "films": _film_frames(subject, _Phases())},
            rounds,
        )
        panned = take_turns({"moving": moving}, rounds)
        opened = _with_console(subject, drawing, phases, rounds)
    finally:
        torch.set_num_threads(threads)
    renderer = str(drawing.context.info["GL_RENDERER"])
    target = _TARGETS["software" if software else "graphics card"]
    head = f"{len(picture.index):,} neurons, {len(picture.links):,} links, {SIZE[0]} x {SIZE[1]}, {renderer}: a frame"
    return [
        _row(f"{head}, against the films' renderer (neurons alone, 720 x 720)", timings, "drawn", "films", target),
        _row(f"{head}, against uploading map and loop for each frame", timings, "drawn", "uploaded", target),
        _row(f"{head} while the camera moves", panned, "moving", None, None),
        _row(
            f"{head} with the console open, against the map alone between its panels",
            opened,
            "console",
            "alone",
            _CONSOLE_TARGET,
        ),
    ]


def _row(case: str, timings: Timings, ours: str, reference: str | None, target: float | None) -> Row:
    return judged(
        "view",
        case,
        1e3 * timings.median(ours),
        "ms",
        reference=None if reference is None else 1e3 * timings.median(reference),
        ratio=None if reference is None else timings.ratio(ours, reference),
        target=target,
    )


def _with_console(subject: Subject, drawing: Offscreen, phases: _Phases, rounds: int) -> Timings:
    opened = OpenConsole(drawing, subject.picture, subject.lights)

    def console() -> None:
        opened.draw(next(phases))
        drawing.context.finish()

    def alone() -> None:
        drawing.scene.draw(drawing.target, drawing.camera, next(phases))
        drawing.context.finish()

    try:
        for _ in range(3):
            console()  # letters are made as they are used first
        return take_turns({"console": console, "alone": alone}, rounds)
    finally:
        opened.release()


class _Phases:
    """Phases of one frame after another."""

    def __init__(self) -> None:
        self._at = 0.0

    def __next__(self) -> float:
        self._at = (self._at + _STEP) % 1.0
        return self._at


def _film_frames(subject: Subject, phases: _Phases) -> Callable[[], NDArray[np.uint8]]:
    layers = [VertexLayer(one.name, one.channels, one.bins, one.offset) for one in subject.picture.index.layers]
    glow, ranks = Glow(layers, SIZE[1]), subject.lights.ranks
    return lambda: glow.draw(
        subject.picture.positions, ranks[int(next(phases) * len(ranks))].astype(np.float32) / np.float32(255.0)
    )
