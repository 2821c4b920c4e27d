"""The autoregressive network: causal 1-D convolutions that summarize 46 codes z into one context c (Table 1b)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from ear_engine.ear.causal import CausalLayer, SkipConnection
from ear_engine.ear.encoder import LayerKind, scaled
from ear_engine.ear.normalization import make_norm


@dataclass(frozen=True)
class AutoregressiveBlockConfig:
    """One row of Table 1(b)."""

    channels: int
    kernel: int
    pool: int = 1


PAPER_AUTOREGRESSIVE = (
    AutoregressiveBlockConfig(512, 4),
    AutoregressiveBlockConfig(512, 4),
    AutoregressiveBlockConfig(512, 1, pool=2),
    AutoregressiveBlockConfig(512, 4),
    AutoregressiveBlockConfig(256, 4),
    AutoregressiveBlockConfig(256, 1, pool=2),
    AutoregressiveBlockConfig(256, 4),
    AutoregressiveBlockConfig(256, 1),
    AutoregressiveBlockConfig(256, 4),
)


class AutoregressiveBlock(CausalLayer):
    """One causal layer with a skip connection around it.

    Shape:
        - input: (batch, in_channels, steps)
        - output: (batch, channels, ceil(steps / pool))
    """

    def __init__(self, in_channels: int, config: AutoregressiveBlockConfig, width: float, kind: LayerKind) -> None:
        channels = scaled(config.channels, width)
        conv = nn.Conv1d(in_channels, channels, config.kernel, bias=False)
        super().__init__(conv, make_norm(kind.normalization, channels, 1), config.pool, kind.pooling)
        self.skip = SkipConnection(in_channels, channels, config.pool, dimensions=1, pooling=kind.pooling)

    def forward(self, x: Tensor, skip: Tensor | None = None, *, circular: bool) -> tuple[Tensor, Tensor]:
        """Return ``(raw, fired)``."""
        return super().forward(x, self.skip(x, circular=circular), circular=circular)


class Autoregressive(nn.ModuleList):
    """The stack of blocks.

    Shape:
        - input: (batch, z channels, steps)
        - output: (batch, channels, ceil(steps / 4)): c, before the last rectifier; c[j] knows z up to step 4 j
    """

    def __init__(
        self,
        in_channels: int,
        blocks: tuple[AutoregressiveBlockConfig, ...],
        width: float,
        kind: LayerKind | None = None,
    ) -> None:
        super().__init__()
        before = in_channels
        for config in blocks:
            self.append(AutoregressiveBlock(before, config, width, kind or LayerKind()))
            before = scaled(config.channels, width)
        self.channels = before

    def forward(self, z: Tensor, *, circular: bool) -> Tensor:
        """Contexts c."""
        raw = fired = z
        for block in self:
            raw, fired = block(fired, circular=circular)
        return raw
