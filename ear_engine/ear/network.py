"""The whole ear: scalogram, encoder, autoregressive network and the predictions that trained them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from ear_engine.ear.autoregressive import PAPER_AUTOREGRESSIVE, Autoregressive, AutoregressiveBlockConfig
from ear_engine.ear.causal import CausalLayer, Pooling
from ear_engine.ear.encoder import PAPER_ENCODER, Encoder, EncoderBlockConfig, LayerKind
from ear_engine.ear.normalization import Normalization
from ear_engine.ear.scalogram import Scalogram, ScalogramConfig

FRAMES_PER_CODE = 4  # two poolings in the encoder
CODES_PER_CONTEXT = 4  # two poolings in the autoregressive network
_FIRST_SHARPNESS = 10.0  # inverse temperature at the start
_SHARPEST = 100.0
_FRAME_SCORE = 0.01
"""Deviation of the first scores where frames are normalized. Nothing keeps excerpts apart there (batch normalization
does, by subtracting what they have in common), so the quickest way to a lower loss was to make random scores alike:
by step 50 all contexts were the same, and no gradient was left. From scores of next to nothing the predictions learn
first."""


@dataclass(frozen=True)
class EarConfig:
    """Everything that decides the shape of an ear.

    Args:
        width: channels relative to the paper's (1).
        predictions: number of future codes predicted from one context.
        skip: codes right after the context that are not predicted.
        score: how a prediction is held against a code: their product (equation 1), or the cosine of their angle over a
            learned temperature.
        normalization: ``batch``, or ``frame``, which knows no batch.
        pooling: ``max`` (the paper's), or ``blur``, without aliasing.
    """

    width: float = 1.0
    predictions: int = 16
    skip: int = 4
    score: Literal["product", "cosine"] = "product"
    normalization: Normalization = "batch"
    pooling: Pooling = "max"
    scalogram: ScalogramConfig = field(default_factory=ScalogramConfig)
    encoder: tuple[EncoderBlockConfig, ...] = PAPER_ENCODER
    autoregressive: tuple[AutoregressiveBlockConfig, ...] = PAPER_AUTOREGRESSIVE


@dataclass(frozen=True)
class Heard:
    """What the ear makes of audio.

    Shapes:
        features: (batch, 2, bins, frames) scalogram
        z: (batch, z channels, ceil(frames / 4))
        c: (batch, c channels, ceil(frames / 16))
    """

    features: Tensor
    z: Tensor
    c: Tensor


class Ear(nn.Module):
    """A neural ear.

    Args:
        config: its shape.
    """

    def __init__(self, config: EarConfig | None = None) -> None:
        super().__init__()
        self.config = config or EarConfig()
        self.scalogram = Scalogram(self.config.scalogram)
        kind = LayerKind(self.config.normalization, self.config.pooling)
        self.encoder = Encoder(self.config.encoder, self.config.width, kind)
        self.autoregressive = Autoregressive(self.encoder.channels, self.config.autoregressive, self.config.width, kind)
        self.predictor = nn.Linear(
            self.autoregressive.channels, self.config.predictions * self.encoder.channels, bias=False
        )
        # scores of unit-variance codes and contexts start with unit variance; or next to nothing, see _FRAME_SCORE
        spread = _FRAME_SCORE if self.config.normalization == "frame" else 1.0
        size = self.autoregressive.channels * self.encoder.channels
        nn.init.normal_(self.predictor.weight, std=spread * size**-0.5)
        if self.config.score == "cosine":
            self.log_sharpness = nn.Parameter(torch.tensor(_FIRST_SHARPNESS).log())

    def hear(self, features: Tensor, *, circular: bool) -> Heard:
        """Run the networks on a scalogram of shape (batch, 2, bins, frames)."""
        z = self.encoder(features, circular=circular)
        return Heard(features, z, self.autoregressive(z, circular=circular))

    def forward(self, audio: Tensor, *, circular: bool = True) -> Heard:
        """Listen to loops (``circular``) or music.

        Args:
            audio: (batch, samples) at the ear's sample rate, -1..1.
            circular: whether the audio is one whole loop, whose past is its own end.
        """
        return self.hear(self.scalogram(audio, circular=circular), circular=circular)

    def predict(self, c: Tensor) -> Tensor:
        """Codes predicted from contexts.

        Args:
            c: (..., c channels).

        Returns:
            (..., predictions, z channels); entry k predicts the code ``skip + 1 + k`` steps after the context.
        """
        predicted: Tensor = self.predictor(c)
        return predicted.view(*c.shape[:-1], self.config.predictions, self.encoder.channels)

    def scorable(self, predicted: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Predictions and codes, last axis channels, such that their products are scores; float32 at least."""
        wide = torch.promote_types(predicted.dtype, torch.float32)
        predicted, codes = predicted.to(wide), codes.to(wide)
        if self.config.score == "product":
            return predicted, codes
        sharpness = self.log_sharpness.exp().clamp(max=_SHARPEST)
        return nn.functional.normalize(predicted, dim=-1) * sharpness, nn.functional.normalize(codes, dim=-1)

    def fused(self) -> Ear:
        """A copy for listening: normalization folded into the convolutions, gradients to the weights off."""
        ear = copy.deepcopy(self).eval().requires_grad_(False)
        for layer in ear.modules():
            if isinstance(layer, CausalLayer) and isinstance(layer.norm, nn.BatchNorm1d | nn.BatchNorm2d):
                layer.conv = torch.nn.utils.fuse_conv_bn_eval(layer.conv, layer.norm)
                layer.norm = nn.Identity()
        return ear
