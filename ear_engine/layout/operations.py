"""What each of PyTorch's own operations does to the structure of tensors: the rules, by the operation's name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from ear_engine.layout.relations import Relation, blocks, pick, taps, whole, window
from ear_engine.layout.structure import FREE, Structure, Term, Unknown, together


@dataclass(frozen=True)
class Call:
    """One operation as it ran.

    Args:
        args: all arguments, by the names of the operation's schema.
        structures: of the tensors among them (also in lists) that have one, by ``id``.
        shape: of what came out (the first, if it is several tensors).
        weighted: whether weights count.
    """

    args: Mapping[str, Any]
    structures: Mapping[int, Structure]
    shape: tuple[int, ...]
    weighted: bool

    def __getitem__(self, name: str) -> Any:
        return self.args[name]

    def of(self, value: object) -> Structure | None:
        """Structure of a tensor among the arguments; None if nothing that is traced reaches it."""
        return self.structures.get(id(value))

    def input(self, name: str = "self") -> Structure:
        """Structure of an argument that must have one.

        Raises:
            Unknown: another argument has one instead.
        """
        found = self.of(self.args[name])
        if found is None or len(self.structures) > 1:
            raise Unknown("of several tensors that depend on neurons")
        return found


Rule = Callable[[Call], Structure]


def _elementwise(call: Call) -> Structure:
    """Each place depends on the same place of every tensor; those of one place reach all."""
    parts = []
    for part in call.structures.values():
        dims = ((),) * (len(call.shape) - len(part.dims)) + part.dims
        found = replace(part, dims=dims)
        for dim, size in enumerate(call.shape):
            if found.shape[dim] != size and found.axis(dim) is not None:
                found = found.along(dim, size, lambda before, size=size: whole(size, before))  # type: ignore[misc]
        parts.append(found)
    full = [part for part in parts if part.shape == call.shape]
    if not full or len(full) != len(parts):
        raise Unknown("that makes more places out of one")
    return together(full)


def _same(call: Call) -> Structure:
    return call.input("input" if "input" in call.args else "self")


def _convolution(call: Call) -> Structure:
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


def _spatial(values: Sequence[int], count: int) -> Sequence[int]:
    return list(values) * count if len(values) == 1 else values


def _pooling(call: Call) -> Structure:
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


_POOLING = (("padding", 0), ("dilation", 1))


def _adaptive(call: Call) -> Structure:
    found = call.input()
    for dim in range(2, len(call.shape)):
        found = found.along(dim, call.shape[dim], lambda before, a=call.shape[dim]: _shares(before, a))  # type: ignore[misc]
    return found


def _shares(before: int, after: int) -> Relation:
    rows = np.zeros((after, before), np.float32)
    for row in range(after):
        rows[row, row * before // after : -(-(row + 1) * before // after)] = 1.0
    return sparse.csr_array(rows)


def _reduced(call: Call) -> Structure:
    found = call.input()
    count = len(found.dims)
    given = call.args.get("dim")
    chosen = range(count) if given is None else [given] if isinstance(given, int) else given
    for dim in sorted({dim % count for dim in chosen}, reverse=True):
        found = found.reduced(dim, bool(call.args.get("keepdim")))
    return found


def _padded(call: Call) -> Structure:
    found = call.input()
    pad = list(call["pad"])
    for number in range(len(pad) // 2):
        dim, before = len(call.shape) - 1 - number, pad[2 * number]
        places = np.arange(call.shape[dim]) - before
        size = found.shape[dim]
        places[places >= size] = -1
        found = found.along(dim, len(places), lambda size, p=places: pick(p, size))  # type: ignore[misc]
    return found


def _repeated_ends(call: Call) -> Structure:
    found = call.input()
    pad = list(call["padding"])
    for number in range(len(pad) // 2):
        dim = len(call.shape) - 1 - number
        places = np.clip(np.arange(call.shape[dim]) - pad[2 * number], 0, found.shape[dim] - 1)
        found = found.along(dim, len(places), lambda size, p=places: pick(p, size))  # type: ignore[misc]
    return found


def _slice(call: Call) -> Structure:
    found = call.input()
    dim = int(call["dim"]) % len(found.dims)
    places = np.arange(found.shape[dim])[call.args.get("start") : call.args.get("end") : call["step"]]
    return found.along(dim, len(places), lambda size: pick(places, size))


def _select(call: Call) -> Structure:
    found = call.input()
    dim = int(call["dim"]) % len(found.dims)
    place = int(call["index"]) % found.shape[dim]
    return found.along(dim, 1, lambda size: pick([place], size)).gone(dim)


def _flip(call: Call) -> Structure:
    found = call.input()
    for dim in call["dims"]:
        size = found.shape[dim]
        found = found.along(dim, size, lambda size: pick(np.arange(size)[::-1], size))
    return found


def _cat(call: Call) -> Structure:
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


def _view(call: Call) -> Structure:
    return call.input().viewed(call.shape)


def _unsqueeze(call: Call) -> Structure:
    found = call.input()
    dim = int(call["dim"]) % len(call.shape)
    return replace(found, dims=(*found.dims[:dim], (), *found.dims[dim:]))


def _squeeze(call: Call) -> Structure:
    found = call.input()
    given = call.args.get("dim")
    chosen = range(len(found.dims)) if given is None else [given] if isinstance(given, int) else given
    for dim in sorted({dim % len(found.dims) for dim in chosen}, reverse=True):
        if found.shape[dim] == 1:
            found = found.gone(dim)
    return found


def _expand(call: Call) -> Structure:
    return _elementwise(call)


def _permute(call: Call) -> Structure:
    found = call.input()
    return replace(found, dims=tuple(found.dims[dim] for dim in call["dims"]))


def _transpose(call: Call) -> Structure:
    found = call.input()
    dims = list(found.dims)
    first, second = (int(call["dim0"]), int(call["dim1"])) if "dim0" in call.args else (0, 1)
    if len(dims) > 1:
        dims[first], dims[second] = dims[second], dims[first]
    return replace(found, dims=tuple(dims))


def _product(call: Call) -> Structure:
    left, right = ("mat1", "mat2") if "mat1" in call.args else ("self", "mat2")
    found, weight = call.of(call[left]), call[right]
    if found is None or call.of(weight) is not None or len(call.structures) > 1:
        raise Unknown("a product in which the neurons are not on the left alone")
    return _linear(found, weight.T if call.weighted else None, int(weight.shape[1]))


def _linear_layer(call: Call) -> Structure:
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
                    relations[letter] = _ones(1, size, relations[letter])
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


_ELEMENTWISE = """
    add sub mul div rsub maximum minimum where relu leaky_relu threshold hardtanh hardsigmoid hardswish sigmoid tanh
    gelu silu elu celu softplus mish prelu _prelu_kernel clamp clamp_min clamp_max exp log log1p sqrt rsqrt square pow
    abs neg reciprocal sin cos atan2 lerp clone detach alias _to_copy contiguous dropout native_dropout lift_fresh fill
    copy expand nan_to_num
""".split()
_VIEWS = "view _unsafe_view reshape _reshape_alias flatten".split()
_NORMALIZATIONS = """
    native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training cudnn_batch_norm batch_norm
    native_group_norm native_layer_norm _batch_norm_with_update
""".split()

RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_ELEMENTWISE, _elementwise),
    **dict.fromkeys(_VIEWS, _view),
    # a normalization's mean and deviation are no connections
    **dict.fromkeys(_NORMALIZATIONS, _same),
    **dict.fromkeys(("convolution", "_convolution", "mkldnn_convolution"), _convolution),
    **dict.fromkeys(("max_pool2d_with_indices", "max_pool2d", "avg_pool2d", "max_pool3d_with_indices"), _pooling),
    **dict.fromkeys(("avg_pool1d", "max_pool1d"), _pooling),
    **dict.fromkeys(("_adaptive_avg_pool2d", "adaptive_max_pool2d", "adaptive_avg_pool1d"), _adaptive),
    **dict.fromkeys(("mean", "sum", "amax", "amin"), _reduced),
    "constant_pad_nd": _padded,
    **dict.fromkeys(("replication_pad1d", "replication_pad2d"), _repeated_ends),
    "slice": _slice,
    "select": _select,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "flip": _flip,
    "cat": _cat,
    "permute": _permute,
    **dict.fromkeys(("t", "transpose"), _transpose),
    **dict.fromkeys(("mm", "addmm"), _product),
    "linear": _linear_layer,
}
"""By the operation's name, without the underscore of those that act in place."""
