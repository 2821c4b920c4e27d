"""Rules of operations that multiply with a matrix."""

from __future__ import annotations

import itertools
from dataclasses import replace

import torch
from torch import Tensor

from ear_engine.layout.calls import Call
from ear_engine.layout.relations import Relation, blocks, pick, whole
from ear_engine.layout.structure import FREE, Axis, Structure, Term, Unknown


def matrix_product(call: Call) -> Structure:
    """Neurons times a matrix (in, out), a bias beside it or not."""
    left, right = ("mat1", "mat2") if "mat1" in call.args else ("self", "mat2")
    found, weight = call.of(call[left]), call[right]
    if found is None or call.of(weight) is not None or len(call.structures) > 1:
        raise Unknown("a product in which the neurons are not on the left alone")
    return _linear(found, weight.T if call.weighted else None, int(weight.shape[1]))


def linear(call: Call) -> Structure:
    """A layer's weights, (out, in)."""
    return _linear(call.input("input"), call["weight"] if call.weighted else None, int(call["weight"].shape[0]))


def _linear(given: Structure, weight: Tensor | None, after: int) -> Structure:
    """A matrix on the last dimension; ``weight`` (out, in) if it counts.

    Channels among its axes, or none anywhere, and all of them become channels. Where channels are another dimension's,
    its one axis keeps its letter, with other places.
    """
    axes = [axis for axis in given.dims[-1] if axis[0] not in FREE or axis[1] > 1]
    if not axes or any(letter in FREE for letter, _ in axes):
        raise Unknown("a matrix over time")
    strength = None if weight is None else weight.detach().abs().to("cpu", torch.float32)
    letters = [letter for letter, _ in axes]
    if "c" not in letters and any(letter == "c" for dim in given.dims[:-1] for letter, _ in dim):
        return _over_places(given, axes, strength, after)
    dims = (*given.dims[:-1], (("c", after),))
    if strength is None:
        terms = []
        for term in replace(given, dims=dims).terms:
            relations = dict(term.axes)
            for letter, size in axes:
                if letter != "c":
                    relations[letter] = _ones(1, size, term.at(letter, size))
            width = relations["c"].shape[0]
            relations["c"] = _ones(after, width, relations["c"])
            terms.append(replace(term, axes=relations))
        return replace(given, dims=dims, terms=tuple(terms))
    channel = letters.index("c") if "c" in letters else 0
    sizes = [size for _, size in axes] if "c" in letters else [1, *(size for _, size in axes)]
    others = [axis for axis in axes if axis[0] != "c"]
    strength = strength.reshape(after, *sizes).movedim(channel + 1, 1)
    parts: list[Term] = []
    strength = strength.flatten(2) if others else strength[..., None]
    for number, places in enumerate(itertools.product(*(range(size) for _, size in others))):
        part = replace(given, dims=dims).through("c", blocks(strength[:, :, number].numpy(), 1))
        for (letter, size), place in zip(others, places, strict=True):
            part = part.through(letter, pick([place], size))
        parts.extend(part.terms)
    return replace(given, dims=dims, terms=tuple(parts))


def _over_places(given: Structure, axes: list[Axis], strength: Tensor | None, after: int) -> Structure:
    """A matrix over the places of each channel alike, as mixers have them; ``strength`` (out, in) if it counts."""
    if len(axes) > 1:
        raise Unknown("a matrix over several axes, with channels apart")
    ((letter, before),) = axes
    relation = whole(after, before) if strength is None else blocks(strength.numpy(), 1)
    return replace(given, dims=(*given.dims[:-1], ((letter, after),))).through(letter, relation)


def _ones(after: int, before: int, relation: Relation) -> Relation:
    found = whole(after, before) @ relation
    found.data[:] = 1.0
    return found
