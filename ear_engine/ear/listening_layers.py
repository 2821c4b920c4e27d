"""Layers of the ear for listening only: their weights for values and for gradients, and the loops they hear.

Inside, values lie in memory as (batch, time, bins, channels), the order that the convolutions of oneDNN and cuDNN are
fastest in. Time comes before frequency, so the end of a loop that is put before its start is one block, and each
rectifier writes its output behind room for that block: no layer copies its input to pad it. A layer that pools in time
is convolved from as many steps earlier as its first window reaches back, so that its output needs no padding either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ear_engine.ear.autoregressive import AutoregressiveBlock
from ear_engine.ear.causal import CausalLayer, SkipConnection
from ear_engine.ear.encoder import EncoderBlock
from ear_engine.ear.network import Ear

_pool_gradient = torch.ops.aten.max_pool2d_with_indices_backward


def _stored(weight: Tensor) -> Tensor:
    return weight.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Convolution:
    """Weights for values, (out, in, time, bins), and, turned around, for gradients, (in, out, time, bins).

    Where a kernel covers all bins at once, as it does from the encoder's last layer on, a convolution is a product of
    matrices, and made as one: that takes little more than half of the time (the library's convolutions are made for
    larger pictures). Its weights lie in memory as each of the two products reads them, with all loops' steps as rows of
    one matrix: else they take twice as long. Layers without a frequency axis need no weights turned around.
    """

    ahead: Tensor
    back: Tensor | None
    bias: Tensor | None
    pad: int  # zeros at both ends of the frequency axis
    across: Tensor  # (time bins in, out): the weights as a matrix for values

    @staticmethod
    def of(conv: nn.Module, dtype: torch.dtype) -> Convolution:
        """Weights of a convolution in time, or in frequency and time."""
        assert isinstance(conv, nn.Conv1d | nn.Conv2d)
        weight = conv.weight.detach().to(dtype)
        weight = weight[:, :, :, None] if weight.dim() == 3 else weight.transpose(2, 3)
        bias = None if conv.bias is None else conv.bias.detach().to(dtype)
        pad = int(conv.padding[0]) if isinstance(conv, nn.Conv2d) else 0
        back = _stored(weight.flip(2, 3).transpose(0, 1)) if isinstance(conv, nn.Conv2d) else None
        across = weight.permute(2, 3, 1, 0).flatten(0, 2).contiguous()
        return Convolution(_stored(weight), back, bias, pad, across)

    @property
    def past(self) -> int:
        """Steps before the current one that it hears."""
        return self.ahead.shape[2] - 1

    def __call__(self, x: Tensor) -> Tensor:
        """(batch, in, past + steps, bins) → (batch, out, steps, bins')."""
        if self.pad or x.shape[3] != self.ahead.shape[3]:
            return nn.functional.conv2d(x, self.ahead, self.bias, padding=(0, self.pad))
        steps = x.permute(0, 2, 3, 1).flatten(2)  # (batch, past + steps, bins in)
        rows = steps.unfold(1, self.ahead.shape[2], 1).transpose(2, 3).reshape(-1, len(self.across))
        product = rows @ self.across if self.bias is None else torch.addmm(self.bias, rows, self.across)
        return product.view(len(x), -1, product.shape[1]).transpose(1, 2)[..., None]

    def gradient(self, gradient: Tensor, followed: int | None = None) -> Tensor:
        """Gradient on what it was called with, of the first ``followed`` channels."""
        if self.back is None or (gradient.shape[3] == 1 and not self.pad):
            return self._spread(gradient)[:, :followed]
        time, bins = self.back.shape[2:]
        weight = self.back if followed is None else self.back[:followed]
        return nn.functional.conv2d(gradient, weight, padding=(time - 1, bins - 1 - self.pad))

    @property
    def _matrix(self) -> Tensor:
        """The weights, (out, time bins in), a view of them as they are stored."""
        return self.ahead.permute(0, 2, 3, 1).flatten(1)

    def _spread(self, gradient: Tensor) -> Tensor:
        """The gradient on what went into a product: each step's share of what it heard, summed."""
        channels, time, bins = self.ahead.shape[1:]
        batch, owed, steps = gradient.shape[:3]
        rows = gradient[..., 0].transpose(1, 2).reshape(-1, owed) @ self._matrix
        rows = rows.view(batch, steps, time, bins * channels)
        total = rows[:, :, 0]
        if time > 1:
            total = nn.functional.pad(total, (0, 0, 0, time - 1))
            for later in range(1, time):
                total[:, later : later + steps].add_(rows[:, :, later])
        return total.reshape(batch, -1, bins, channels).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Layer:
    """One layer: what it is convolved with, pooled by, and what is added before its rectifier.

    Args:
        skip: how many layers before it lies the one whose input is added, pooled and cropped; None if none is.
        mix: 1 x 1 convolution of what is added.
        rectified: whether the next layer hears its output after the rectifier.
    """

    name: str
    convolution: Convolution
    pool: int
    skip: int | None
    skip_pool: int
    mix: Convolution | None
    two_dimensional: bool
    rectified: bool

    @property
    def lead(self) -> int:
        """Steps before the first that its input has."""
        return self.convolution.past + self.pool - 1


@dataclass
class Kept:
    """What the gradient of a layer needs: its input with the steps before the first, and who won its poolings."""

    room: Tensor
    steps: int
    bins: int = 0  # of its output
    pooled: tuple[Tensor, Tensor] | None = None
    skip_pooled: tuple[Tensor, Tensor] | None = None


def _layer(name: str, layer: CausalLayer, skip: SkipConnection | None, back: int, dtype: torch.dtype) -> Layer:
    mixed = skip is not None and not isinstance(skip.mix, nn.Identity)
    mix = Convolution.of(skip.mix, dtype) if skip is not None and mixed else None
    return Layer(
        name,
        Convolution.of(layer.conv, dtype),
        layer.pool,
        None if skip is None else back,
        1 if skip is None else skip.pool,
        mix,
        isinstance(layer.conv, nn.Conv2d),
        True,
    )


def read_layers(ear: Ear, dtype: torch.dtype) -> tuple[Layer, ...]:
    """Layers of a fused ear, in the order they are computed."""
    layers: list[Layer] = []
    for index, block in enumerate(ear.encoder):
        assert isinstance(block, EncoderBlock)
        layers.append(_layer(f"encoder_{index}_conv1", block.conv1, None, 0, dtype))
        layers.append(_layer(f"encoder_{index}_conv2", block.conv2, block.skip, 1, dtype))
    layers[-1] = replace(layers[-1], rectified=False)  # codes z
    for index, block in enumerate(ear.autoregressive):
        assert isinstance(block, AutoregressiveBlock)
        layers.append(_layer(f"autoregressive_{index}", block, block.skip, 0, dtype))
    return tuple(layers)


def behind_its_end(heard: Tensor, lead: int, dtype: torch.dtype, *, rectified: bool) -> Tensor:
    """``heard``, rectified or not, behind ``lead`` steps from its end."""
    batch, channels, steps, bins = heard.shape
    rows = torch.empty(batch, lead + steps, bins, channels, dtype=dtype, device=heard.device)
    room = rows.permute(0, 3, 1, 2)
    inside = room[:, :, lead:]
    if rectified:
        torch.clamp_min(heard, 0, out=inside)
    else:
        inside.copy_(heard)
    end = lead
    while end > 0:
        count = min(end, steps)
        room[:, :, end - count : end] = inside[:, :, steps - count :]
        end -= count
    return room


def window(pool: int, two_dimensional: bool) -> list[int]:
    """Window of a pooling, (time, bins)."""
    return [pool, pool if two_dimensional else 1]


def unpool(gradient: Tensor, before: Tensor, winners: Tensor, size: list[int]) -> Tensor:
    """Gradient on ``before`` a max pooling in windows of ``size``, all of it on the ``winners``."""
    gradient = gradient.contiguous(memory_format=torch.channels_last)
    spread: Tensor = _pool_gradient(gradient, before, size, size, [0, 0], [1, 1], False, winners)
    return spread


def fold(gradient: Tensor, lead: int, steps: int) -> Tensor:
    """Gradient on ``steps`` steps of a loop, from that on them (or all but the last) behind ``lead`` from its end."""
    inside = gradient[:, :, lead:]
    missing = steps - inside.shape[2]
    if missing:
        inside = nn.functional.pad(inside, (0, 0, 0, missing))
    end = lead
    while end > 0:
        count = min(end, steps)
        inside[:, :, steps - count :].add_(gradient[:, :, end - count : end])
        end -= count
    return inside
