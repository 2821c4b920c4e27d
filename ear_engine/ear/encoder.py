"""The encoder: a causal residual 2-D network from scalogram frames to one code z every four frames (Table 1a).

The paper leaves the frequency padding open. Here 3-wide kernels of blocks 0..5 are padded in frequency, all others are
not: 216 bins become 108, 84, 84, 84, 84, 70, 70, 70, 35, 11, 11, 11, 9, 5, 3, 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from ear_engine.ear.causal import CausalLayer, Pooling, SkipConnection
from ear_engine.ear.normalization import Normalization, make_norm
from ear_engine.ear.shape import PAPER_ENCODER, EncoderBlockConfig

__all__ = ["PAPER_ENCODER", "Encoder", "EncoderBlock", "EncoderBlockConfig", "LayerKind", "scaled"]


@dataclass(frozen=True)
class LayerKind:
    """What all layers of a network have in common: how they are normalized and how they pool."""

    normalization: Normalization = "batch"
    pooling: Pooling = "max"


def scaled(channels: int, width: float) -> int:
    """Number of channels at ``width`` (1 is the paper's)."""
    return max(1, round(channels * width))


class EncoderBlock(nn.Module):
    """Two causal layers and a skip connection.

    Shape:
        - input: (batch, in_channels, bins, frames)
        - output: (batch, channels, bins', frames / pool)
    """

    def __init__(self, in_channels: int, config: EncoderBlockConfig, width: float, kind: LayerKind) -> None:
        super().__init__()
        channels = scaled(config.channels, width)
        self.conv1 = self._layer(in_channels, channels, config.conv1, config.pad, config.pool, kind)
        self.conv2 = self._layer(channels, channels, config.conv2, config.pad, 1, kind)
        self.skip = SkipConnection(in_channels, channels, config.pool, dimensions=2, pooling=kind.pooling)

    @staticmethod
    def _layer(before: int, after: int, kernel: tuple[int, int], pad: int, pool: int, kind: LayerKind) -> CausalLayer:
        time, frequency = kernel
        padding = (pad if frequency == 3 else 0, 0)
        conv = nn.Conv2d(before, after, (frequency, time), padding=padding, bias=False)
        return CausalLayer(conv, make_norm(kind.normalization, after, 2), pool, kind.pooling)

    def forward(self, x: Tensor, *, circular: bool) -> tuple[Tensor, Tensor]:
        """Return ``(raw, fired)`` of the second layer."""
        _, inner = self.conv1(x, circular=circular)
        conv = self.conv2.conv
        bins = inner.shape[2] + 2 * int(conv.padding[0]) - conv.kernel_size[0] + 1
        result: tuple[Tensor, Tensor] = self.conv2(inner, self.skip(x, bins, circular=circular), circular=circular)
        return result


class Encoder(nn.ModuleList):
    """The stack of blocks.

    Shape:
        - input: (batch, 2, bins, frames)
        - output: (batch, channels, ceil(frames / 4)): z, before the last rectifier
    """

    def __init__(self, blocks: tuple[EncoderBlockConfig, ...], width: float, kind: LayerKind | None = None) -> None:
        super().__init__()
        before = 2
        for config in blocks:
            self.append(EncoderBlock(before, config, width, kind or LayerKind()))
            before = scaled(config.channels, width)
        self.channels = before

    def forward(self, x: Tensor, *, circular: bool) -> Tensor:
        """Codes z."""
        raw = fired = x
        for block in self:
            raw, fired = block(fired, circular=circular)
        return raw[:, :, 0]
