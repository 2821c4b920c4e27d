"""A throw of dice: what is played moves a little, or far, from where it is; what is locked stays.

Numbers move on their own curves (a frequency by octaves, a level by dB), each by up to ``amount`` of its range and back
from its ends; words change with a chance of half the amount. Where the target is moves in the way it was chosen: a
layer to one near by, a disc on the map, a depth; what it is not chosen by stays. All randomness comes from (seed,
number).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence

import numpy as np

from ear_engine.errors import UserError
from ear_engine.parameters import Parameter, ParameterTree, Value

_PLAYED = (
    "tone/tilt",
    "tone/reshape",
    "tone/low",
    "tone/mid",
    "tone/high",
    "tone/tonal",
    "tone/scale",
    "tone/root",
    "tone/scale_lock",
    "rhythm/grid",
    "rhythm/density",
    "rhythm/lock",
    "transform/time_shift",
    "transform/pitch_shift",
    "transform/time_mask",
    "transform/freq_mask",
    "transform/gradient_noise",
)
_TARGETS = {
    "layer": ("target/layer", "target/channel", "target/channel_width"),
    "depth": ("target/depth", "target/channel", "target/channel_width"),
    "map": ("target/x", "target/y", "target/radius"),
    "morph": ("target/morph",),
}
_PLACES = tuple(dict.fromkeys(name for names in _TARGETS.values() for name in names))
THROWN = (*_PLACES, *_PLAYED)
"""All that dice can move."""


def lock(pattern: str, on: bool, locked: Iterable[str]) -> tuple[str, ...]:
    """The locked parameters after ``pattern`` (a name, a group, or either with ``*`` and ``?``) is locked, or unlocked.

    Raises:
        UserError: it means nothing that dice move.
    """
    wanted = pattern.strip().removeprefix("/ear/").strip("/")
    found = {name for name in THROWN if wanted == name.partition("/")[0] or fnmatch.fnmatchcase(name, wanted)}
    if not found:
        groups = ", ".join(sorted({name.partition("/")[0] for name in THROWN}))
        raise UserError(f"lock {pattern[:40]!r}", "means nothing that dice move", f"use {groups}, or a name", "unknown")
    before = set(locked)
    after = before | found if on else before - found
    return tuple(name for name in THROWN if name in after)


def read_locks(text: str) -> tuple[str, ...]:
    """Names from the text that keeps them; what dice do not move is left out."""
    return tuple(name for name in (part.strip() for part in text.split(",")) if name in THROWN)


def throw(
    tree: ParameterTree, amount: float, seed: int, number: int, locked: Iterable[str] = (), layers: Sequence[str] = ()
) -> dict[str, Value]:
    """New values of what moves.

    Args:
        tree: rows and values now.
        amount: 0 (nothing moves) to 1 (anywhere).
        seed, number: of the session, and of the throw.
        locked: parameters that stay.
        layers: of the ear, in order; none while they are not known, then a layer stays.
    """
    generator = np.random.default_rng(np.random.SeedSequence([seed & 0xFFFFFFFF, number]))
    values, kept = tree.values, set(locked)
    by = str(values["target/by"])
    moved: dict[str, Value] = {}
    for name in THROWN:  # every parameter draws its numbers, so that a lock changes nothing of the others
        far, chance, pick = generator.uniform(-1.0, 1.0), generator.uniform(), generator.uniform()
        if name in kept or (name in _PLACES and name not in _TARGETS.get(by, ())):
            continue
        if name == "target/layer":
            value: Value = _near(str(values[name]), layers, amount * far)
        elif tree[name].numeric:
            value = tree[name].denormalize(_bounced(tree[name].normalize(values[name]) + amount * far))
        else:
            value = _word(tree[name], pick) if chance < amount / 2 else values[name]
        if value != values[name]:
            moved[name] = value
    if any(name in _PLACES for name in moved):
        moved["target/by"] = by
    return moved


def _word(row: Parameter, pick: float) -> Value:
    return row.choices[min(int(pick * len(row.choices)), len(row.choices) - 1)]


def _near(layer: str, layers: Sequence[str], far: float) -> str:
    if layer not in layers:
        return layer
    last = len(layers) - 1
    place = layers.index(layer) / max(last, 1)
    return layers[round(_bounced(place + far) * last)]


def _bounced(place: float) -> float:
    """A place beyond an end of 0..1, thrown back from it; ``place`` is -1..2."""
    return -place if place < 0.0 else 2.0 - place if place > 1.0 else place
