"""Causal time: every layer pads only the past, so no output depends on a later frame.

The past of a loop's first frame is the loop's end (``circular``); the past of music is silence. Time is the last axis.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Pooling = Literal["max", "blur"]


def pad_past(x: Tensor, steps: int, *, circular: bool) -> Tensor:
    """Put ``steps`` time steps before the first.

    Shape:
        - x: (..., time)
        - output: (..., steps + time)
    """
    if steps == 0:
        return x
    if circular:
        repeats = -(-steps // x.shape[-1])
        past = torch.cat([x] * repeats, dim=-1) if repeats > 1 else x
        return torch.cat([past[..., -steps:], x], dim=-1)
    return nn.functional.pad(x, (steps, 0))


class CausalLayer(nn.Module):
    """Convolution, normalization, optional max pooling, optional skip connection, rectifier: one layer of the ear.

    Step t of the output depends on input steps up to ``t * pool`` only.

    Args:
        conv: a 1-D or 2-D convolution without padding in time (its last axis).
        norm: normalization of its output.
        pool: factor and window of pooling in time, and in frequency if ``conv`` is 2-D.
        pooling: its kind, see :func:`pool_past`.

    Shape:
        - input: (batch, channels, [bins,] time)
        - skip: same as the output, or None
        - output: (batch, channels, [bins,] ceil(time / pool)); ``raw`` before the rectifier, ``fired`` after it
    """

    def __init__(self, conv: nn.Conv1d | nn.Conv2d, norm: nn.Module, pool: int = 1, pooling: Pooling = "max") -> None:
        super().__init__()
        self.conv = conv
        self.norm = norm
        self.pool = pool
        self.pooling: Pooling = pooling
        self.activation = nn.ReLU()

    def forward(self, x: Tensor, skip: Tensor | None = None, *, circular: bool) -> tuple[Tensor, Tensor]:
        """Return ``(raw, fired)``."""
        past = (self.conv.kernel_size[-1] - 1) * self.conv.dilation[-1]
        raw: Tensor = self.norm(self.conv(pad_past(x, past, circular=circular)))
        raw = pool_past(raw, self.pool, self.pooling, circular=circular)
        if skip is not None:
            raw = raw + skip
        return raw, self.activation(raw)


def pool_past(x: Tensor, pool: int, pooling: Pooling = "max", *, circular: bool) -> Tensor:
    """Pooling whose windows end at steps 0, pool, 2 pool, …; frequency (if any) keeps its ends.

    ``max`` takes the largest of ``pool`` neighbors. ``blur`` takes it at every step and smooths that with a binomial
    filter (1 2 1) / 4 before every ``pool``-th is kept, against aliasing (Zhang 2019, MaxBlurPool).

    Shape:
        - x: (batch, channels, [bins,] time)
        - output: (batch, channels, [bins // pool,] ceil(time / pool))
    """
    if pool == 1:
        return x
    return pool_windows(pad_past(x, lookback(pool, pooling), circular=circular), pool, pooling)


def lookback(pool: int, pooling: Pooling = "max") -> int:
    """Steps before its own that the first window of a pooling sees."""
    return 0 if pool == 1 else pool - 1 if pooling == "max" else pool + 1


def pool_windows(x: Tensor, pool: int, pooling: Pooling = "max") -> Tensor:
    """:func:`pool_past` of what has the steps before its first window already.

    Shape:
        - x: (batch, channels, [bins,] lookback + time)
        - output: (batch, channels, [bins // pool,] ceil(time / pool))
    """
    if pool == 1:
        return x
    two_dimensional = x.dim() == 4
    if pooling == "max":
        return nn.functional.max_pool2d(x, pool) if two_dimensional else nn.functional.max_pool1d(x, pool)
    if two_dimensional:
        x = nn.functional.max_pool2d(x, pool, stride=1)
        x = nn.functional.pad(x, (0, 0, 1, 1), mode="replicate")
        x = nn.functional.avg_pool2d(x, 2, stride=1)
        return nn.functional.avg_pool2d(x, (2, 2), stride=pool)
    x = nn.functional.avg_pool1d(nn.functional.max_pool1d(x, pool, stride=1), 2, stride=1)
    return nn.functional.avg_pool1d(x, 2, stride=pool)


class SkipConnection(nn.Module):
    """The input of a block brought to the shape of its output: pooled, cropped around the center, mixed by 1 x 1.

    Args:
        in_channels, out_channels: a 1 x 1 convolution without bias maps one to the other if they differ.
        pool, pooling: of the block.
        dimensions: 1 (time) or 2 (frequency and time).
    """

    def __init__(
        self, in_channels: int, out_channels: int, pool: int, dimensions: int, pooling: Pooling = "max"
    ) -> None:
        super().__init__()
        self.pool = pool
        self.pooling: Pooling = pooling
        kind = nn.Conv2d if dimensions == 2 else nn.Conv1d
        self.mix: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.mix = kind(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor, bins: int | None = None, *, circular: bool) -> Tensor:
        """Return ``x`` with the block's channels and time steps, and ``bins`` frequency bins from the middle."""
        x = pool_past(x, self.pool, self.pooling, circular=circular)
        if bins is not None:
            start = (x.shape[2] - bins) // 2
            x = x[:, :, start : start + bins]
        mixed: Tensor = self.mix(x)
        return mixed
