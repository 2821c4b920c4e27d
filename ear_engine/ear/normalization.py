"""Normalization of a layer's output: over the batch, or at each time step by itself.

Both keep time causal. Batch normalization costs nothing once trained (it folds into the convolution); frame
normalization needs no batch, so that any number of machines trains alike, but is computed at every step of a dream.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Normalization = Literal["batch", "frame"]


class FrameNormalization(nn.Module):
    """Layer normalization (Ba et al. 2016) of each time step over channels and bins, with a gain and bias a channel.

    Args:
        channels: of the input.
        eps: added to the variance; large enough that silence, whose frames hardly vary, does not blow up gradients.

    Shape:
        - input, output: (batch, channels, [bins,] time)
    """

    def __init__(self, channels: int, eps: float = 1e-3) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalized ``x``, in its own precision; the moments are computed in float32 at least."""
        wide = x.double() if x.dtype == torch.float64 else x.float()
        over = (1, 2) if x.dim() == 4 else (1,)
        variance, mean = torch.var_mean(wide, dim=over, correction=0, keepdim=True)
        shape = (1, -1) + (1,) * (x.dim() - 2)
        scaled = (wide - mean) * torch.rsqrt(variance + self.eps) * self.weight.view(shape) + self.bias.view(shape)
        return scaled.to(x.dtype)


def make_norm(kind: Normalization, channels: int, dimensions: int) -> nn.Module:
    """The normalization of a layer of ``channels`` channels; ``dimensions`` is 1 (time) or 2 (bins and time)."""
    if kind == "frame":
        return FrameNormalization(channels)
    return nn.BatchNorm1d(channels) if dimensions == 1 else nn.BatchNorm2d(channels)
