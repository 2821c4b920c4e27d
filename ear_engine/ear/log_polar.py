"""Log amplitude and phase advance of complex coefficients, and their gradient written out.

With F the floor, ``p = |X|^2 / F``, ``s = sqrt(p[m] p[m-1])`` and ``t`` the angle of ``X[m] conj(X[m-1])`` less the
advance that the bin's center would make, the two features are

    amplitude = log(1 + p) / -log F          phase = t / pi * s / (1 + s), 0 where s < 1e-3

Coefficients are turned by ``exp(-i advance m)`` first, so that the angle between neighbors is ``t`` itself. Since
``dt/dX[m] = i X[m] / |X[m]|^2`` and ``dt/dX[m-1] = -i X[m-1] / |X[m-1]|^2``, the whole gradient is ``X (a + i b)`` with
real a and b: no angle, root or logarithm is taken again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

FLOOR = 1e-9  # power below which a bin counts as silent (-90 dB)
LOG_RANGE = -math.log(FLOOR)
_FAINTEST = 1e-3  # of s: below, a phase would be rounding noise
_LEAST_POWER = 1e-38  # keeps 0 / 0 out where there is no sound at all


@dataclass(frozen=True)
class Turns:
    """The expected advance of every bin, undone.

    Shapes:
        turn: (bins, frames), complex: ``exp(-i advance m) / sqrt(F)``
        wrap: (bins,), complex: takes the last frame, so turned, to one frame before the first; None if it is no loop
    """

    turn: Tensor
    wrap: Tensor | None

    @staticmethod
    def create(cycles: np.ndarray[Any, Any], frames: int, circular: bool, dtype: torch.dtype, device: str) -> Turns:
        """Constants for bins whose centers advance by ``cycles`` (bins,) full turns from one frame to the next."""

        def constant(turns: np.ndarray[Any, Any], scale: float) -> Tensor:
            values = scale * np.exp(-2j * np.pi * np.remainder(turns, 1.0))
            return torch.from_numpy(values).to(dtype).to(device)

        steps = np.remainder(cycles, 1.0)
        turn = constant(steps[:, None] * np.arange(frames), FLOOR**-0.5)
        return Turns(turn, constant(-frames * steps, 1.0) if circular else None)


class LogPolar(torch.autograd.Function):
    """Features of coefficients.

    Shape:
        - coefficients: (batch, bins, frames), complex
        - output: (batch, 2, bins, frames), real: log amplitude, phase
    """

    @staticmethod
    def forward(ctx: Any, coefficients: Tensor, turns: Turns) -> Tensor:
        """Features of ``coefficients``."""
        coefficients = coefficients.contiguous()
        turned = coefficients * turns.turn
        batch, bins, frames = turned.shape
        # Real and imaginary planes with the frame before the first in front, so that neighbors are two views.
        planes = torch.view_as_real(turned).new_empty(2, batch, bins, frames + 1)
        planes[0, ..., 1:].copy_(turned.real)
        planes[1, ..., 1:].copy_(turned.imag)
        if turns.wrap is None:
            planes[..., 0].zero_()
        else:
            planes[..., 0] = torch.view_as_real(turned[..., -1] * turns.wrap).permute(2, 0, 1)
        real, imaginary = planes
        power = (real * real).addcmul_(imaginary, imaginary)
        magnitude = power.sqrt()
        power = power[..., 1:]
        out = planes.new_empty(batch, 2, bins, frames)
        torch.mul(torch.log1p(power), 1.0 / LOG_RANGE, out=out[:, 0])
        now, before = (..., slice(1, None)), (..., slice(None, -1))
        strength = magnitude[now] * magnitude[before]
        share = torch.threshold(strength, _FAINTEST, 0.0)
        strength.add_(1.0)
        share.div_(strength).mul_(1.0 / math.pi)
        cosine = (real[now] * real[before]).addcmul_(imaginary[now], imaginary[before])
        sine = (imaginary[now] * real[before]).addcmul_(real[now], imaginary[before], value=-1.0)
        angle = torch.atan2(sine, cosine)
        torch.mul(angle, share, out=out[:, 1])
        ctx.save_for_backward(coefficients, power, angle, share, strength)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Gradient on the coefficients."""
        coefficients, power, angle, share, strength = ctx.saved_tensors
        amplitude, phase = gradients[0].unbind(1)
        batch, bins, frames = power.shape
        # How each step between two frames pulls at the strength of both (0) and turns them apart (1).
        pull, turn = pulls = power.new_empty(2, batch, bins, frames + 1)
        torch.mul(phase, share, out=turn[..., :-1])
        torch.mul(turn[..., :-1], angle, out=pull[..., :-1]).div_(strength)
        pulls[..., -1] = pulls[..., 0]
        least = torch.rsub(power, _LEAST_POWER, alpha=-FLOOR)
        outward = pull[..., :-1] + pull[..., 1:]
        outward.div_(least)
        scale = 0.5 * FLOOR * LOG_RANGE
        outward.addcdiv_(amplitude, torch.rsub(power, scale, alpha=-scale))
        around = turn[..., :-1] - turn[..., 1:]
        around.div_(least)
        return torch.complex(outward, around).mul_(coefficients), None
