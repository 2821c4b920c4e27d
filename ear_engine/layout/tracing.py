"""From any network to its connections: it runs once, and every operation says what became of its neurons.

Two things are taken for less than they are. Batch and time are no part of a neuron: whatever reaches it at any time,
reaches it. And a normalization (batch, layer, group, instance) changes values by their mean and deviation, which depend
on many neurons; that is no connection: each place is reached by the same place before it, as if the two were constants,
which a batch normalization's are once it is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from ear_engine.ear.activations import NONLINEARITIES
from ear_engine.errors import UserError
from ear_engine.layout.calls import Call, call_of
from ear_engine.layout.heard_layers import Connection, Layers, TracedLayer
from ear_engine.layout.memory import Memory
from ear_engine.layout.operations import CONSTANT, NONLINEAR, OVERWRITING, RESHAPING, rule_of
from ear_engine.layout.structure import Dimension, Structure, Unknown, everything


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

    A nonlinearity is a layer, twice if it runs twice: one among the modules by the module's name, a function by that of
    the module that calls it and its own (``block_relu``). What the network returns is the layer ``output``, unless it
    is a layer already.

    Args:
        network: any module.
        run: runs it once; returns what the network does, a tensor or several.
        inputs: tensors that it is run on, which are layers of these names too.
        axes: what the dimensions of the inputs are, a letter each (``bcft``): b batch, t time, c channels.
        weighted: connections count by the size of the weights; else each counts 1.
        dense: where something is not known, assume that everything reaches everything.

    Raises:
        UserError: the network does something whose connections are not known; module and operation are named. Or it
            has no layers.
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
            returned = run()
    finally:
        for handle in handles:
            handle.remove()
    for tensor in returned if type(returned) in (tuple, list) else (returned,):  # type: ignore[attr-defined]
        if isinstance(tensor, Tensor):
            tracer.output(tensor)
    if len(tracer.layers.found) == len(inputs):
        raise UserError(
            "the network",
            "has no nonlinearity that its inputs reach, and returns nothing that they reach",
            "give one with layers of neurons",
            "no_layers",
        )
    return Traced(tuple(tracer.layers.found), tuple(tracer.layers.connections))


class _Tracer(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, weighted: bool, dense: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._weighted, self._dense = weighted, dense
        self._memory = Memory()
        self._inside: list[tuple[str, bool]] = [("", False)]  # paths of modules, and whether they are nonlinearities
        self._fresh: set[int] = set()  # tensors that became layers, by id, and were not written into since
        self.layers = Layers(weighted)

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func._schema.name).partition("::")[2]
        if name in RESHAPING:  # afterwards it has another shape than it was read in
            before = self._known(name, args[0])
            if before is not None:
                self._memory.keep(args[0], before)
        result = func(*args, **(kwargs or {}))
        call, written = call_of(func, args, kwargs or {}, result, self._weighted)
        outputs = [one for one in (result if isinstance(result, tuple | list) else [result]) if isinstance(one, Tensor)]
        for tensor in (*call.tensors(), *outputs):
            self._memory.note(tensor)
        if name not in CONSTANT and outputs:
            overwritten = written if name in OVERWRITING or call.args.get("out") is written else None
            self._follow(name, call, outputs, written, overwritten)
        return result

    def _follow(
        self, name: str, call: Call, outputs: list[Tensor], written: Tensor | None, overwritten: Tensor | None
    ) -> None:
        for tensor in call.tensors():
            structure = None if tensor is overwritten else self._known(name, tensor)
            if structure is not None:
                call.structures[id(tensor)] = structure
        if not call.structures:
            if written is not None and self._known(name, written) is not None:
                self._write(name, written, None)
            return
        path, is_layer = self._inside[-1]
        neurons = call.args.get("self")
        if name.removesuffix("_") in NONLINEAR and not is_layer and neurons is not None and call.of(neurons):
            self._take(f"{path}.{name.strip('_')}".strip("."), neurons, call.structures[id(neurons)])
            call.structures[id(neurons)] = self._memory.of(neurons) or call.structures[id(neurons)]
        found = self._found(name, call, outputs)
        if written is None:
            for tensor, structure in zip(outputs, found, strict=False):
                self._memory.keep(tensor, structure)
        elif name in RESHAPING:
            self._memory.keep(written, found[0])
        elif self._changes_values_only(name, call, written):
            pass
        else:
            self._write(name, written, found[0])

    def _changes_values_only(self, name: str, call: Call, written: Tensor) -> bool:
        """Whether a tensor that is written into stays made of what it was."""
        alone = set(call.structures) == {id(written)} and id(written) not in self._fresh
        return alone and name not in OVERWRITING and rule_of(name) is not None

    def _found(self, name: str, call: Call, outputs: list[Tensor]) -> tuple[Structure, ...]:
        """What each tensor that came out is made of, as far as they are made of anything."""
        rule = rule_of(name)
        try:
            if rule is None:
                raise Unknown("")
            found = rule(call)
            found = found if isinstance(found, tuple) else (found,)
            for structure, shape in zip(found, call.shapes, strict=False):
                if structure.check().shape != shape:
                    raise Unknown(f"that gives {shape} where {structure.shape} is expected")
        except Unknown as reason:
            self._refuse(name, reason)
            return tuple(everything(list(call.structures.values()), tuple(tensor.shape)) for tensor in outputs)
        return found

    def _known(self, name: str, tensor: Tensor) -> Structure | None:
        try:
            return self._memory.of(tensor)
        except Unknown as reason:
            self._refuse(name, reason)
            whole_of_it = self._memory.whole(tensor)[1]
            return everything([whole_of_it], tuple(tensor.shape)) if whole_of_it else None

    def _write(self, name: str, tensor: Tensor, structure: Structure | None) -> None:
        self._fresh.discard(id(tensor))
        try:
            self._memory.write(tensor, structure)
        except Unknown as reason:
            self._refuse(name, reason)
            shape, before = self._memory.whole(tensor)
            parts = [part for part in (before, structure) if part is not None]
            self._memory.replace(tensor, structure, everything(parts, shape) if parts else None)

    def _refuse(self, name: str, reason: Unknown) -> None:
        if not self._dense:
            raise UserError(
                f"layer {self._inside[-1][0] or 'of the network'}",
                f"has connections that are not known ({name}{' ' if str(reason) else ''}{reason})",
                "lay it out with --dense, as if everything there reached everything",
                "unknown_layer_kind",
            ) from None

    def layer(self, path: str, tensor: Tensor, dims: Sequence[Dimension], arriving: Structure | None = None) -> None:
        """From here on ``tensor`` is the neurons of a layer, which ``arriving`` reaches."""
        self._memory.keep(tensor, self.layers.add(path, dims, arriving))
        self._fresh.add(id(tensor))

    def output(self, tensor: Tensor) -> None:
        """What the network returns is a layer, unless it is one already."""
        structure = self._known("output", tensor)
        if structure is not None and not structure.is_layer:
            self._take("output", tensor, structure)

    def entering(self, path: str) -> Callable[[nn.Module, Any], None]:
        """A hook that notes where the network is, and takes a nonlinearity's input for the layer's neurons."""
        layer = path.rpartition(".")[0] or path

        def hook(module: nn.Module, inputs: Any) -> None:
            is_layer = isinstance(module, NONLINEARITIES) and bool(inputs)
            self._inside.append((path, is_layer))
            structure = self._known("input", inputs[0]) if is_layer else None
            if structure is not None:
                self._take(layer, inputs[0], structure)

        return hook

    def leaving(self, _module: nn.Module, _inputs: Any, _output: Any) -> None:
        """A hook that notes that a module is done."""
        self._inside.pop()

    def _take(self, path: str, tensor: Tensor, structure: Structure) -> None:
        self.layer(path, tensor, structure.dims, structure)
