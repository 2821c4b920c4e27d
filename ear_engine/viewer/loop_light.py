"""A loop's activations made ready for drawing: once a loop, by numpy alone, on any thread.

What shines is rank, times where it lies between its least and its most in the loop: deep layers fire alike all through
a loop, and what little they change is to be seen (as in :mod:`ear_engine.layout.lights`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import NeuronIndex
from ear_engine.viewer.model import LoopLights
from ear_engine.viewer.thresholds import Thresholds

_ALIGNED = 4  # bytes that rows begin at a multiple of
_LEAST_RANGE = 0.1  # of a group's mean rank in a loop: less is no flash
_STEADY = 0.15  # how much of a group's mean rank shows at its least


@dataclass(frozen=True, eq=False)
class PreparedLoop:
    """What is uploaded of a loop.

    Args:
        loop: its number.
        neurons: how many.
        ranks: (frames, neurons, and up to 3 that fill a row) uint8.
        extremes: (2, as wide) uint8, least and most of every neuron.
        groups: (frames, groups) float32, how active each group is, 0..1.
        thresholds: of its neurons.
    """

    loop: int
    neurons: int
    ranks: NDArray[np.uint8]
    extremes: NDArray[np.uint8]
    groups: NDArray[np.float32]
    thresholds: Thresholds

    @staticmethod
    def of(index: NeuronIndex, lights: LoopLights) -> PreparedLoop:
        """Prepare a loop.

        Raises:
            ValueError: it has no frames, or another number of neurons.
        """
        frames, neurons = lights.ranks.shape
        if not frames or neurons != len(index):
            raise ValueError(f"ranks of the shape {lights.ranks.shape} are not of {len(index)} neurons")
        ranks = np.ascontiguousarray(lights.ranks)
        if fill := -neurons % _ALIGNED:
            ranks = np.pad(ranks, ((0, 0), (0, fill)))
        extremes = np.stack([ranks.min(axis=0), ranks.max(axis=0)])
        thresholds = Thresholds(extremes[:, :neurons])
        return PreparedLoop(lights.loop, neurons, ranks, extremes, _group_activity(index, ranks), thresholds)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.ranks)

    def frame(self, phase: float) -> tuple[int, int, float]:
        """The frames around a phase, 0..1, and how far it is from the first to the second; the last one's second is
        the first."""
        at = (phase % 1.0) * self.frames
        first = min(int(at), self.frames - 1)
        return first, (first + 1) % self.frames, at - first

    def activity(self, phase: float, out: NDArray[np.float32]) -> None:
        """How active each group is at a phase, (groups,), written to ``out``."""
        first, second, share = self.frame(phase)
        np.subtract(self.groups[second], self.groups[first], out=out)
        out *= share
        out += self.groups[first]


def _group_activity(index: NeuronIndex, ranks: NDArray[np.uint8]) -> NDArray[np.float32]:
    means = []
    for layer in index.layers:
        inside = ranks[:, layer.span].reshape(len(ranks), layer.channels, layer.bins)
        total = np.einsum("fcb->fb", inside, dtype=np.uint32)
        means.append(total.astype(np.float32) / np.float32(255 * layer.channels))
    mean = np.concatenate(means, axis=1)
    low, high = mean.min(axis=0), mean.max(axis=0)
    between = (mean - low) / np.maximum(high - low, _LEAST_RANGE)
    return np.asarray(mean * (_STEADY + (1.0 - _STEADY) * between), np.float32)
