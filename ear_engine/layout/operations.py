"""What each of PyTorch's own operations does to the structure of tensors: the rules, by the operation's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ear_engine.layout import matrices, windows
from ear_engine.layout.calls import Call, Rule
from ear_engine.layout.relations import pick, whole
from ear_engine.layout.structure import Structure, Unknown, together


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


def _reduced(call: Call) -> Structure:
    found = call.input()
    count = len(found.dims)
    given = call.args.get("dim")
    chosen = range(count) if given is None else [given] if isinstance(given, int) else given
    for dim in sorted({dim % count for dim in chosen}, reverse=True):
        found = found.reduced(dim, bool(call.args.get("keepdim")))
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


_ELEMENTWISE = """
    add sub mul div rsub maximum minimum where relu leaky_relu threshold hardtanh hardsigmoid hardswish sigmoid tanh
    gelu silu elu celu softplus mish prelu _prelu_kernel clamp clamp_min clamp_max exp log log1p sqrt rsqrt square pow
    abs neg reciprocal sin cos atan2 lerp clone detach alias _to_copy contiguous dropout native_dropout lift_fresh fill
    copy expand nan_to_num
""".split()
_VIEWS = "view _unsafe_view reshape _reshape_alias flatten".split()
_POOLING = "max_pool1d avg_pool1d max_pool2d max_pool2d_with_indices avg_pool2d max_pool3d_with_indices".split()
_NORMALIZATIONS = """
    native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training cudnn_batch_norm batch_norm
    native_group_norm native_layer_norm _batch_norm_with_update
""".split()

RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_ELEMENTWISE, _elementwise),
    **dict.fromkeys(_VIEWS, _view),
    # a normalization's mean and deviation are no connections
    **dict.fromkeys(_NORMALIZATIONS, _same),
    **dict.fromkeys(("convolution", "_convolution", "mkldnn_convolution"), windows.convolution),
    **dict.fromkeys(_POOLING, windows.pooling),
    **dict.fromkeys(("_adaptive_avg_pool2d", "adaptive_max_pool2d", "adaptive_avg_pool1d"), windows.adaptive_pooling),
    **dict.fromkeys(("mean", "sum", "amax", "amin"), _reduced),
    "constant_pad_nd": windows.padding,
    **dict.fromkeys(("replication_pad1d", "replication_pad2d"), windows.replication),
    "slice": _slice,
    "select": _select,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "flip": _flip,
    "cat": _cat,
    "permute": _permute,
    **dict.fromkeys(("t", "transpose"), _transpose),
    **dict.fromkeys(("mm", "addmm"), matrices.matrix_product),
    "linear": matrices.linear,
}
"""By the operation's name, without the underscore of those that act in place."""
