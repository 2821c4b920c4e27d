"""A target resolved for one ear: weighted terms, each for one objective."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Term:
    """One part of what shall rise.

    Args:
        objective: plug-in of kind ``objectives``: ``linear``, ``direction``, ``deep_dream``, ``difference``,
            ``diversity``, ``likeness``, ``cpc``, ``surprise``.
        weight: below 0 it shall fall.
        layer: nothing for those that judge the whole ear.
        pattern: (neurons of the layer,), channel-major, the sum of their absolute values 1; None is all alike.
        start, length: stretch of the loop, as shares of it; a length of 1 is all of it.
        other: second moment of a difference, as a share of the loop.
        text: clip of a likeness; name of a direction.
    """

    objective: str
    weight: float
    layer: str = ""
    pattern: NDArray[np.float32] | None = None
    start: float = 0.0
    length: float = 1.0
    other: float = 0.0
    text: str = ""
