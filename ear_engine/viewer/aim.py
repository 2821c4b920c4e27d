"""How any number of neurons becomes one message."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ear_engine.targets.neuron_list import MOST, write_neurons


def fitting(neurons: Iterable[int], longest: int) -> tuple[NDArray[np.int64], tuple[int | str, ...]]:
    """Neurons that fit into a message, in order, and its arguments.

    A list stays as it is; one that is too long becomes ranges; one whose ranges are too long is thinned out evenly.

    Args:
        neurons: numbers.
        longest: letters of ranges.
    """
    chosen = np.unique(np.fromiter(neurons, np.int64))
    if len(chosen) > MOST:
        text = ",".join(write_neurons(chosen[at : at + MOST].tolist()) for at in range(0, len(chosen), MOST))
        if len(text) <= longest:
            return chosen, (text,)
        chosen = chosen[np.linspace(0, len(chosen) - 1, MOST).astype(np.int64)]
    return chosen, tuple(chosen.tolist())
