"""What a penalty is: a cost of the loop, taken from the objective."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms.base import Shape


class Penalty:
    """A cost (plug-in of kind ``penalties``, a class without arguments).

    ``everything`` asks for the activations of all layers that are computed, not only of those in the target.
    """

    everything = False

    def numbers(self, settings: DreamSettings, shape: Shape) -> Tensor | None:
        """Its strength, float32 on the CPU, 0 or more; None: no part in this step."""
        return None

    def cost(self, audio: Tensor, features: Tensor, trace: Mapping[str, Tensor], numbers: Tensor) -> Tensor:
        """The cost, strength included: a scalar of about 1 for ordinary music at full strength.

        Args:
            audio: (batch, samples).
            features: (batch, 2, bins, frames).
            trace: raw activations, layer → (batch, channels, [bins,] steps).
            numbers: what :meth:`numbers` gave, on the device.
        """
        raise NotImplementedError
