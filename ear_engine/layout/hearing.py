"""What the ear hears at the playhead, as the moving map needs it: how far each neuron is from what is usual for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.statistics import Statistics
from ear_engine.layout.graph import VertexLayer
from ear_engine.shared_memory.clock import playhead
from ear_engine.shared_memory.loops import LoopFile, read_loop
from ear_engine.shared_memory.states import AudioState, StateReader

_LEAST = 1e-6  # deviation, of a neuron that never changes,
_ROUNDED = 1e-5  # and as a share of its mean, which is not exact


class Hearing:
    """What neurons do at the playhead, in deviations from what is usual.

    Args:
        session: the session folder.
        layers: of the ear.
        statistics: what is usual; without them it is what the loop does.
    """

    def __init__(self, session: Path, layers: Sequence[VertexLayer], statistics: Statistics | None) -> None:
        self._loops = session / "loops"
        self._audio = StateReader(session, "audio", AudioState)
        self._layers = layers
        self._count = sum(layer.vertices for layer in layers)
        self._mean: NDArray[np.float32] | None = None
        self._deviation: NDArray[np.float32] | None = None
        if statistics is not None:
            self._learn(statistics.mean, np.sqrt(np.maximum(statistics.variance, 0.0)))
        self._known = statistics is not None
        self._name = ""
        self._loop: LoopFile | None = None

    def deviations(self, at: float) -> NDArray[np.float32] | None:
        """At clock time ``at``, (neurons,); None while no loop of this ear is heard."""
        audio = self._audio.read()
        here = None if audio is None else playhead(audio, at)
        if here is None:
            return None
        if here.entry.file != self._name:
            self._name, self._loop = here.entry.file, self._open(here.entry.file)
        if self._loop is None or self._mean is None or self._deviation is None:
            return None
        found = np.empty(self._count, np.float32)
        for layer in self._layers:
            steps = self._loop.activations[layer.name]
            found[layer.span] = steps[here.frame(len(steps))]
        return (found - self._mean) / self._deviation

    def _open(self, name: str) -> LoopFile | None:
        try:
            loop = read_loop(self._loops / name)
        except (OSError, ValueError):  # pruned meanwhile: the next one will do
            return None
        heard = [loop.activations.get(layer.name, np.zeros((0, 0), np.float32)) for layer in self._layers]
        if any(not len(s) or s.shape[1] != layer.vertices for s, layer in zip(heard, self._layers, strict=True)):
            return None  # of another ear, or a source that nobody has heard yet
        if not self._known:
            means = [steps.mean(axis=0, dtype=np.float64) for steps in heard]
            self._learn(np.concatenate(means), np.concatenate([s.std(axis=0, dtype=np.float64) for s in heard]))
        return loop

    def _learn(self, mean: NDArray[np.floating], deviation: NDArray[np.floating]) -> None:
        self._mean = mean.astype(np.float32)
        self._deviation = np.maximum(deviation, _LEAST + _ROUNDED * np.abs(mean)).astype(np.float32)
