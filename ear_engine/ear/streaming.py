"""The network of an ear on sound that goes on: each call computes only the steps that are new.

Time is causal in every layer, so a layer only has to remember the last steps of what it was given: ``kernel - 1`` for
its convolution and ``pool - 1`` for its pooling. They begin as silence, as :meth:`Ear.hear` has it for music, and what
comes out is what that computes for the whole, in pieces of any size. One frame costs one frame: nothing of the
receptive field is heard again.

A layer that is pooled gives its step ``j`` as soon as step ``j * pool`` of its input is there, and none in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from ear_engine.ear.causal import CausalLayer, SkipConnection, lookback, pool_windows
from ear_engine.ear.encoder import EncoderBlock
from ear_engine.ear.network import Ear
from ear_engine.ear.statistics import FRONT_END
from ear_engine.errors import UserError


def can_stream(ear: object) -> bool:
    """Whether :class:`StreamingNetwork` knows the network."""
    return isinstance(ear, Ear) and type(ear).hear is Ear.hear


@dataclass(frozen=True)
class Fresh:
    """What new frames have led to.

    Shapes:
        activations: layer → (channels, [bins,] steps), after the rectifier; layers without a new step are left out.
        z: (z channels, steps), codes; there may be none.
        c: (c channels, steps), contexts.
    """

    activations: Mapping[str, Tensor]
    z: Tensor
    c: Tensor


class _Past:
    """The last steps of a signal, silence at first."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._held: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` behind the steps before it, (..., steps + time)."""
        if self._steps == 0:
            return x
        held = x.new_zeros(*x.shape[:-1], self._steps) if self._held is None else self._held
        joined = torch.cat([held, x], dim=-1)
        self._held = joined[..., joined.shape[-1] - self._steps :]
        return joined


class _Pooled:
    """A pooling that gives what windows have ended."""

    def __init__(self, of: CausalLayer | SkipConnection) -> None:
        self._pool, self._pooling = of.pool, of.pooling
        self._lookback = lookback(of.pool, of.pooling)
        self._held: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor | None:
        if self._pool == 1:
            return x
        held = x.new_zeros(*x.shape[:-1], self._lookback) if self._held is None else self._held
        joined = torch.cat([held, x], dim=-1)
        count = (joined.shape[-1] - self._lookback + self._pool - 1) // self._pool
        self._held = joined[..., count * self._pool :]
        if count == 0:
            return None
        windows = joined[..., : self._lookback + (count - 1) * self._pool + 1]
        return pool_windows(windows, self._pool, self._pooling)


class _Layer:
    """A causal layer with its past."""

    def __init__(self, layer: CausalLayer) -> None:
        self._layer = layer
        self._past = _Past((layer.conv.kernel_size[-1] - 1) * layer.conv.dilation[-1])
        self._pooled = _Pooled(layer)

    def __call__(self, x: Tensor, skip: Tensor | None = None) -> tuple[Tensor, Tensor] | None:
        raw = self._pooled(self._layer.norm(self._layer.conv(self._past(x))))
        if raw is None:
            return None
        if skip is not None:
            raw = raw + skip
        return raw, self._layer.activation(raw)


class _Skip:
    """A skip connection with its past."""

    def __init__(self, skip: SkipConnection) -> None:
        self._skip = skip
        self._pooled = _Pooled(skip)

    def __call__(self, x: Tensor, bins: int | None = None) -> Tensor | None:
        pooled = self._pooled(x)
        if pooled is None:
            return None
        if bins is not None:
            start = (pooled.shape[2] - bins) // 2
            pooled = pooled[:, :, start : start + bins]
        mixed: Tensor = self._skip.mix(pooled)
        return mixed


class _Block:
    """A block of the encoder with its past."""

    def __init__(self, block: EncoderBlock) -> None:
        self._first, self._second, self._skip = _Layer(block.conv1), _Layer(block.conv2), _Skip(block.skip)
        conv = block.conv2.conv
        self._fewer = conv.kernel_size[0] - 1 - 2 * int(conv.padding[0])  # bins

    def __call__(self, x: Tensor, name: str, found: dict[str, Tensor]) -> tuple[Tensor, Tensor] | None:
        first = self._first(x)
        if first is None:
            self._skip(x)
            return None
        found[f"{name}_conv1"] = first[1]
        second = self._second(first[1], self._skip(x, first[1].shape[2] - self._fewer))
        if second is not None:
            found[f"{name}_conv2"] = second[1]
        return second


class StreamingNetwork:
    """Encoder and autoregressive network of an ear, heard on and on.

    Args:
        ear: best a fused one (:meth:`~ear_engine.ear.network.Ear.fused`), in evaluation mode.

    Raises:
        UserError: its network is of another kind.
    """

    def __init__(self, ear: Ear) -> None:
        if not can_stream(ear):
            raise UserError("this ear", "cannot listen to what goes on", "choose an ear of the kind cpc", "bad_ear")
        self._blocks = [_Block(cast(EncoderBlock, block)) for block in ear.encoder]
        self._layers = [(_Layer(cast(CausalLayer, layer)), _Skip(layer.skip)) for layer in ear.autoregressive]  # type: ignore[arg-type]
        self._sizes = ear.encoder.channels, ear.autoregressive.channels

    @torch.no_grad()
    def __call__(self, features: Tensor) -> Fresh:
        """Go on with new frames of the scalogram, (1, 2, bins, frames), at least one."""
        found: dict[str, Tensor] = {FRONT_END: features}
        nothing = [features.new_zeros(channels, 0) for channels in self._sizes]
        raw = fired = features
        for number, block in enumerate(self._blocks):
            heard = block(fired, f"encoder_{number}", found)
            if heard is None:
                return Fresh(_single(found), *nothing)
            raw, fired = heard
        z = fired = raw[:, :, 0]
        for number, (layer, skip) in enumerate(self._layers):
            heard = layer(fired, skip(fired))
            if heard is None:
                return Fresh(_single(found), z[0], nothing[1])
            raw, fired = heard
            found[f"autoregressive_{number}"] = fired
        return Fresh(_single(found), z[0], raw[0])


def _single(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: values[0] for name, values in found.items()}
