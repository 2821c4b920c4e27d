"""Tensors that share memory: what is written into a part of one is in all of them.

``y[:, :2] += z`` writes into a view of ``y`` that nobody reads again. So memory is known by the first tensor that had
it, the whole, and what is written into a view is taken over there.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.layout.relations import pick
from ear_engine.layout.structure import FREE, Structure, Unknown, together


class Memory:
    """What every tensor is made of; of those that depend on no neuron nothing is known."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[Tensor, Structure]] = {}  # with the tensor, so that no other takes its id
        self._wholes: dict[int, Tensor] = {}
        self._views: dict[int, set[int]] = {}

    def note(self, tensor: Tensor) -> None:
        """Take it for the whole of its memory, if it is the first that has it."""
        self._wholes.setdefault(_key(tensor), tensor)

    def of(self, tensor: Tensor) -> Structure | None:
        """What it is made of; None if no neuron reaches it.

        Raises:
            Unknown: it shows memory that others have, in a way that cannot be followed.
        """
        if id(tensor) in self._found:
            return self._found[id(tensor)][1]
        whole = self._wholes.get(_key(tensor))
        found = self._found.get(id(whole))
        return _read(found[1], tensor, whole) if found and whole is not None else None

    def keep(self, tensor: Tensor, structure: Structure) -> None:
        """From here on it is made of ``structure``; nothing was written."""
        self.note(tensor)
        self._found[id(tensor)] = tensor, structure
        self._views.setdefault(_key(tensor), set()).add(id(tensor))

    def write(self, tensor: Tensor, structure: Structure | None) -> None:
        """Its values were written over by what is made of ``structure``.

        Raises:
            Unknown: what that makes of the whole cannot be said.
        """
        whole = self._wholes.setdefault(_key(tensor), tensor)
        before = self._found.get(id(whole))
        self.replace(tensor, structure, _write(before[1] if before else None, structure, tensor, whole))

    def whole(self, tensor: Tensor) -> tuple[tuple[int, ...], Structure | None]:
        """Shape of the whole it is part of, and what that is made of."""
        whole = self._wholes.get(_key(tensor), tensor)
        found = self._found.get(id(whole))
        return tuple(whole.shape), found[1] if found else None

    def replace(self, tensor: Tensor, structure: Structure | None, all_of_it: Structure | None) -> None:
        """From here on it is made of ``structure``, and the whole that it is part of, of ``all_of_it``."""
        key = _key(tensor)
        for view in self._views.pop(key, set()):
            del self._found[view]
        for one, found in ((tensor, structure), (self._wholes[key], all_of_it)):
            if found is not None:
                self.keep(one, found)


@dataclass(frozen=True)
class _Part:
    """Where a view lies in the whole: which dimensions of the whole it has, and which places of each."""

    dims: tuple[int, ...]
    places: tuple[NDArray[np.int64], ...]


def _key(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata) if tensor.layout == torch.strided else id(tensor)


def _is_all(view: Tensor, whole: Tensor) -> bool:
    """Whether they have the same places in the same order, in any shape."""
    return view.numel() == whole.numel() and view.is_contiguous() and whole.is_contiguous()


def _read(found: Structure, view: Tensor, whole: Tensor) -> Structure:
    if _is_all(view, whole):
        return found.viewed(tuple(view.shape))
    parts = _parts(view, whole)
    for dim, places in enumerate(parts[0].places):
        if len(places) != whole.shape[dim]:
            found = found.along(dim, len(places), lambda size, p=places: pick(p, size))  # type: ignore[misc]
    # a dimension of one place may be any
    dims = zip(*(part.dims for part in parts), strict=True)
    return replace(found, dims=tuple(found.dims[mine[0]] if len(set(mine)) == 1 else () for mine in dims))


def _write(before: Structure | None, new: Structure | None, view: Tensor, whole: Tensor) -> Structure | None:
    if view.shape == whole.shape and view.stride() == whole.stride():
        return new
    if _is_all(view, whole):
        return new.viewed(tuple(whole.shape)) if new else None
    parts = _parts(view, whole)
    left = _outside(before, parts[0]) if before else []
    if new is not None:
        shape = tuple(whole.shape)
        left.append(_inside(before, new, _fitting(before, new, parts, shape), shape))
    return together(left) if left else None


def _fitting(before: Structure | None, new: Structure, parts: list[_Part], shape: tuple[int, ...]) -> _Part:
    """The one whose axes are those of what is written; where nothing is known of them, in the same order."""

    def fits(part: _Part) -> bool:
        for place, dim in enumerate(part.dims):
            mine, there = new.axis(place), before.axis(dim) if before else None
            if mine and there and mine[0] != there[0]:
                return False
            if mine and not before and mine[0] in FREE and len(part.places[dim]) < shape[dim]:
                return False
        return before is not None or list(part.dims) == sorted(part.dims)

    if len(new.dims) == len(shape) and parts[0].dims == tuple(range(len(shape))):
        return parts[0]
    found = [part for part in parts if fits(part)]
    if not found or (len(found) > 1 and before is None):
        raise Unknown("places of axes that are not known yet")
    return found[0]


def _outside(before: Structure, part: _Part) -> list[Structure]:
    """What is left of the whole; all of it if only some time was written over, which is not told apart."""
    beyond = [dim for dim, places in enumerate(part.places) if len(places) < before.shape[dim]]
    axes = {dim: before.axis(dim) for dim in beyond}
    if any(axis is None or axis[0] in FREE for axis in axes.values()):
        return [before]
    found, within = [], before
    for dim in beyond:
        size = before.shape[dim]
        inside = np.isin(np.arange(size), part.places[dim])
        rest, kept = (np.where(chosen, np.arange(size), -1) for chosen in (~inside, inside))
        found.append(within.along(dim, size, lambda size, p=rest: pick(p, size)))  # type: ignore[misc]
        within = within.along(dim, size, lambda size, p=kept: pick(p, size))  # type: ignore[misc]
    return found


def _inside(before: Structure | None, new: Structure, part: _Part, shape: tuple[int, ...]) -> Structure:
    """What was written, where it lies in the whole."""
    dims = [new.dims[part.dims.index(dim)] if dim in part.dims else () for dim in range(len(shape))]
    here = {letter for dim in dims for letter, _ in dim}
    gone = {letter for term in new.terms for letter in term.axes} - here
    for dim, size in enumerate(shape):
        axis = before.axis(dim) if before else None
        if size > 1 and axis is not None and all(count == 1 for _, count in dims[dim]):
            dims[dim] = ((axis[0], 1),)
        elif size > 1 and not dims[dim] and len(gone) == 1:  # one place of what has an axis elsewhere
            dims[dim] = ((gone.pop(), 1),)
    found = replace(new, dims=tuple(dims))
    letters = [letter for dim in dims for letter, _ in dim]
    if len(set(letters)) != len(letters) or found.shape != tuple(len(places) for places in part.places):
        raise Unknown("places of axes that are not known yet")
    for dim, (size, places) in enumerate(zip(shape, part.places, strict=True)):
        if len(places) != size:
            back = np.full(size, -1)
            back[places] = np.arange(len(places))
            found = found.along(dim, size, lambda before, p=back: pick(p, before))  # type: ignore[misc]
    return found


def _parts(view: Tensor, whole: Tensor) -> list[_Part]:
    """How a view lies in the whole: in several ways, if it has dimensions of one place.

    Raises:
        Unknown: it is no block of places.
    """
    strides, shape = whole.stride(), whole.shape
    wide = [dim for dim in range(whole.dim()) if shape[dim] > 1]
    unknown = Unknown("a view that is no block of places of what it shows")
    if view.dtype != whole.dtype or any(strides[dim] == 0 for dim in wide):
        raise unknown
    offset = int(view.storage_offset()) - int(whole.storage_offset())
    starts = [0] * whole.dim()
    for dim in sorted(wide, key=lambda dim: -strides[dim]):
        starts[dim], offset = divmod(offset, strides[dim])
    if offset or any(not 0 <= starts[dim] < shape[dim] for dim in wide):
        raise unknown
    found = []
    for chosen in itertools.permutations(range(whole.dim()), view.dim()):
        places = [np.array([start]) for start in starts]
        for dim, size, stride in zip(chosen, view.shape, view.stride(), strict=True):
            if size > 1:
                step = stride // strides[dim] if dim in wide and stride % strides[dim] == 0 else 0
                places[dim] = starts[dim] + step * np.arange(size)
        if all(len(mine) == len(set(mine.tolist())) and mine[-1] < shape[dim] for dim, mine in enumerate(places)):
            found.append(_Part(chosen, tuple(places)))
    if not found:
        raise unknown
    return found
