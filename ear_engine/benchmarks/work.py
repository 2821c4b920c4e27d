"""What a step of a dream must do at least: operations and bytes, counted on the plain network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ear_engine.ear.activations import Recorder
from ear_engine.ear.network import Ear


@dataclass(frozen=True)
class Work:
    """Of the network's own layers, there and back.

    Args:
        operations: a multiplication and an addition are two; convolutions and their gradients on what they heard.
        weights: values, each read on the way there and on the way back.
        activations: values of the convolutions' outputs, each written and read.
    """

    operations: float
    weights: float
    activations: float

    def bytes_moved(self, size: int) -> float:
        """Bytes that go to and from memory if no cache holds them, with values of ``size`` bytes."""
        return 2.0 * size * (self.weights + self.activations)


def count(ear: Ear, layer: str, batch: int, samples: int) -> Work:
    """Work of the plain modules up to ``layer`` for ``batch`` loops and the gradient on their log amplitudes."""
    config = ear.config.scalogram
    amplitude, phase = torch.randn(2, batch, 1, config.bins, config.loop_frames(samples))
    amplitude.requires_grad_()
    recorder = Recorder(ear)
    sizes: list[tuple[int, int]] = []

    def note(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        sizes.append((sum(one.numel() for one in module.parameters()), output.numel()))

    convolutions = [module for module in ear.modules() if isinstance(module, nn.Conv1d | nn.Conv2d)]
    hooks = [module.register_forward_hook(note) for module in convolutions]
    try:
        with FlopCounterMode(display=False) as counter:
            features = torch.cat([amplitude, phase], dim=1)
            with recorder.recording([layer], raw=True, stop=True) as trace:
                ear.hear(features, circular=True)
            torch.autograd.grad(trace[layer].sum(), amplitude)
    finally:
        for hook in hooks:
            hook.remove()
    weights, activations = (float(sum(values)) for values in zip(*sizes, strict=True))
    return Work(float(counter.get_total_flops()), weights, activations)
