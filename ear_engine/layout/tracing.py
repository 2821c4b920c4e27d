"""From any network to its connections: it runs once, and every operation says what became of its neurons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from ear_engine.ear.activations import NONLINEARITIES
from ear_engine.errors import UserError
from ear_engine.layout.calls import Call
from ear_engine.layout.operations import RULES
from ear_engine.layout.relations import Relation, product, whole
from ear_engine.layout.structure import FREE, Dimension, Structure, Term, Unknown


@dataclass(frozen=True)
class TracedLayer:
    """A layer of neurons, as the network has it.

    Args:
        name: ``encoder_3_conv1``.
        channels: and
        places: beside each other in each channel, all axes but channels, batch and time.
        axes: letters and sizes of the places, the last one fastest.
    """

    name: str
    channels: int
    places: int
    axes: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Connection:
    """Neurons of one layer that are heard by another: all pairs that both relations have.

    Shapes:
        channels: (channels of the target, channels of the source), entries are weights
        places: (places of the target, places of the source)
    """

    source: str
    target: str
    channels: Relation
    places: Relation


@dataclass(frozen=True)
class Traced:
    """Layers in the order they were computed, and what connects them."""

    layers: tuple[TracedLayer, ...]
    connections: tuple[Connection, ...]


def trace(
    network: nn.Module,
    run: Callable[[], object],
    inputs: Mapping[str, Tensor],
    axes: str,
    *,
    weighted: bool = False,
    dense: bool = False,
) -> Traced:
    """Connections between the nonlinearities of a network.

    Args:
        network: any module; each nonlinearity among its modules is a layer, twice if it runs twice.
        run: runs it once.
        inputs: tensors that it is run on, which are layers of these names too.
        axes: what the dimensions of the inputs are, a letter each (``bcft``): b batch, t time, c channels.
        weighted: connections count by the size of the weights; else each counts 1.
        dense: where something is not known, assume that everything reaches everything.

    Raises:
        UserError: the network does something whose connections are not known; module and operation are named.
    """
    tracer = _Tracer(weighted, dense)
    for name, tensor in inputs.items():
        dims = tuple(((letter, size),) for letter, size in zip(axes, tensor.shape, strict=True))
        tracer.layer(name, tensor, dims)
    handles = []
    for path, module in network.named_modules():
        handles.append(module.register_forward_pre_hook(tracer.entering(path)))
        handles.append(module.register_forward_hook(tracer.leaving))
    try:
        with torch.no_grad(), tracer:
            run()
    finally:
        for handle in handles:
            handle.remove()
    return Traced(tuple(tracer.layers), tuple(tracer.connections))


class _Tracer(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, weighted: bool, dense: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._weighted, self._dense = weighted, dense
        self._found: dict[int, tuple[Tensor, Structure]] = {}  # with the tensor, so that no other takes its id
        self._inside: list[str] = []
        self.layers: list[TracedLayer] = []
        self.connections: list[Connection] = []

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        names = [argument.name for argument in func._schema.arguments]
        defaults = {a.name: a.default_value for a in func._schema.arguments if a.has_default_value()}
        given = {**defaults, **dict(zip(names, args, strict=False)), **(kwargs or {})}
        structures = {}
        for value in given.values():
            for tensor in value if isinstance(value, list | tuple) else (value,):
                if isinstance(tensor, Tensor) and id(tensor) in self._found:
                    structures[id(tensor)] = self._found[id(tensor)][1]
        if structures:
            self._follow(func, given, structures, result)
        return result

    def _follow(self, func: Any, given: Mapping[str, Any], structures: dict[int, Structure], result: Any) -> None:
        name = str(func._schema.name).partition("::")[2]
        rule = RULES.get(name) or RULES.get(name.removesuffix("_"))
        out = result[0] if isinstance(result, tuple | list) else result
        if not isinstance(out, Tensor):
            return
        try:
            if rule is None:
                raise Unknown("")
            call = Call(given, structures, tuple(out.shape), self._weighted)
            found = rule(call)
            if found.shape != tuple(out.shape):
                raise Unknown(f"that gives {tuple(out.shape)} where {found.shape} is expected")
            several = [one for one in result[1:] if isinstance(one, Tensor)] if name in _SPLITS else []
            if several:
                raise Unknown("")
        except Unknown as reason:
            if not self._dense:
                where = self._inside[-1] if self._inside else ""
                raise UserError(
                    f"layer {where or 'of the network'}",
                    f"has connections that are not known ({name}{' ' if str(reason) else ''}{reason})",
                    "lay it out with --dense, as if everything there reached everything",
                    "unknown_layer_kind",
                ) from None
            found = _everything(structures, tuple(out.shape))
        self._found[id(out)] = (out, found)

    def layer(self, name: str, tensor: Tensor, dims: Sequence[Dimension]) -> None:
        """From here on ``tensor`` is the neurons of a layer."""
        axes = [axis for dim in dims for axis in dim if axis[0] not in (*FREE, "c")]
        channels = prod(size for dim in dims for letter, size in dim if letter == "c")
        self.layers.append(TracedLayer(name, channels, prod(size for _, size in axes), tuple(axes)))
        self._found[id(tensor)] = (tensor, Structure.of_layer(name, dims, self._weighted))

    def entering(self, path: str) -> Callable[[nn.Module, Any], None]:
        """A hook that notes where the network is, and takes a nonlinearity's input for the layer's neurons."""
        layer = path.rpartition(".")[0] or path

        def hook(module: nn.Module, inputs: Any) -> None:
            self._inside.append(path)
            if isinstance(module, NONLINEARITIES) and inputs and id(inputs[0]) in self._found:
                tensor, structure = self._found[id(inputs[0])]
                self._arrive(self._name(layer), structure)
                self.layer(self._name(layer), tensor, structure.dims)

        return hook

    def leaving(self, _module: nn.Module, _inputs: Any, _output: Any) -> None:
        """A hook that notes that a module is done."""
        self._inside.pop()

    def _name(self, path: str) -> str:
        name = path.replace(".", "_").lower()
        taken = {layer.name for layer in self.layers}
        found, number = name, 1
        while found in taken:
            number += 1
            found = f"{name}_{number}"
        return found

    def _arrive(self, name: str, structure: Structure) -> None:
        letters = [letter for dim in structure.dims for letter, _ in dim if letter not in FREE]
        by_name = {layer.name: layer for layer in self.layers}
        for term in structure.terms:
            order = [letter for letter, _ in by_name[term.source].axes]
            here = [letter for letter in letters if letter != "c" and letter in order]
            if here != [letter for letter in order if letter in here]:
                raise UserError(
                    f"layer {name}",
                    "has its axes in another order than the layer it hears",
                    "lay out a network that keeps their order",
                    "unknown_layer_kind",
                )
            places = product([term.axes[letter] for letter in order])
            self.connections.append(Connection(term.source, name, term.axes["c"], places))


_SPLITS = ("split", "split_with_sizes", "chunk", "unbind")


def _everything(structures: Mapping[int, Structure], shape: tuple[int, ...]) -> Structure:
    """Dimensions as in the first tensor, as far as they go; all places reached from everywhere."""
    first = next(iter(structures.values()))
    letters = [dim[0][0] if len(dim) == 1 else "" for dim in first.dims]
    if len(letters) != len(shape) or "" in letters:
        letters = ["b", "c", *"xyzuvw"][: len(shape)]
    terms = []
    for part in structures.values():
        for term in part.terms:
            reached = {letter: whole(1, relation.shape[0]) @ relation for letter, relation in term.axes.items()}
            terms.append((term.source, reached))
    dims = tuple(((letter, size),) for letter, size in zip(letters, shape, strict=True))
    sizes = {letter: size for letter, size in zip(letters, shape, strict=True)}
    found = []
    for source, reached in terms:
        axes = {}
        for letter, relation in reached.items():
            relation.data[:] = 1.0
            axes[letter] = whole(sizes.get(letter, 1) if letter not in FREE else 1, 1) @ relation
        found.append(Term(source, axes))
    return Structure(dims, tuple(found), first.weighted)
