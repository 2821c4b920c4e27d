"""The way between two sounds: numbers go along the curves of their faders, all else is one or the other."""

from __future__ import annotations

from collections.abc import Mapping

from ear_engine.parameters import Parameter, ParameterTree, Value


def glides(row: Parameter, one: Value, other: Value) -> bool:
    """Whether a parameter goes from one value to another through all between: a number, unless one end is off."""
    return row.numeric and not (row.zero is not None and row.zero in (one, other))


def between(row: Parameter, one: Value, other: Value, share: float) -> Value:
    """The value at ``share`` of the way: 0 is exactly ``one``, 1 exactly ``other``; for parameters that glide."""
    if share <= 0.0:
        return one
    if share >= 1.0:
        return other
    low, high = row.normalize(one), row.normalize(other)
    return row.denormalize(low + share * (high - low))


def blend(one: Mapping[str, Value], other: Mapping[str, Value], share: float, tree: ParameterTree) -> dict[str, Value]:
    """The sound at ``share`` of the way between two: what does not glide, or only one of them has, is that of the
    nearer."""
    near = one if share < 0.5 else other
    blended = dict(near)
    for name in one.keys() & other.keys():
        if glides(tree[name], one[name], other[name]):
            blended[name] = between(tree[name], one[name], other[name], share)
    return blended
