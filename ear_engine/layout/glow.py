"""Frames of a film: every neuron a soft point of light on black, in its layer's color; where they overlap, light adds.

A point is a Gaussian that may be centered between pixels, so slow motion does not jump from one to the next. Bright
places have a halo. Light is exposed as film is: ``1 - exp(-light)`` never clips, and what is much brighter than its
color can be turns to white.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor

from ear_engine.layout.drawing import COLORS, MARGIN, dot_radius
from ear_engine.layout.graph import VertexLayer

_WIDTH = 0.7  # deviation of a point, of the radius of a dot in a still picture
_NARROWEST = 0.6  # of a point, pixels
_REACH = 2.5  # deviations from its center up to which a point is drawn
_EXPOSURE = 4.0
_HALO, _HALO_SHARE = 0.01, 0.8  # deviation, of the side, and how bright
_COARSE = 4  # pixels that are made one for the halo


class Glow:
    """Draws neurons as light.

    Args:
        layers: of the neurons; colors go in turn as in a still picture.
        side: pixels of a frame, a multiple of 4.
    """

    def __init__(self, layers: Sequence[VertexLayer], side: int) -> None:
        if side % _COARSE:
            raise ValueError(f"the side is {side} pixels, which is no multiple of {_COARSE}")
        count = sum(layer.vertices for layer in layers)
        self._side = side
        self._deviation = max(_NARROWEST, _WIDTH * dot_radius(count) * side)
        reach = math.ceil(_REACH * self._deviation)
        self._offsets = torch.arange(-reach, reach + 1)
        plane = torch.empty(count, dtype=torch.int64)
        for number, layer in enumerate(layers):
            plane[layer.span] = number % len(COLORS)
        self._plane = plane * side * side
        rows = [[int(one[at : at + 2], 16) / 255.0 for one in COLORS] for at in (1, 3, 5)]
        self._colors = torch.tensor(rows)  # (red, green and blue; colors)

    def draw(self, positions: NDArray[np.float32], light: NDArray[np.float32]) -> NDArray[np.uint8]:
        """One frame, (side, side, 3), the top row first.

        Args:
            positions: (neurons, 2 or 3), 0..1; of those in space, a view along their third axis.
            light: (neurons,), 0 is dark, 1 is bright.
        """
        planes = self._summed(torch.from_numpy(positions), torch.from_numpy(light))
        seen = (self._colors @ planes.view(len(COLORS), -1)).view(1, 3, self._side, self._side)
        seen += _HALO_SHARE * self._halo(seen)
        exposed = 255.0 * (1.0 - torch.exp_(seen.mul_(-_EXPOSURE)))
        return np.ascontiguousarray(exposed[0].add_(0.5).to(torch.uint8).permute(1, 2, 0).numpy())

    def _summed(self, positions: Tensor, light: Tensor) -> Tensor:
        """Light of each color, (colors * side * side,)."""
        side = self._side
        scale = side / (1.0 + 2.0 * MARGIN)
        column, across = self._profile((positions[:, 0] + MARGIN) * scale - 0.5)
        row, down = self._profile((1.0 + MARGIN - positions[:, 1]) * scale - 0.5)
        places = (row * side + self._plane[:, None])[:, :, None] + column[:, None, :]
        lights = (down * light[:, None])[:, :, None] * across[:, None, :]
        planes = torch.zeros(len(COLORS) * side * side)
        return planes.scatter_add_(0, places.flatten(), lights.flatten())

    def _profile(self, center: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels along one axis that points around ``center`` light, and how much; (neurons, pixels) both."""
        nearest = center.round()
        away = (self._offsets - (center - nearest)[:, None]) / self._deviation
        pixels = (nearest.long()[:, None] + self._offsets).clamp_(0, self._side - 1)
        return pixels, torch.exp_(away.square_().mul_(-0.5))

    def _halo(self, seen: Tensor) -> Tensor:
        coarse = torch.nn.functional.avg_pool2d(seen, _COARSE)
        deviation = _HALO * self._side / _COARSE
        blurred = torch.from_numpy(gaussian_filter(coarse.numpy(), (0.0, 0.0, deviation, deviation)))
        return torch.nn.functional.interpolate(blurred, scale_factor=_COARSE, mode="bilinear")
