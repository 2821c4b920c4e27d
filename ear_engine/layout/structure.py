"""What a tensor inside a network is made of: from which neurons its places can be reached, axis by axis.

Axes go by letters: ``b`` batch, ``t`` time, ``c`` channels, any other letter a place (``f`` frequency; ``y`` and ``x``
in pictures). Batch and time are not told apart: they are no part of a neuron. Tensors that are stacked make an axis
whose letter is a digit, until it is made one with another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from ear_engine.layout.relations import Relation, identity, pattern, product, same, whole

FREE = "bt"
"""Axes that no neuron has."""

STACKED = "0123456789"
"""Axes of tensors that were stacked."""

Axis = tuple[str, int]
Dimension = tuple[Axis, ...]


class Unknown(Exception):
    """An operation whose connections are not known; the reason is in words."""


@dataclass(frozen=True)
class Term:
    """Neurons of one layer that reach a tensor.

    Args:
        source: name of the layer.
        axes: letter → (places of the tensor, places of the layer). Whatever is reached on every axis is reached. An
            axis that the tensor no longer has, has one place; one that the layer has not, reaches all places alike.
    """

    source: str
    axes: Mapping[str, Relation]

    def at(self, letter: str, places: int) -> Relation:
        """What is reached on an axis of so many places; all of them alike if the layer has no such axis."""
        return self.axes[letter] if letter in self.axes else whole(places, 1)

    def is_like(self, other: Term) -> bool:
        """Whether it reaches the same from the same layer."""
        if self.source != other.source or self.axes.keys() != other.axes.keys():
            return False
        return all(same(relation, other.axes[letter]) for letter, relation in self.axes.items())


@dataclass(frozen=True)
class Structure:
    """What a tensor is made of.

    Args:
        dims: of the tensor, each made of axes, the last one fastest.
        terms: what reaches it.
        weighted: entries of relations are weights; else 1.
    """

    dims: tuple[Dimension, ...]
    terms: tuple[Term, ...]
    weighted: bool = False

    @staticmethod
    def of_layer(name: str, dims: Sequence[Dimension], weighted: bool) -> Structure:
        """A tensor that is a layer's neurons."""
        axes = {letter: identity(size) for dim in dims for letter, size in dim if letter not in FREE}
        axes.setdefault("c", identity(1))
        return Structure(tuple(dims), (Term(name, axes),), weighted)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor."""
        return tuple(prod(size for _, size in dim) for dim in self.dims)

    @property
    def is_layer(self) -> bool:
        """Whether it is a layer's neurons as they are, in any shape."""
        if len(self.terms) != 1:
            return False
        left = {letter for dim in self.dims for letter, _ in dim} | {"c"}
        axes = self.terms[0].axes
        return all(same(relation, identity(relation.shape[1])) for relation in axes.values()) and (
            left.issuperset(letter for letter, relation in axes.items() if relation.shape[1] > 1)
            and all(letter in axes for letter in left - set(FREE))
        )

    def check(self) -> Structure:
        """The same, if no axis is in it twice, and all that reaches it reaches the places that it has.

        Raises:
            Unknown: else.
        """
        sizes = [axis for dim in self.dims for axis in dim if axis[0] not in FREE]
        places = dict(sizes)
        if len(places) != len(sizes):
            raise Unknown(f"that has an axis twice ({sizes})")
        for term in self.terms:
            for letter, relation in term.axes.items():
                if relation.shape[0] != places.get(letter, 1):
                    raise Unknown(f"{relation.shape[0]} places of axis {letter}, of which there are {places}")
        return self

    def axis(self, dim: int) -> Axis | None:
        """The one axis of a dimension; None if it has none. Of several with one place, one that neurons have.

        Raises:
            Unknown: it has several.
        """
        axes = tuple(axis for axis in self.dims[dim] if axis[1] > 1)
        axes = axes or tuple(axis for axis in self.dims[dim] if axis[0] not in FREE)[:1] or self.dims[dim][:1]
        if len(axes) > 1:
            raise Unknown("along axes that were made one")
        return axes[0] if axes else None

    def along(self, dim: int, after: int, relate: Callable[[int], Relation]) -> Structure:
        """The same after something along a dimension that leaves ``after`` places; ``relate`` is given those before."""
        axis = self.axis(dim)
        if axis is None:
            if after != 1:
                raise Unknown("places out of nothing")
            return self
        letter, before = axis
        dims = tuple(((letter, after),) if place == dim else old for place, old in enumerate(self.dims))
        moved = replace(self, dims=dims)
        return moved if letter in FREE else moved.through(letter, relate(before))

    def through(self, letter: str, relation: Relation) -> Structure:
        """The same after ``relation`` on an axis; dimensions are not changed."""
        terms = []
        for term in self.terms:
            found = relation @ term.at(letter, relation.shape[1])
            if not found.nnz:  # nothing of it is left
                continue
            terms.append(replace(term, axes={**term.axes, letter: found if self.weighted else pattern(found)}))
        return replace(self, terms=tuple(terms))

    def gone(self, dim: int) -> Structure:
        """Without a dimension of one place."""
        return replace(self, dims=self.dims[:dim] + self.dims[dim + 1 :])

    def viewed(self, shape: Sequence[int]) -> Structure:
        """With the same values in another shape.

        Raises:
            Unknown: an axis would be cut.
        """
        axes = [axis for dim in self.dims for axis in dim]
        dims: list[Dimension] = []
        for size in shape:
            taken: list[Axis] = []
            if size == 1 and axes and axes[0][1] == 1:
                taken.append(axes.pop(0))
            while prod(count for _, count in taken) < size and axes:
                taken.append(axes.pop(0))
            if prod(count for _, count in taken) != size:
                raise Unknown(f"a view that cuts an axis ({self.shape} as {tuple(shape)})")
            dims.append(tuple(taken))
        found = replace(self, dims=tuple(dims))
        for dim in range(len(dims)):
            found = found._unstacked(dim)
        return found

    def _unstacked(self, dim: int) -> Structure:
        """With stacked axes made one with what they are beside in a dimension, unless a layer has them."""
        axes = [axis for axis in self.dims[dim] if axis[1] > 1 or axis[0] not in FREE]
        letters = "".join(letter for letter, _ in axes)
        stacked = [axis for axis in axes if axis[0] in STACKED]
        if not 0 < len(stacked) < len(axes) or len(axes) > len(stacked) + 1 or set(letters) & set(FREE):
            return self
        if any(term.at(*axis).shape[1] > 1 for term in self.terms for axis in stacked):
            return self
        ((kept, _),) = (axis for axis in axes if axis not in stacked)
        terms = []
        for term in self.terms:
            joined = product([term.at(*axis) for axis in axes])
            left = {letter: relation for letter, relation in term.axes.items() if letter not in letters}
            terms.append(replace(term, axes={**left, kept: joined}))
        dims = (*self.dims[:dim], ((kept, self.shape[dim]),), *self.dims[dim + 1 :])
        return replace(self, dims=dims, terms=tuple(terms))

    def reduced(self, dim: int, keep: bool) -> Structure:
        """After a mean, a sum or a maximum over a dimension."""
        found = self
        for letter, size in self.dims[dim]:
            if letter not in FREE:
                found = found.through(letter, whole(1, size))
        left = tuple((letter, 1) for letter, _ in self.dims[dim][:1])
        dims = found.dims[:dim] + ((left,) if keep else ()) + found.dims[dim + 1 :]
        return replace(found, dims=dims)


def together(parts: Sequence[Structure]) -> Structure:
    """What a sum of tensors of one shape is made of.

    Raises:
        Unknown: their axes are not the same.
    """
    first = parts[0]
    for part in parts[1:]:
        mine = [[axis for axis in dim if axis[1] > 1] for dim in first.dims]
        other = [[axis for axis in dim if axis[1] > 1] for dim in part.dims]
        if mine != other:
            raise Unknown(f"tensors of different axes ({mine} and {other})")
    terms: list[Term] = []
    for part in parts:
        terms.extend(term for term in part.terms if not any(term.is_like(other) for other in terms))
    return replace(first, terms=tuple(terms))


def everything(parts: Sequence[Structure], shape: Sequence[int]) -> Structure:
    """A tensor of that shape, all of whose places are reached by all that reaches ``parts``.

    Its dimensions are those of the first, as far as they go.
    """
    first = parts[0]
    letters = [dim[0][0] if len(dim) == 1 else "" for dim in first.dims]
    if len(letters) != len(shape) or "" in letters:
        taken = {letter for part in parts for term in part.terms for letter in term.axes}
        free = [letter for letter in "xyzuvwijklmnopq" if letter not in taken]
        letters = ["b", "c", *free][: len(shape)]
    sizes = {letter: size for letter, size in zip(letters, shape, strict=True) if letter not in FREE}
    terms = []
    for term in (term for part in parts for term in part.terms):
        axes = {letter: _reached(relation, sizes.get(letter, 1)) for letter, relation in term.axes.items()}
        terms.append(Term(term.source, axes))
    return Structure(
        tuple(((letter, size),) for letter, size in zip(letters, shape, strict=True)), tuple(terms), first.weighted
    )


def _reached(relation: Relation, places: int) -> Relation:
    found = pattern(whole(1, relation.shape[0]) @ relation)
    return whole(places, 1) @ found
