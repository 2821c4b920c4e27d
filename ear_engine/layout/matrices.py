"""Rules of operations that multiply with a matrix."""

from __future__ import annotations

import itertools
from dataclasses import replace

import torch
from torch import Tensor

from ear_engine.layout.calls import Call
from ear_engine.layout.relations import Relation, blocks, pick, whole
from ear_engine.layout.structure import FREE, Structure, Term, Unknown


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
    """A matrix on the last dimension, all of whose axes become channels; ``weight`` (out, in) if it counts."""
    axes = [axis for axis in given.dims[-1] if axis[0] not in FREE]
    if len(axes) != len(given.dims[-1]) or not axes:
        raise Unknown("a matrix over time")
    dims = (*given.dims[:-1], (("c", after),))
    if weight is None:
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
    strength = weight.detach().abs().to("cpu", torch.float32).reshape(after, *(size for _, size in axes))
    letters = [letter for letter, _ in axes]
    if "c" not in letters:
        raise Unknown("a matrix that leaves channels out")
    strength = strength.movedim(letters.index("c") + 1, 1)
    others = [axis for axis in axes if axis[0] != "c"]
    parts: list[Term] = []
    strength = strength.flatten(2) if others else strength[..., None]
    for number, places in enumerate(itertools.product(*(range(size) for _, size in others))):
        part = replace(given, dims=dims).through("c", blocks(strength[:, :, number].numpy(), 1))
        for (letter, size), place in zip(others, places, strict=True):
            part = part.through(letter, pick([place], size))
        parts.extend(part.terms)
    return replace(given, dims=dims, terms=tuple(parts))


def _ones(after: int, before: int, relation: Relation) -> Relation:
    found = whole(after, before) @ relation
    found.data[:] = 1.0
    return found
