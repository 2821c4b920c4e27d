"""Activations: every nonlinearity's output, named, indexed, recorded from any network by hooks.

A layer's name is its module path with dots as underscores, the nonlinearity's own segment left out:
``encoder.3.conv1.activation`` is ``encoder_3_conv1``. A neuron is (layer, channel, bin); time is left out. Neurons are
numbered layer after layer in forward order, channel-major within a layer (channel * bins + bin), the scalogram first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ear_engine.ear.neurons import Layer, Neuron, NeuronIndex

__all__ = ["NONLINEARITIES", "Layer", "Neuron", "NeuronIndex", "Recorder", "index_layers", "to_arrays"]

NONLINEARITIES: tuple[type[nn.Module], ...] = (
    nn.ReLU,
    nn.LeakyReLU,
    nn.PReLU,
    nn.ELU,
    nn.GELU,
    nn.SiLU,
    nn.Sigmoid,
    nn.Tanh,
    nn.Softplus,
    nn.Hardswish,
)


class _Recorded(Exception):
    """Raised by a hook once every wanted layer is recorded, to end the forward pass."""


class Recorder:
    """Hooks on every nonlinearity of any network, and on named modules besides (a scalogram front end).

    Args:
        network: any module.
        inputs: names of modules whose plain output counts as a layer too (``("scalogram",)``).

    ``with recorder.recording() as trace:`` fills ``trace`` during the forward passes inside; nothing is recorded (and
    nothing kept alive) outside. A nonlinearity that runs twice in one pass keeps its last output.
    """

    def __init__(self, network: nn.Module, inputs: Sequence[str] = ()) -> None:
        self._modules: dict[str, nn.Module] = {}
        for path, module in network.named_modules():
            if path in inputs:
                self._modules[_name(path)] = module
            elif isinstance(module, NONLINEARITIES):
                name = _name(path.rpartition(".")[0] or path)
                self._modules[name if name not in self._modules else _name(path)] = module

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers in the order the network defines them."""
        return tuple(self._modules)

    @contextmanager
    def recording(
        self, layers: Collection[str] | None = None, *, raw: bool = False, stop: bool = False
    ) -> Iterator[dict[str, Tensor]]:
        """Record ``layers`` (all if None): (batch, channels, [bins,] time) tensors in the order they are computed.

        Args:
            layers: names.
            raw: record what goes into the nonlinearity instead (its gradient does not die).
            stop: leave the ``with`` block as soon as all of them are recorded; nothing beyond them is computed.
        """
        trace: dict[str, Tensor] = {}
        wanted = self.names if layers is None else tuple(layers)
        count = len(wanted) if stop else -1
        handles = []
        for name in wanted:
            module = self._modules[name]
            if raw and isinstance(module, NONLINEARITIES):
                handles.append(module.register_forward_pre_hook(_before(trace, name, count)))
            else:
                handles.append(module.register_forward_hook(_after(trace, name, count)))
        try:
            yield trace
        except _Recorded:
            pass
        finally:
            for handle in handles:
                handle.remove()


def _name(path: str) -> str:
    return path.replace(".", "_").lower()


def _before(trace: dict[str, Tensor], name: str, count: int) -> Any:
    def hook(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        trace[name] = inputs[0].clone()  # the network may go on in place
        if len(trace) == count:
            raise _Recorded

    return hook


def _after(trace: dict[str, Tensor], name: str, count: int) -> Any:
    def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        trace[name] = output.clone()
        if len(trace) == count:
            raise _Recorded

    return hook


def index_layers(trace: dict[str, Tensor], frames: int) -> NeuronIndex:
    """Index of the layers in a trace of ``frames`` scalogram frames, in the order they were computed."""
    layers: list[Layer] = []
    offset = 0
    for name, values in trace.items():
        bins = values.shape[2] if values.dim() == 4 else 1
        layer = Layer(name, values.shape[1], bins, max(1, round(frames / values.shape[-1])), offset)
        layers.append(layer)
        offset += layer.neurons
    return NeuronIndex(layers)


def to_arrays(trace: dict[str, Tensor]) -> dict[str, NDArray[np.float32]]:
    """The first item of the batch as arrays of shape (steps, neurons), neurons channel-major, float32."""
    arrays: dict[str, NDArray[np.float32]] = {}
    for name, values in trace.items():
        flat = values[0].detach().to("cpu", torch.float32).flatten(0, -2)
        arrays[name] = flat.T.contiguous().numpy()
    return arrays
