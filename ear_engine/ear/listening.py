"""The network of an ear for listening only: its layers and the gradient to what it hears, both written out.

Training needs gradients of weights; a dream only needs the one of the scalogram, thousands of times with the same
weights. So the whole network is one autograd function that keeps what its gradient needs and nothing else (the fired
activations, whose zeros are the rectifiers' masks, and which neighbor won a max pooling), and convolves gradients with
weights that were turned around once.

Inside, values lie in memory as (batch, time, bins, channels), the order that the convolutions of oneDNN and cuDNN are
fastest in. Time comes before frequency, so the end of a loop that is put before its start is one block, and each
rectifier writes its output behind room for that block: no layer copies its input to pad it. A layer that pools in time
is convolved from as many steps earlier as its first window reaches back, so that its output needs no padding either.

Measured against the modules of :mod:`ear_engine.ear.causal` (see BENCHMARKS.md for the machine and the steps a second).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ear_engine.ear.autoregressive import AutoregressiveBlock
from ear_engine.ear.causal import CausalLayer, SkipConnection
from ear_engine.ear.encoder import EncoderBlock
from ear_engine.ear.network import Ear
from ear_engine.errors import UserError

_pool_gradient = torch.ops.aten.max_pool2d_with_indices_backward


def _stored(weight: Tensor) -> Tensor:
    return weight.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class _Convolution:
    """Weights for values, (out, in, time, bins), and, turned around, for gradients, (in, out, time, bins)."""

    ahead: Tensor
    back: Tensor
    bias: Tensor | None
    pad: int  # zeros at both ends of the frequency axis

    @staticmethod
    def of(conv: nn.Module, dtype: torch.dtype) -> _Convolution:
        assert isinstance(conv, nn.Conv1d | nn.Conv2d)
        weight = conv.weight.detach().to(dtype)
        weight = weight[:, :, :, None] if weight.dim() == 3 else weight.transpose(2, 3)
        bias = None if conv.bias is None else conv.bias.detach().to(dtype)
        pad = int(conv.padding[0]) if isinstance(conv, nn.Conv2d) else 0
        return _Convolution(_stored(weight), _stored(weight.flip(2, 3).transpose(0, 1)), bias, pad)

    @property
    def past(self) -> int:
        """Steps before the current one that it hears."""
        return self.ahead.shape[2] - 1

    def __call__(self, x: Tensor) -> Tensor:
        """(batch, in, past + steps, bins) → (batch, out, steps, bins')."""
        return nn.functional.conv2d(x, self.ahead, self.bias, padding=(0, self.pad))

    def gradient(self, gradient: Tensor, followed: int | None = None) -> Tensor:
        """Gradient on what it was called with, of the first ``followed`` channels."""
        time, bins = self.back.shape[2:]
        weight = self.back if followed is None else self.back[:followed]
        return nn.functional.conv2d(gradient, weight, padding=(time - 1, bins - 1 - self.pad))


@dataclass(frozen=True)
class _Layer:
    """One layer: what it is convolved with, pooled by, and what is added before its rectifier.

    Args:
        skip: how many layers before it lies the one whose input is added, pooled and cropped; None if none is.
        mix: 1 x 1 convolution of what is added.
        rectified: whether the next layer hears its output after the rectifier.
    """

    name: str
    convolution: _Convolution
    pool: int
    skip: int | None
    skip_pool: int
    mix: _Convolution | None
    two_dimensional: bool
    rectified: bool

    @property
    def lead(self) -> int:
        """Steps before the first that its input has."""
        return self.convolution.past + self.pool - 1


@dataclass
class _Kept:
    """What the gradient of a layer needs: its input with the steps before the first, and who won its poolings."""

    room: Tensor
    steps: int
    bins: int = 0  # of its output
    pooled: tuple[Tensor, Tensor] | None = None
    skip_pooled: tuple[Tensor, Tensor] | None = None


def _layer(name: str, layer: CausalLayer, skip: SkipConnection | None, back: int, dtype: torch.dtype) -> _Layer:
    mixed = skip is not None and not isinstance(skip.mix, nn.Identity)
    mix = _Convolution.of(skip.mix, dtype) if skip is not None and mixed else None
    return _Layer(
        name,
        _Convolution.of(layer.conv, dtype),
        layer.pool,
        None if skip is None else back,
        1 if skip is None else skip.pool,
        mix,
        isinstance(layer.conv, nn.Conv2d),
        True,
    )


def can_listen(ear: Ear) -> bool:
    """Whether :class:`Listener` knows the network: the paper's kinds of layers, batch normalization, max pooling."""
    plain = type(ear).hear is Ear.hear
    return plain and ear.config.normalization == "batch" and ear.config.pooling == "max"


class Listener:
    """The network of an ear, fast, for loops.

    Values are those of ``ear.fused()`` with a recorder of raw activations; so is the gradient (to rounding).

    Args:
        ear: a fused ear (:meth:`~ear_engine.ear.network.Ear.fused`), see :func:`can_listen`.
        dtype: what is multiplied, that of the ear's weights if None; what goes out is of the features' own type.
        followed: how many of the scalogram's channels have a gradient; that of the others is 0.

    Raises:
        UserError: it is not of the kind this network is written for.
    """

    def __init__(self, ear: Ear, dtype: torch.dtype | None = None, followed: int = 2) -> None:
        if not can_listen(ear):
            raise UserError("ear", "has layers that are not the paper's", "listen with its own network", "bad_ear")
        dtype = next(ear.encoder.parameters()).dtype if dtype is None else dtype
        layers: list[_Layer] = []
        for index, block in enumerate(ear.encoder):
            assert isinstance(block, EncoderBlock)
            layers.append(_layer(f"encoder_{index}_conv1", block.conv1, None, 0, dtype))
            layers.append(_layer(f"encoder_{index}_conv2", block.conv2, block.skip, 1, dtype))
        codes = len(layers) - 1
        layers[codes] = replace(layers[codes], rectified=False)  # codes z
        for index, block in enumerate(ear.autoregressive):
            assert isinstance(block, AutoregressiveBlock)
            layers.append(_layer(f"autoregressive_{index}", block, block.skip, 0, dtype))
        self._layers = tuple(layers)
        self._dtype = dtype
        self._followed = followed
        self._place = {layer.name: place for place, layer in enumerate(layers)}

    @property
    def names(self) -> tuple[str, ...]:
        """Layers, in the order they are computed."""
        return tuple(layer.name for layer in self._layers)

    def hear(self, features: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Activations before the rectifier of ``layers``, as far as the deepest of them; nothing beyond is computed.

        Args:
            features: (batch, 2, bins, frames), the scalogram of whole loops.
            layers: some of :attr:`names`.

        Returns:
            (batch, channels, bins, steps) for layers of the encoder, (batch, channels, steps) for the others.

        Raises:
            KeyError: no such layer.
        """
        places = sorted({self._place[name] for name in layers})
        if not places:
            return {}
        raws = _Listening.apply(features, self, tuple(places))  # type: ignore[no-untyped-call]
        return {self._layers[place].name: raw for place, raw in zip(places, raws, strict=True)}

    def outward(self, place: int, raw: Tensor, dtype: torch.dtype) -> Tensor:
        """Activations of the layer at ``place`` as its module gives them: bins before time."""
        raw = raw.transpose(2, 3) if self._layers[place].two_dimensional else raw[..., 0]
        return raw.to(dtype)

    def inward(self, place: int, gradient: Tensor) -> Tensor:
        """A gradient on what :meth:`outward` gave, as the network keeps its values."""
        gradient = gradient.transpose(2, 3) if self._layers[place].two_dimensional else gradient[..., None]
        return gradient.to(self._dtype, memory_format=torch.channels_last)

    def ahead(self, features: Tensor, places: tuple[int, ...]) -> tuple[list[Tensor], list[_Kept]]:
        """Raw activations of the layers at ``places`` (batch, channels, steps, bins), and what was kept."""
        kept: list[_Kept] = []
        raws: list[Tensor] = []
        heard, rectified = features.transpose(2, 3), False
        for place, layer in enumerate(self._layers[: places[-1] + 1]):
            if place and layer.name == "autoregressive_0":
                heard = heard[..., :1]
            memory = _Kept(self._room(heard, layer.lead, rectified=rectified), heard.shape[2])
            kept.append(memory)
            outputs = -(-memory.steps // layer.pool)
            raw = layer.convolution(memory.room[:, :, : layer.convolution.past + outputs * layer.pool])
            if layer.pool > 1:
                before = raw
                raw, winners = nn.functional.max_pool2d(
                    raw, _window(layer.pool, layer.two_dimensional), return_indices=True
                )
                memory.pooled = before, winners
            if layer.skip is not None:
                raw.add_(self._skip(layer, kept[place - layer.skip], place - layer.skip, memory, raw))
            memory.bins = raw.shape[3]
            if place in places:
                raws.append(raw)
            heard, rectified = raw, layer.rectified
        return raws, kept

    def _room(self, heard: Tensor, lead: int, *, rectified: bool) -> Tensor:
        """``heard``, rectified or not, behind ``lead`` steps from its end."""
        batch, channels, steps, bins = heard.shape
        room = torch.empty(batch, lead + steps, bins, channels, dtype=self._dtype, device=heard.device)
        room = room.permute(0, 3, 1, 2)
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

    def _skip(self, layer: _Layer, source: _Kept, place: int, memory: _Kept, like: Tensor) -> Tensor:
        """The input of layer ``place`` brought to the shape of ``like``."""
        start = self._layers[place].lead - (layer.skip_pool - 1)
        x = source.room[:, :, start : start + like.shape[2] * layer.skip_pool]
        if layer.skip_pool > 1:
            pooled, winners = nn.functional.max_pool2d(
                x, _window(layer.skip_pool, layer.two_dimensional), return_indices=True
            )
            memory.skip_pooled = x, winners
            x = pooled
        first = (x.shape[3] - like.shape[3]) // 2
        x = x[..., first : first + like.shape[3]]
        return x if layer.mix is None else layer.mix(x)

    def back(self, gradients: dict[int, Tensor], kept: list[_Kept]) -> Tensor:
        """Gradient on the features, (batch, followed, bins, frames), from those on raw activations by place."""
        owed: dict[int, list[Tensor]] = {}  # gradients on the inputs of layers that reach them through skip connections
        passed: Tensor | None = None  # gradient on what the layer above heard
        for place in range(max(gradients), -1, -1):
            layer, memory = self._layers[place], kept[place]
            gradient = gradients.get(place)
            if passed is not None:
                through = self._through_rectifier(place, passed, kept)
                gradient = through if gradient is None else through.add_(gradient)
            assert gradient is not None
            followed = self._followed if place == 0 else None
            if layer.skip is not None:
                at = place - layer.skip
                extra = self._skip_gradient(layer, memory, kept[at], gradient, self._followed if at == 0 else None)
                owed.setdefault(at, []).append(extra)
            if memory.pooled is not None:
                gradient = _unpool(gradient, *memory.pooled, _window(layer.pool, layer.two_dimensional))
            passed = _fold(layer.convolution.gradient(gradient, followed), layer.lead, memory.steps)
            for extra in owed.pop(place, []):
                first = (passed.shape[3] - extra.shape[3]) // 2
                passed[..., first : first + extra.shape[3]].add_(extra)
        assert passed is not None
        return passed.transpose(2, 3)

    def _through_rectifier(self, place: int, passed: Tensor, kept: list[_Kept]) -> Tensor:
        """Gradient on the raw activations of layer ``place``, from that on what the next one heard of it."""
        if not self._layers[place].rectified:
            return nn.functional.pad(passed, (0, kept[place].bins - passed.shape[3]))
        fired = kept[place + 1].room[:, :, self._layers[place + 1].lead :]
        gradient: Tensor = torch.ops.aten.threshold_backward(passed, fired, 0)
        return gradient

    def _skip_gradient(
        self, layer: _Layer, memory: _Kept, source: _Kept, gradient: Tensor, followed: int | None
    ) -> Tensor:
        """Gradient on the input of the layer that ``layer`` adds, in the middle of its bins."""
        if layer.mix is not None:
            gradient = layer.mix.gradient(gradient, followed)
        elif followed is not None:
            gradient = gradient[:, :followed]
        if memory.skip_pooled is None:
            return gradient
        before, winners = memory.skip_pooled
        missing = winners.shape[3] - gradient.shape[3]
        gradient = nn.functional.pad(gradient, (missing // 2, missing - missing // 2))
        channels = gradient.shape[1]
        window = _window(layer.skip_pool, layer.two_dimensional)
        spread = _unpool(gradient, before[:, :channels], winners[:, :channels], window)
        return _fold(spread, layer.skip_pool - 1, source.steps)


def _window(pool: int, two_dimensional: bool) -> list[int]:
    return [pool, pool if two_dimensional else 1]


def _unpool(gradient: Tensor, before: Tensor, winners: Tensor, window: list[int]) -> Tensor:
    gradient = gradient.contiguous(memory_format=torch.channels_last)
    spread: Tensor = _pool_gradient(gradient, before, window, window, [0, 0], [1, 1], False, winners)
    return spread


def _fold(gradient: Tensor, lead: int, steps: int) -> Tensor:
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


class _Listening(torch.autograd.Function):
    """:meth:`Listener.ahead` with :meth:`Listener.back` as its gradient."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, listener: Listener, places: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Raw activations at ``places``."""
        raws, ctx.kept = listener.ahead(features, places)
        ctx.listener, ctx.places, ctx.features = listener, places, (features.shape[1], features.dtype)
        return tuple(listener.outward(place, raw, features.dtype) for place, raw in zip(places, raws, strict=True))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor, None, None]:
        """Gradient on the features."""
        channels, dtype = ctx.features
        given = {
            place: ctx.listener.inward(place, gradient)
            for place, gradient in zip(ctx.places, gradients, strict=True)
            if gradient is not None
        }
        gradient = ctx.listener.back(given, ctx.kept).to(dtype)
        unfollowed = channels - gradient.shape[1]
        if unfollowed:
            gradient = nn.functional.pad(gradient, (0, 0, 0, 0, 0, unfollowed))
        return gradient, None, None
