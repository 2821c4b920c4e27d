"""Small networks of every kind of connection, and their edges found the slow way."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from ear_engine.ear.activations import NONLINEARITIES

Edges = set[tuple[str, int, str, int]]
"""(target layer, vertex in it, source layer, vertex in it)."""


class Residual(nn.Module):
    """Two convolutions, and the input added, as in a residual network."""

    def __init__(self, channels: int, after: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False, groups=groups)
        self.bn2 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Conv2d(channels, after, 1, stride) if stride > 1 or channels != after else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += self.downsample(x)
        return self.relu(out)


class Pictures(nn.Module):
    """Like torchvision's ResNet, small."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = Residual(4, 4)
        self.layer2 = Residual(4, 6, stride=2, groups=3)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 5)
        self.out = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = torch.flatten(self.avgpool(self.layer2(self.layer1(x))), 1)
        return self.out(self.fc(x))


class Sounds(nn.Module):
    """Along time: dilated, strided and grouped, padded and pooled, then a matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(2, 4, (3, 2), (2, 1), (1, 0)), nn.LeakyReLU())
        self.second = nn.Sequential(nn.Conv2d(4, 4, (3, 1), dilation=(2, 1), groups=2), nn.ELU())
        self.third = nn.Sequential(nn.Conv1d(4, 5, 2), nn.Tanh())
        self.fourth = nn.Sequential(nn.Linear(5, 3), nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(nn.functional.pad(x, (1, 0)))
        x = self.second(nn.functional.pad(x, (0, 0, 0, 1), mode="replicate"))
        x = nn.functional.avg_pool2d(x[:, :, 1:], (2, 1), (1, 1)).amax(dim=2)
        x = self.third(torch.cat([x[..., -1:], x], dim=-1))
        return self.fourth(x.transpose(1, 2))


class Drawn(nn.Module):
    """Three convolutions, drawn by ``seed``: strided, dilated, grouped or depthwise, some with the input added."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        draw = random.Random(seed)
        torch.manual_seed(seed)
        channels = self.channels = draw.choice([2, 4])
        self.convolutions, self.nonlinearities, self.residual = nn.ModuleList(), nn.ModuleList(), []
        for _ in range(3):
            kind = draw.choice(["plain", "grouped", "depthwise", "residual"])
            after = channels if kind in ("depthwise", "residual") else draw.choice([2, 4, 6])
            groups = {"grouped": 2, "depthwise": channels}.get(kind, 1)
            kernel = draw.choice([1, 2, 3]) if kind != "residual" else 3
            stride, dilation = (draw.choice([1, 2]), draw.choice([1, 2])) if kind != "residual" else (1, 1)
            pad = 1 if kind == "residual" else draw.choice([0, 1, 2])
            self.convolutions.append(
                nn.Conv2d(channels, after, (kernel, 1), (stride, 1), (pad, 0), (dilation, 1), groups)
            )
            self.nonlinearities.append(nn.ReLU())
            self.residual.append(kind == "residual")
            channels = after

    def forward(self, x: Tensor) -> Tensor:
        for convolution, nonlinearity, residual in zip(
            self.convolutions, self.nonlinearities, self.residual, strict=True
        ):
            after = convolution(x)
            x = nonlinearity(after + x if residual else after)
        return x


def slow_edges(network: nn.Module, run: Callable[[], object], inputs: Mapping[str, Tensor], free: str) -> Edges:
    """Edges by the network's Jacobian: every vertex of every layer is tried, with several random values.

    Args:
        network, run, inputs: see :func:`ear_engine.layout.tracing.trace`.
        free: dimensions of the inputs, a letter each; layers with fewer keep the batch first and the time last.
    """
    found: Edges = set()
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        leaves: dict[str, Tensor] = {name: tensor.requires_grad_() for name, tensor in inputs.items()}
        with torch.no_grad():
            for leaf in leaves.values():
                leaf.copy_(torch.rand(leaf.shape, generator=generator) + 0.1)
        arrived: dict[str, Tensor] = {}

        handles = [
            module.register_forward_pre_hook(_entering(path, arrived, leaves, generator))
            for path, module in network.named_modules()
            if isinstance(module, NONLINEARITIES)
        ]
        try:
            with (
                patch.object(nn.functional, "max_pool2d", _mean_pool2d),
                patch.object(nn.functional, "max_pool1d", _mean_pool1d),
            ):
                run()
        finally:
            for handle in handles:
                handle.remove()
        for target, tensor in arrived.items():
            rows = _vertices(tensor, free)
            weights = torch.rand(rows.shape[1:], generator=generator) + 0.1
            for vertex, row in enumerate(rows):
                gradients = torch.autograd.grad(
                    (row * weights).sum(), list(leaves.values()), retain_graph=True, allow_unused=True
                )
                for (source, _), gradient in zip(leaves.items(), gradients, strict=True):
                    if gradient is None:
                        continue
                    reached = _vertices(gradient, free).abs().sum(dim=1)
                    found.update((target, vertex, source, int(other)) for other in reached.nonzero())
    for tensor in inputs.values():
        tensor.requires_grad_(False)
    return found


def _entering(
    path: str, arrived: dict[str, Tensor], leaves: dict[str, Tensor], generator: torch.Generator
) -> Callable[[nn.Module, Any], Any]:
    """A hook that notes what arrives at a layer, and sends new values on from there."""

    def enter(_module: nn.Module, given: tuple[Tensor, ...]) -> Any:
        name = (path.rpartition(".")[0] or path).replace(".", "_")
        number, unique = 1, name
        while unique in arrived:
            number += 1
            unique = f"{name}_{number}"
        arrived[unique] = given[0].clone()
        given[0].detach_()
        given[0].copy_(torch.rand(given[0].shape, generator=generator) + 0.1)
        leaves[unique] = given[0].requires_grad_()
        # the nonlinearity may act in place, which a leaf does not allow
        return (given[0] * 1.0,)

    return enter


def _mean_pool2d(x: Tensor, size: Any, stride: Any = None, pad: Any = 0, *_rest: Any, **_named: Any) -> Tensor:
    """In place of the largest, whose gradient is only the winner's."""
    return nn.functional.avg_pool2d(x, size, stride, pad)


def _mean_pool1d(x: Tensor, size: Any, stride: Any = None, pad: Any = 0, *_rest: Any, **_named: Any) -> Tensor:
    return nn.functional.avg_pool1d(x, size, stride, pad)


def _vertices(tensor: Tensor, free: str) -> Tensor:
    """(vertices, the rest): channels and places first, batch and time together."""
    if "t" in free:
        channel_last = tensor.dim() == 3 and tensor.shape[-1] == 3  # a matrix leaves channels last
        order = (2, 0, 1) if channel_last else (*range(1, tensor.dim() - 1), 0, tensor.dim() - 1)
        kept = 1 if channel_last else tensor.dim() - 2
    else:
        order, kept = (*range(1, tensor.dim()), 0), tensor.dim() - 1
    moved = tensor.permute(order)
    return moved.flatten(0, kept - 1).flatten(1)
