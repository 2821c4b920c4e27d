"""Timing side by side: candidates take turns in one process, so that a machine that slows down slows all of them."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

MATRIX = "matrix product"
COPY = "copy"
_SIZE = 1024  # of the matrices multiplied
_TURN = 0.1  # seconds
_BYTES = 1 << 27  # copied, far more than any cache holds


@dataclass(frozen=True)
class Timings:
    """Seconds of a call of every candidate in every round, by name."""

    seconds: dict[str, NDArray[np.float64]]

    def median(self, name: str) -> float:
        """Median seconds."""
        return float(np.median(self.seconds[name]))

    def ratio(self, name: str, reference: str) -> float:
        """How many times faster ``name`` is than ``reference``: the median over rounds of the ratio in one round."""
        return float(np.median(self.seconds[reference] / self.seconds[name]))

    @property
    def matrix_rate(self) -> float:
        """Operations a second (a multiplication and an addition are two) in float32 matrix products."""
        return 2.0 * _SIZE**3 / self.median(MATRIX)

    @property
    def bandwidth(self) -> float:
        """Bytes a second, read and written, of copying memory."""
        return 2.0 * _BYTES / self.median(COPY)

    def floor_share(self, name: str, operations: float, bytes_moved: float = 0.0) -> float:
        """Least time for ``operations`` and ``bytes_moved`` on this machine over the time ``name`` took."""
        return max(operations / self.matrix_rate, bytes_moved / self.bandwidth) / self.median(name)


def take_turns(candidates: Mapping[str, Callable[[], object]], rounds: int, device: str = "cpu") -> Timings:
    """Run all candidates, and the machine's two yardsticks, in turns; even rounds backwards.

    In its turn a candidate runs again and again for a tenth of a second, as it does in use: one call alone would be
    timed with the caches that the candidate before it left.

    Args:
        candidates: by name; the first call of each is not timed.
        rounds: at least 1.
        device: where the yardsticks are measured.
    """
    left, right = (torch.randn(_SIZE, _SIZE, device=device) for _ in range(2))
    source = torch.ones(_BYTES // 4, device=device)
    target = torch.empty_like(source)
    everything: dict[str, Callable[[], object]] = {
        **candidates,
        MATRIX: lambda: torch.mm(left, right),
        COPY: lambda: target.copy_(source),
    }
    seconds: dict[str, list[float]] = {name: [] for name in everything}
    calls = {}
    for name, call in everything.items():
        call()
        calls[name] = math.ceil(_TURN / _timed(call, 1, device))
    gc.collect()
    for turn in range(rounds):
        names = list(everything)
        for name in names if turn % 2 == 0 else reversed(names):
            seconds[name].append(_timed(everything[name], calls[name], device))
    return Timings({name: np.array(values) for name, values in seconds.items()})


def _timed(call: Callable[[], object], times: int, device: str) -> float:
    """Seconds of one of so many calls."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / times
