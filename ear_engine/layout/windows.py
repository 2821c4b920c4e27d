"""Rules of operations that slide over places: convolutions, pooling, padding, and interpolation."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from ear_engine.layout.calls import Call
from ear_engine.layout.relations import Relation, blocks, pick, taps, window
from ear_engine.layout.structure import FREE, Structure, Term, Unknown

_POOLING = (("padding", 0), ("dilation", 1))


def convolution(call: Call) -> Structure:
    """Of channels with the last dimensions; weighted by the size of weights, summed over batch and time."""
    given, transposed, groups = call.input("input"), bool(call["transposed"]), int(call["groups"])
    weight = _turned(call["weight"], groups) if transposed else call["weight"]
    channel = given.axis(1)
    if channel is None or channel[0] != "c":
        raise Unknown("convolution over something that is no channel")
    kernels = weight.shape[2:]
    spread = [_spatial(list(call[name]), len(kernels)) for name in ("stride", "padding", "dilation")]
    found = given
    tracked: list[tuple[int, str, list[Relation]]] = []
    dims = list(given.dims)
    for place, kernel in enumerate(kernels):
        axis = given.axis(place + 2)
        after = call.shape[place + 2]
        if axis is None or axis[0] in FREE:
            dims[place + 2] = ((axis[0], after),) if axis else ()
            if axis is None and after != 1:
                raise Unknown("convolution of an axis that is padded out of nothing")
            continue
        stride, pad, dilation = (values[place] for values in spread)
        if transposed:
            found_taps = [sparse.csr_array(tap.T) for tap in taps(after, axis[1], kernel, stride, pad, dilation)]
        else:
            found_taps = taps(axis[1], after, kernel, stride, pad, dilation)
        tracked.append((place, axis[0], found_taps))
        dims[place + 2] = ((axis[0], after),)
    dims[1] = (("c", weight.shape[0]),)
    found = replace(given, dims=tuple(dims))
    if not call.weighted:
        found = found.through("c", blocks(np.ones(weight.shape[:2], np.float32), groups))
        for _, letter, relations in tracked:
            found = found.through(letter, sum(relations[1:], relations[0]))
        return found
    strength = weight.detach().abs().to("cpu", torch.float32)
    free = [place + 2 for place in range(len(kernels)) if place not in {place for place, _, _ in tracked}]
    strength = strength.sum(dim=free) if free else strength
    terms: list[Term] = []
    for tap in itertools.product(*(range(len(relations)) for _, _, relations in tracked)):
        there: tuple[Any, ...] = (..., *tap)
        part = found.through("c", blocks(strength[there].numpy(), groups))
        for (_, letter, relations), number in zip(tracked, tap, strict=True):
            part = part.through(letter, relations[number])
        terms.extend(part.terms)
    return replace(found, terms=tuple(terms))


def pooling(call: Call) -> Structure:
    """Each place reaches all in its window, whether it is the largest or not."""
    found = call.input()
    kernel = list(call["kernel_size"])
    count = len(kernel) if len(kernel) > 1 else len(call.shape) - 2
    stride = _spatial(list(call["stride"] or kernel), count)
    padding, dilation = (_spatial(list(call.args.get(name, [default])), count) for name, default in _POOLING)
    kernel = list(_spatial(kernel, count))
    for place in range(count):
        dim = len(call.shape) - count + place
        numbers = kernel[place], stride[place], padding[place], dilation[place]
        after = call.shape[dim]
        found = found.along(dim, after, lambda before, a=after, n=numbers: window(before, a, *n))  # type: ignore[misc]
    return found


def adaptive_pooling(call: Call) -> Structure:
    """Windows that divide all places among those after."""
    found = call.input()
    for dim in range(2, len(call.shape)):
        found = found.along(dim, call.shape[dim], lambda before, a=call.shape[dim]: _shares(before, a))  # type: ignore[misc]
    return found


def padding(call: Call) -> Structure:
    """With a constant, which nothing reaches."""
    found = call.input()
    pad = list(call["pad"])
    for number in range(len(pad) // 2):
        dim, before = len(call.shape) - 1 - number, pad[2 * number]
        places = np.arange(call.shape[dim]) - before
        size = found.shape[dim]
        places[places >= size] = -1
        found = found.along(dim, len(places), lambda size, p=places: pick(p, size))  # type: ignore[misc]
    return found


def moves(call: Call) -> Structure:
    """Places that are those of other places, such as padding that mirrors: found by moving their numbers."""
    found = call.input()
    for dim in range(1, len(found.dims)):
        size, after = found.shape[dim], call.shape[dim]
        shape = [size if one == dim else 1 for one in range(len(found.dims))]
        numbers = torch.arange(size, dtype=torch.float32).view(shape).expand(1, *found.shape[1:])
        moved = call.again(numbers.contiguous()).movedim(dim, 0).reshape(after, -1)[:, 0]
        places = moved.long().numpy()
        if not np.array_equal(places, np.arange(size)):
            found = found.along(dim, after, lambda size, p=places: pick(p, size))  # type: ignore[misc]
    return found


def interpolation(call: Call) -> Structure:
    """Each place reaches those that it is a mean of: found by sending one place at a time through."""
    found = call.input()
    for dim in range(2, len(call.shape)):
        size, after = found.shape[dim], call.shape[dim]
        sizes = [after if one == dim else 1 for one in range(2, len(call.shape))]
        one = torch.eye(size).view(size, 1, *(size if one == dim else 1 for one in range(2, len(call.shape))))
        relation = sparse.csr_array(call.again(one, output_size=sizes).reshape(size, after).T.abs().numpy())
        found = found.along(dim, after, lambda _, r=relation: r)  # type: ignore[misc]
    return found


def _turned(weight: Tensor, groups: int) -> Tensor:
    """A transposed convolution's weight (in, out / groups, ...) as a convolution's (out, in / groups, ...)."""
    parts = weight.view(groups, -1, *weight.shape[1:]).transpose(1, 2)
    return parts.flatten(0, 1)


def _spatial(values: Sequence[int], count: int) -> Sequence[int]:
    return list(values) * count if len(values) == 1 else values


def _shares(before: int, after: int) -> Relation:
    rows = np.zeros((after, before), np.float32)
    for row in range(after):
        rows[row, row * before // after : -(-(row + 1) * before // after)] = 1.0
    return sparse.csr_array(rows)
