"""The network of an ear for listening only: its layers and the gradient to what it hears, both written out.

Training needs gradients of weights; a dream only needs the one of the scalogram, thousands of times with the same
weights. So the whole network is one autograd function that keeps what its gradient needs and nothing else (the fired
activations, whose zeros are the rectifiers' masks, and which neighbor won a max pooling), and convolves gradients with
weights that were turned around once. How values lie in memory: :mod:`ear_engine.ear.listening_layers`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ear_engine.ear.listening_layers import Kept, Layer, behind_its_end, fold, read_layers, unpool, window
from ear_engine.ear.network import Ear
from ear_engine.errors import UserError


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
        self._layers = read_layers(ear, dtype)
        self._dtype = dtype
        self._followed = followed
        self._place = {layer.name: place for place, layer in enumerate(self._layers)}

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

    def ahead(self, features: Tensor, places: tuple[int, ...]) -> tuple[list[Tensor], list[Kept]]:
        """Raw activations of the layers at ``places`` (batch, channels, steps, bins), and what was kept."""
        kept: list[Kept] = []
        raws: list[Tensor] = []
        heard, rectified = features.transpose(2, 3), False
        for place, layer in enumerate(self._layers[: places[-1] + 1]):
            if place and layer.name == "autoregressive_0":
                heard = heard[..., :1]
            memory = Kept(behind_its_end(heard, layer.lead, self._dtype, rectified=rectified), heard.shape[2])
            kept.append(memory)
            outputs = -(-memory.steps // layer.pool)
            raw = layer.convolution(memory.room[:, :, : layer.convolution.past + outputs * layer.pool])
            if layer.pool > 1:
                before = raw
                raw, winners = nn.functional.max_pool2d(
                    raw, window(layer.pool, layer.two_dimensional), return_indices=True
                )
                memory.pooled = before, winners
            if layer.skip is not None:
                raw.add_(self._skip(layer, kept[place - layer.skip], place - layer.skip, memory, raw))
            memory.bins = raw.shape[3]
            if place in places:
                raws.append(raw)
            heard, rectified = raw, layer.rectified
        return raws, kept

    def _skip(self, layer: Layer, source: Kept, place: int, memory: Kept, like: Tensor) -> Tensor:
        """The input of layer ``place`` brought to the shape of ``like``."""
        start = self._layers[place].lead - (layer.skip_pool - 1)
        x = source.room[:, :, start : start + like.shape[2] * layer.skip_pool]
        if layer.skip_pool > 1:
            pooled, winners = nn.functional.max_pool2d(
                x, window(layer.skip_pool, layer.two_dimensional), return_indices=True
            )
            memory.skip_pooled = x, winners
            x = pooled
        first = (x.shape[3] - like.shape[3]) // 2
        x = x[..., first : first + like.shape[3]]
        return x if layer.mix is None else layer.mix(x)

    def back(self, gradients: dict[int, Tensor], kept: list[Kept]) -> Tensor:
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
                gradient = unpool(gradient, *memory.pooled, window(layer.pool, layer.two_dimensional))
            passed = fold(layer.convolution.gradient(gradient, followed), layer.lead, memory.steps)
            for extra in owed.pop(place, []):
                first = (passed.shape[3] - extra.shape[3]) // 2
                passed[..., first : first + extra.shape[3]].add_(extra)
        assert passed is not None
        return passed.transpose(2, 3)

    def _through_rectifier(self, place: int, passed: Tensor, kept: list[Kept]) -> Tensor:
        """Gradient on the raw activations of layer ``place``, from that on what the next one heard of it."""
        if not self._layers[place].rectified:
            return nn.functional.pad(passed, (0, kept[place].bins - passed.shape[3]))
        fired = kept[place + 1].room[:, :, self._layers[place + 1].lead :]
        gradient: Tensor = torch.ops.aten.threshold_backward(passed, fired, 0)
        return gradient

    def _skip_gradient(
        self, layer: Layer, memory: Kept, source: Kept, gradient: Tensor, followed: int | None
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
        size = window(layer.skip_pool, layer.two_dimensional)
        spread = unpool(gradient, before[:, :channels], winners[:, :channels], size)
        return fold(spread, layer.skip_pool - 1, source.steps)


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
