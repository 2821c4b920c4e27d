"""Small networks of every kind of connection, and their edges found the slow way."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
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


class Bottleneck(nn.Module):
    """Narrow in between, as in deep residual networks."""

    def __init__(self, channels: int, after: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        narrow = after // 2
        self.conv1, self.bn1 = nn.Conv2d(channels, narrow, 1, bias=False), nn.BatchNorm2d(narrow)
        self.conv2 = nn.Conv2d(narrow, narrow, 3, stride, 1, bias=False, groups=groups)
        self.bn2 = nn.BatchNorm2d(narrow)
        self.conv3, self.bn3 = nn.Conv2d(narrow, after, 1, bias=False), nn.BatchNorm2d(after)
        self.relu = nn.ReLU(inplace=True)
        shortcut = nn.Sequential(nn.Conv2d(channels, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        self.downsample = shortcut if stride > 1 or channels != after else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(out)))))
        out += self.downsample(x)
        return self.relu(out)


class Pictures(nn.Module):
    """Like torchvision's ResNet, small: what it returns are logits, behind which is no nonlinearity."""

    def __init__(self, block: type[Residual | Bottleneck] = Residual) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(block(4, 4), block(4, 4))
        self.layer2 = nn.Sequential(block(4, 12, stride=2, groups=2))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(torch.flatten(self.avgpool(self.layer2(self.layer1(x))), 1))


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


class Added(nn.Module):
    """What a part makes of the input, and the input."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: Tensor) -> Tensor:
        return self.part(x) + x


class Beside(Added):
    """The input, and behind its channels those that a part makes of it."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.part(x)], dim=1)


class Drawn(nn.Module):
    """Four stages, drawn by ``seed``, some with a nonlinearity, and perhaps a matrix at the end.

    Attributes:
        axes: of its input, a letter each.
        layers: axes of layers that have others.
        example: an input.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        draw = random.Random(seed)
        torch.manual_seed(seed)
        self.axes = ("bcx", "bcyx", "bcft")[seed % 3]
        self.layers: dict[str, str] = {}
        shape = {"bcx": (12,), "bcyx": (6, 5), "bcft": (10, 3)}[self.axes]
        self.example = x = torch.rand(1, draw.choice([2, 4]), *shape)
        self.stages = nn.ModuleList()
        while len(self.stages) < 4:
            stage = nn.Sequential(OrderedDict(part=self._draw(draw, x.shape[1])))
            if draw.random() < 0.7 or len(self.stages) == 3:
                stage.act = draw.choice([nn.ReLU, nn.GELU, nn.Tanh])()
            try:
                after = stage(x)
            except (RuntimeError, ValueError):  # too few places for it
                continue
            if 0 < after.numel() <= 80:
                x = after
                self.stages.append(stage)
        self.head = nn.Sequential()
        if draw.random() < 0.5:
            forget = nn.AdaptiveAvgPool2d((None, 1)) if self.axes == "bcft" else nn.Identity()
            self.head = nn.Sequential(OrderedDict(forget=forget, flat=nn.Flatten(), matrix=nn.Linear(1, 3)))
            self.head.matrix = nn.Linear(self.head[:2](x).shape[1], 3)
            self.layers["output"] = "bc"
            if draw.random() < 0.5:
                self.head.act = nn.Sigmoid()
                self.layers = {"head": "bc"}

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.stages:
            x = stage(x)
        return self.head(x)

    def _draw(self, draw: random.Random, channels: int) -> nn.Module:
        count = len(self.axes) - 2

        def spread(value: int, along_time: int) -> tuple[int, ...]:
            return (value, along_time) if self.axes == "bcft" else (value,) * count

        def kind(one: type[nn.Module], two: type[nn.Module]) -> Callable[..., nn.Module]:
            return one if count == 1 else two

        def window(kernel: int, pad: int, after: int, **more: Any) -> nn.Module:
            mode = draw.choice(["zeros", "reflect", "replicate", "circular"])
            convolve = kind(nn.Conv1d, nn.Conv2d)
            return convolve(
                channels, after, spread(kernel, 1), padding=spread(pad, 0), padding_mode=mode, bias=False, **more
            )

        size, two = draw.choice([1, 2, 3]), draw.choice([1, 2])
        match draw.choice(["plain", "plain", "grouped", "depthwise", "added", "beside", "pool", "adaptive", "other"]):
            case "plain" | "grouped" | "depthwise" as name:
                groups = {"plain": 1, "grouped": 2, "depthwise": channels}[name]
                after = channels if name == "depthwise" else draw.choice([2, 4])
                stride, dilation = spread(two, 1), spread(draw.choice([1, 2]), 1)
                groups = groups if channels % groups == 0 else 1
                return window(size, draw.choice([0, 1, 2]), after, stride=stride, dilation=dilation, groups=groups)
            case "added":
                return Added(window(3, 1, channels))
            case "beside":
                return Beside(window(3, 1, 2))
            case "pool":
                largest, mean = kind(nn.MaxPool1d, nn.MaxPool2d), kind(nn.AvgPool1d, nn.AvgPool2d)
                return draw.choice([largest, mean])(spread(size, 1), spread(two, 1), spread(size // 2, 0))
            case "adaptive":
                largest, mean = (
                    kind(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d),
                    kind(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d),
                )
                return draw.choice([largest, mean])((4, 3) if count == 2 else 5)
            case _:
                back = kind(nn.ConvTranspose1d, nn.ConvTranspose2d)(channels, 2, spread(size, 1), spread(two, 1))
                norm = kind(nn.BatchNorm1d, nn.BatchNorm2d)(channels)
                return draw.choice([nn.Identity(), norm, back, nn.Upsample(scale_factor=spread(2, 1))])


class Written(nn.Module):
    """Tensors of which parts are written into parts of others, drawn by ``seed``."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed
        torch.manual_seed(seed)
        self.act, self.last = nn.ReLU(), nn.Tanh()
        self.conv, self.alone = nn.Conv2d(4, 4, (3, 1), padding=(1, 0)), nn.Conv2d(4, 4, 1, groups=4)

    def forward(self, x: Tensor) -> Tensor:
        draw = random.Random(self.seed)

        def part(count: int) -> slice | int:
            width = draw.choice([1, 2, 3])
            start = draw.randrange(count - width)
            return draw.choice([slice(None), slice(start, start + width), slice(start % 2, None, 2), start])

        x = x * 1.0
        into = [self.alone(x), torch.zeros(1, 4, 6, 2), torch.zeros(1, 6, 4, 2).transpose(1, 2)]
        sources = [x, self.act(self.conv(x)), *into]
        for _ in range(draw.randint(2, 5)):
            target, source = draw.choice(into), draw.choice(sources).clone()
            channels, places = part(4), part(6)
            match draw.choice(["set", "add", "zero", "flat"]):
                case "set":
                    target[:, channels, places] = source[:, channels, places] * 2.0
                case "add":
                    target[:, channels, 1:4] += source[:, channels, draw.choice([slice(3), slice(None, None, 2)])]
                case "zero":
                    target[:, channels, places].zero_()
                case _ if target.is_contiguous():
                    target.view(1, -1, 2).add_(source.flatten(1, 2))
        return self.last(into[0] + into[1] + into[2])


def slow_edges(
    network: nn.Module,
    run: Callable[[], object],
    inputs: Mapping[str, Tensor],
    axes: str,
    layers: Mapping[str, str] | None = None,
) -> Edges:
    """Edges by the network's Jacobian: every vertex of every layer is tried, with several random values.

    Args:
        network, run, inputs, axes: see :func:`ear_engine.layout.tracing.trace`.
        layers: axes of those layers that have others; what is returned is a layer if ``output`` is among them.
    """
    found: Edges = set()
    layers = layers or {}
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
            with ExitStack() as stack:
                for name, instead in _SMOOTH.items():
                    stack.enter_context(patch.object(nn.functional, name, instead))
                returned = run()
        finally:
            for handle in handles:
                handle.remove()
        if "output" in layers:
            assert isinstance(returned, Tensor)
            arrived["output"] = returned
        for target, tensor in arrived.items():
            rows = _vertices(tensor, layers.get(target, axes))
            weights = torch.rand(rows.shape[1:], generator=generator) + 0.1
            for vertex, row in enumerate(rows):
                gradients = torch.autograd.grad(
                    (row * weights).sum(), list(leaves.values()), retain_graph=True, allow_unused=True
                )
                for (source, _), gradient in zip(leaves.items(), gradients, strict=True):
                    if gradient is None:
                        continue
                    reached = _vertices(gradient, layers.get(source, axes)).abs().sum(dim=1)
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
        values = torch.rand(given[0].shape, generator=generator) + 0.1
        if given[0]._is_view():
            leaves[unique] = values.requires_grad_()
        else:  # whoever reads it later, reads the layer
            given[0].detach_().data.copy_(values)
            leaves[unique] = given[0].requires_grad_()
        # the nonlinearity may act in place, which a leaf does not allow
        return (leaves[unique] * 1.0,)

    return enter


def _mean_pool2d(x: Tensor, size: Any, stride: Any = None, pad: Any = 0, *_rest: Any, **_named: Any) -> Tensor:
    """In place of the largest, whose gradient is only the winner's."""
    return nn.functional.avg_pool2d(x, size, stride, pad)


def _mean_pool1d(x: Tensor, size: Any, stride: Any = None, pad: Any = 0, *_rest: Any, **_named: Any) -> Tensor:
    return nn.functional.avg_pool1d(x, size, stride, pad)


_SMOOTH: Mapping[str, Callable[..., Tensor]] = {
    "max_pool1d": _mean_pool1d,
    "max_pool2d": _mean_pool2d,
    "adaptive_max_pool1d": lambda x, size, *_rest: nn.functional.adaptive_avg_pool1d(x, size),
    "adaptive_max_pool2d": lambda x, size, *_rest: nn.functional.adaptive_avg_pool2d(x, size),
}


def _vertices(tensor: Tensor, axes: str) -> Tensor:
    """(vertices, the rest): channels first, then places as they follow each other; batch and time together."""
    assert len(axes) == tensor.dim(), f"{axes}: {tuple(tensor.shape)}"
    kept = sorted((dim for dim, letter in enumerate(axes) if letter not in "bt"), key=lambda dim: axes[dim] != "c")
    free = [dim for dim, letter in enumerate(axes) if letter in "bt"]
    return tensor.permute(*kept, *free).flatten(0, len(kept) - 1).flatten(1)
