"""What a performer does in an hour, drawn from a seed: the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ear_engine.parameters import Parameter, ParameterTree

_PAUSE = 1.5  # seconds between gestures, in the mean
_MOVES = 12  # messages of a fader that is moved
_EVERY = 0.03  # seconds between them
_GROUPS = ("dream", "target", "tone", "rhythm", "playback", "transform")
_LEFT = (
    "playback/tempo",
    "playback/beats",
    "playback/gain",
    "playback/offset",
    "playback/limit",
)  # measured by, or of the hall


@dataclass(frozen=True)
class Gesture:
    """Messages, and seconds to wait after each.

    Args:
        messages: addresses and arguments.
        pause: after each, but for the last.
        rest: after the last.
    """

    messages: tuple[tuple[str, tuple[object, ...]], ...]
    pause: float
    rest: float


def gestures(
    seed: int, layers: Sequence[str], clips: Sequence[str], presets: Sequence[str], tempo: bool = True
) -> Iterator[Gesture]:
    """Gestures without end.

    Args:
        seed: of all of them.
        layers: of the ear.
        clips: names of loops.
        presets: names.
        tempo: whether the tempo is changed, too.
    """
    random = np.random.default_rng(seed)
    faders = [row for row in ParameterTree() if row.group in _GROUPS and row.numeric and row.name not in _LEFT]
    ways = ["fader"] * 12 + ["layer"] * 4 + ["map"] * 4 + ["preset"] * 2 + ["clip", "undo", "keep", "reset"]
    ways += ["tempo"] if tempo else []
    while True:
        way = ways[int(random.integers(len(ways)))]
        rest = float(random.exponential(_PAUSE))
        if way == "fader":
            yield Gesture(_moved(faders[int(random.integers(len(faders)))], random), _EVERY, rest)
        elif way == "map":
            x, y = random.random(2)
            path = [(x + 0.02 * step, y - 0.01 * step) for step in range(_MOVES)]
            moves = [
                (f"/ear/target/{axis}", (float(np.clip(v, 0, 1)),))
                for p in path
                for axis, v in zip("xy", p, strict=True)
            ]
            yield Gesture(tuple(moves), _EVERY / 2.0, rest)
        else:
            yield Gesture((_one(way, random, layers, clips, presets),), 0.0, rest)


def _moved(row: Parameter, random: np.random.Generator) -> tuple[tuple[str, tuple[object, ...]], ...]:
    begin, end = random.random(2)
    return tuple((row.norm_address, (float(begin + (end - begin) * step / _MOVES),)) for step in range(_MOVES + 1))


def _one(
    way: str, random: np.random.Generator, layers: Sequence[str], clips: Sequence[str], presets: Sequence[str]
) -> tuple[str, tuple[object, ...]]:
    def any_of(names: Sequence[str]) -> str:
        return names[int(random.integers(len(names)))]

    if way == "layer":
        return "/ear/target/layer", (any_of(layers),)
    if way == "preset":
        return "/ear/preset/recall", (any_of(presets),)
    if way == "clip":
        return "/ear/source/clip", (any_of(clips),)
    if way == "tempo":
        return "/ear/playback/tempo", (float(random.uniform(70.0, 170.0)),)
    return {"undo": ("/ear/control/undo", ()), "keep": ("/ear/memory/keep", ()), "reset": ("/ear/source/reset", (1,))}[
        way
    ]
