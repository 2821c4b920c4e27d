"""A moving average of the weights: smoother than the weights of the last step, and what is kept of a run."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """Exponential moving average of a network's weights, its buffers those of the last step.

    Args:
        network: trained.
        decay: share of the average that a step keeps, below 1; in the first steps less, (1 + step) / (10 + step).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.network = copy.deepcopy(network).requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after ``step`` (from 1)."""
        keep = min(self.decay, (1.0 + step) / (10.0 + step))
        mine, theirs = ([p.detach() for p in part.parameters()] for part in (self.network, network))
        torch._foreach_lerp_(mine, theirs, 1.0 - keep)
        for own, other in zip(self.network.buffers(), network.buffers(), strict=True):
            own.copy_(other)
