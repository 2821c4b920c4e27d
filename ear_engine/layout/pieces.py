"""Rules of operations that take tensors apart and put them together: slices, splits, and chains of several."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from ear_engine.layout.calls import Call
from ear_engine.layout.relations import pick
from ear_engine.layout.structure import Structure, together


def cut(call: Call) -> Structure:
    """Some places, at even steps."""
    found = call.input()
    dim = int(call["dim"]) % len(found.dims)
    places = np.arange(found.shape[dim])[call.args.get("start") : call.args.get("end") : call["step"]]
    return found.along(dim, len(places), lambda size: pick(places, size))


def select(call: Call) -> Structure:
    """One place, whose dimension is gone."""
    found = call.input()
    dim = int(call["dim"]) % len(found.dims)
    return _one(found, dim, int(call["index"]) % found.shape[dim])


def split(call: Call) -> tuple[Structure, ...]:
    """Pieces one after the other, as long as what came out."""
    found = call.input()
    dim = int(call["dim"]) % len(found.dims)
    ends = list(itertools.accumulate(shape[dim] for shape in call.shapes))
    spans = [np.arange(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    return tuple(found.along(dim, len(p), lambda size, p=p: pick(p, size)) for p in spans)  # type: ignore[misc]


def unbind(call: Call) -> tuple[Structure, ...]:
    """Every place by itself."""
    found = call.input()
    dim = int(call["dim"]) % len(found.dims)
    return tuple(_one(found, dim, place) for place in range(found.shape[dim]))


def flip(call: Call) -> Structure:
    """From the last place to the first."""
    found = call.input()
    for dim in call["dims"]:
        size = found.shape[dim]
        found = found.along(dim % len(found.dims), size, lambda size: pick(np.arange(size)[::-1], size))
    return found


def cat(call: Call) -> Structure:
    """One after the other."""
    tensors = call["tensors"]
    dim = int(call.args.get("dim", 0)) % len(call.shape)
    after, start = call.shape[dim], 0
    parts = []
    for tensor in tensors:
        found, size = call.of(tensor), tensor.shape[dim]
        if found is not None:
            places = np.arange(after) - start
            places[(places < 0) | (places >= size)] = -1
            parts.append(found.along(dim, after, lambda size, p=places: pick(p, size)))  # type: ignore[misc]
        start += size
    return together(parts)


def _one(found: Structure, dim: int, place: int) -> Structure:
    one = found.along(dim, 1, lambda size: pick([place], size))
    return replace(one, dims=one.dims[:dim] + one.dims[dim + 1 :])
