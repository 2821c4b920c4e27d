"""The paper's normalized gradient descent, averaged over a moment."""

from __future__ import annotations

from torch import Tensor

from ear_engine.optimization.optimizers.base import Averaged, unit


class NormalizedGradient(Averaged):
    """The average of unit gradients over a quarter of a beat."""

    def direction(
        self, gradient: Tensor, state: tuple[Tensor, ...], numbers: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The average, at unit level."""
        mean = self.average(gradient, state[0], numbers)
        return unit(mean), (mean,)
