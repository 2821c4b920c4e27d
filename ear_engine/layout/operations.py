"""What each of PyTorch's own operations does to the structure of tensors: the rules, by the operation's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ear_engine.layout import matrices, pieces, windows
from ear_engine.layout.calls import Call, Rule
from ear_engine.layout.relations import whole
from ear_engine.layout.structure import Structure, Unknown, together


def _elementwise(call: Call) -> Structure:
    """Each place depends on the same place of every tensor; those of one place reach all."""
    every = [replace(p, dims=((),) * (len(call.shape) - len(p.dims)) + p.dims) for p in call.structures.values()]
    parts = []
    for found in every:
        for dim, size in enumerate(call.shape):
            if found.shape[dim] == size:
                continue
            if found.axis(dim) is None:
                # its places are those of a tensor beside it
                axis = next((axis for axis in (part.axis(dim) for part in every) if axis and axis[1] == size), None)
                if axis is None or any(axis[0] == letter for old in found.dims for letter, _ in old):
                    raise Unknown("that makes more places out of one")
                found = replace(found, dims=(*found.dims[:dim], ((axis[0], 1),), *found.dims[dim + 1 :]))
            found = found.along(dim, size, lambda before, size=size: whole(size, before))  # type: ignore[misc]
        parts.append(found)
    return together(parts)


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


def _extreme(call: Call) -> Structure:
    return _elementwise(call) if "other" in call.args else _reduced(call)


def _shares(call: Call) -> Structure:
    """A softmax: every place reaches all along its dimension."""
    found = call.input()
    dim = int(call["dim"]) % len(found.dims)
    return found.along(dim, found.shape[dim], lambda size: whole(size, size))


NONLINEAR = frozenset(
    """
    relu leaky_relu threshold hardtanh hardsigmoid hardswish sigmoid tanh gelu silu elu celu softplus mish
    _prelu_kernel rrelu_with_noise
    """.split()
)
"""Operations whose input is a layer of neurons, if they are in no module that is one."""
CONSTANT = frozenset(
    """
    zeros_like ones_like empty_like full_like rand_like randn_like new_zeros new_ones new_empty new_full
    new_empty_strided gt ge lt le eq ne logical_and logical_or logical_xor logical_not
    bitwise_and bitwise_or bitwise_xor bitwise_not isnan isinf isfinite sign floor ceil round trunc argmax argmin
    """.split()
)
"""Operations that take no more than a shape from their input, or whose derivative is 0, as that of a comparison."""
OVERWRITING = frozenset("copy_ copy fill_ fill zero_ zero normal_ uniform_ bernoulli_ exponential_ random_".split())
"""Operations that leave nothing of the first tensor they are given."""
RESHAPING = frozenset("transpose_ t_ squeeze_ unsqueeze_".split())
"""Operations in place that change a tensor's shape, and no value."""

_ELEMENTWISE = """
    add sub mul div rsub maximum minimum where clamp clamp_min clamp_max exp log log1p sqrt rsqrt square pow abs neg
    reciprocal sin cos atan2 lerp addcmul addcdiv masked_fill clone detach alias _to_copy contiguous dropout
    native_dropout lift_fresh fill copy expand nan_to_num
""".split()
_VIEWS = "view _unsafe_view reshape _reshape_alias flatten".split()
_POOLING = (
    "max_pool1d avg_pool1d max_pool2d max_pool2d_with_indices avg_pool2d max_pool3d_with_indices avg_pool3d".split()
)
_ADAPTIVE_POOLING = """
    _adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d adaptive_avg_pool1d
""".split()
_NORMALIZATIONS = """
    native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training cudnn_batch_norm batch_norm
    native_group_norm native_layer_norm _batch_norm_with_update
""".split()
_MOVES = """
    reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d
    channel_shuffle native_channel_shuffle
""".split()
_INTERPOLATIONS = """
    upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d
    _upsample_nearest_exact3d upsample_linear1d upsample_bilinear2d upsample_trilinear3d upsample_bicubic2d
""".split()

RULES: Mapping[str, Rule] = {
    **dict.fromkeys((*_ELEMENTWISE, *NONLINEAR), _elementwise),
    **dict.fromkeys(_VIEWS, _view),
    # a normalization's mean and deviation are no connections
    **dict.fromkeys(_NORMALIZATIONS, _same),
    **dict.fromkeys(("convolution", "_convolution", "mkldnn_convolution"), windows.convolution),
    **dict.fromkeys(_POOLING, windows.pooling),
    **dict.fromkeys(_ADAPTIVE_POOLING, windows.adaptive_pooling),
    **dict.fromkeys(("mean", "sum", "amax", "amin", "var", "std", "prod", "logsumexp"), _reduced),
    **dict.fromkeys(("max", "min"), _extreme),
    **dict.fromkeys(("_softmax", "_log_softmax"), _shares),
    **dict.fromkeys(_MOVES, windows.moves),
    **dict.fromkeys(_INTERPOLATIONS, windows.interpolation),
    "constant_pad_nd": windows.padding,
    "slice": pieces.cut,
    "select": pieces.select,
    **dict.fromkeys(("split", "split_with_sizes", "chunk", "tensor_split"), pieces.split),
    "unbind": pieces.unbind,
    "flip": pieces.flip,
    "cat": pieces.cat,
    "stack": pieces.stack,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "permute": _permute,
    **dict.fromkeys(("t", "transpose"), _transpose),
    **dict.fromkeys(("mm", "addmm"), matrices.matrix_product),
    "linear": matrices.linear,
}
"""By the operation's name, without the underscore of those that act in place."""


def rule_of(name: str) -> Rule | None:
    """The rule of an operation, if it has one."""
    return RULES.get(name) or RULES.get(name.removesuffix("_"))
