"""A region as its client has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.targets.resolve import Resolver

Numbers = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Region:
    """Neurons that a client wants summed up.

    Args:
        text: as it was asked for.
        numbers: of its neurons, rising.
        resolver: that found them; another ear has another.
    """

    text: str
    numbers: Numbers
    resolver: Resolver
