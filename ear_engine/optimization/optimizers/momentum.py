"""Heavy-ball momentum."""

from __future__ import annotations

from torch import Tensor

from ear_engine.optimization.optimizers.base import Averaged, unit


class Momentum(Averaged):
    """The average of unit gradients over a beat: slow to turn, and it carries over what speaks against it.

    (Polyak's heavy ball; the length of a step being set, only the ball's direction is left of its velocity. Nesterov's
    look ahead by one step fades as steps become many in a beat, so it would be a difference between machines.)
    """

    half_life = 1.0  # beats

    def direction(
        self, gradient: Tensor, state: tuple[Tensor, ...], numbers: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The average, at unit level."""
        mean = self.average(gradient, state[0], numbers)
        return unit(mean), (mean,)
