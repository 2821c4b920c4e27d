"""Rules of operations that slide over places: convolutions, pooling, and padding."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from scipy import sparse

from ear_engine.layout.calls import Call
from ear_engine.layout.relations import Relation, blocks, pick, taps, window
from ear_engine.layout.structure import FREE, Structure, Term, Unknown

_POOLING = (("padding", 0), ("dilation", 1))


def convolution(call: Call) -> Structure:
    """Of channels with the last dimensions; weighted by the size of weights, summed over batch and time."""
    if call["transposed"]:
        raise Unknown("convolution, transposed")
    given, weight = call.input("input"), call["weight"]
    channel = given.axis(1)
    if channel is None or channel[0] != "c":
        raise Unknown("convolution over something that is no channel")
    kernels = weight.shape[2:]
    spread = [_spatial(list(call[name]), len(kernels)) for name in ("stride", "padding", "dilation")]
    found = given
    tracked = []
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
        tracked.append((place, axis[0], taps(axis[1], after, kernel, stride, pad, dilation)))
        dims[place + 2] = ((axis[0], after),)
    dims[1] = (("c", weight.shape[0]),)
    found = replace(given, dims=tuple(dims))
    groups = int(call["groups"])
    if not call.weighted:
        found = found.through("c", blocks(np.ones(weight.shape[:2], np.float32), groups))
        for place, letter, _ in tracked:
            stride, pad, dilation = (values[place] for values in spread)
            before, after = given.shape[place + 2], call.shape[place + 2]
            found = found.through(letter, window(before, after, kernels[place], stride, pad, dilation))
        return found
    strength = weight.detach().abs().to("cpu", torch.float32)
    free = [place + 2 for place in range(len(kernels)) if place not in {place for place, _, _ in tracked}]
    strength = strength.sum(dim=free) if free else strength
    terms: list[Term] = []
    for tap in itertools.product(*(range(len(relations)) for _, _, relations in tracked)):
        part = found.through("c", blocks(strength[(..., *tap)].numpy(), groups))
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


def replication(call: Call) -> Structure:
    """With the places at the ends, again and again."""
    found = call.input()
    pad = list(call["padding"])
    for number in range(len(pad) // 2):
        dim = len(call.shape) - 1 - number
        places = np.clip(np.arange(call.shape[dim]) - pad[2 * number], 0, found.shape[dim] - 1)
        found = found.along(dim, len(places), lambda size, p=places: pick(p, size))  # type: ignore[misc]
    return found


def _spatial(values: Sequence[int], count: int) -> Sequence[int]:
    return list(values) * count if len(values) == 1 else values


def _shares(before: int, after: int) -> Relation:
    rows = np.zeros((after, before), np.float32)
    for row in range(after):
        rows[row, row * before // after : -(-(row + 1) * before // after)] = 1.0
    return sparse.csr_array(rows)
