"""Sign steps: every coordinate moves equally far."""

from __future__ import annotations

from torch import Tensor

from ear_engine.optimization.optimizers.base import Averaged


class Sign(Averaged):
    """The signs of the average of unit gradients over a quarter of a beat (Bernstein et al. 2018, "signum").

    Coordinates whose average is exactly 0 stay.
    """

    def direction(
        self, gradient: Tensor, state: tuple[Tensor, ...], numbers: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The signs."""
        mean = self.average(gradient, state[0], numbers)
        return mean.sign(), (mean,)
