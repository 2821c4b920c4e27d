"""Rules of operations that take tensors apart and put them together: slices, splits, and chains of several."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from ear_engine.layout.calls import Call
from ear_engine.layout.relations import pick
from ear_engine.layout.structure import STACKED, Structure, Unknown, together


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


def stack(call: Call) -> Structure:
    """Beside each other, along a new axis: channels if there are none, else one of its own."""
    tensors = call["tensors"]
    dim = int(call["dim"]) % len(call.shape)
    given = {place: found for place, tensor in enumerate(tensors) if (found := call.of(tensor)) is not None}
    here = {letter for found in given.values() for axes in found.dims for letter, _ in axes}
    reaching = {letter for found in given.values() for term in found.terms for letter in term.axes}
    letter = "c" if "c" not in here else next((one for one in STACKED if one not in here | reaching), None)
    if letter is None:
        raise Unknown("of more stacks than can be told apart")
    if "t" not in here and len(tensors) > 1 and _alike(list(given.values())):
        raise Unknown("of tensors that may be those of several times")
    parts = []
    for place, found in given.items():
        dims = (*found.dims[:dim], ((letter, len(tensors)),), *found.dims[dim:])
        alone = pick([0 if one == place else -1 for one in range(len(tensors))], 1)
        parts.append(replace(found, dims=dims).through(letter, alone))
    return together(parts)


def _alike(parts: list[Structure]) -> bool:
    """Whether the same reaches all of them."""
    first = parts[0].terms
    return all(
        len(part.terms) == len(first) and all(one.is_like(other) for one, other in zip(part.terms, first, strict=True))
        for part in parts[1:]
    )


def _one(found: Structure, dim: int, place: int) -> Structure:
    one = found.along(dim, 1, lambda size: pick([place], size))
    return replace(one, dims=one.dims[:dim] + one.dims[dim + 1 :])
