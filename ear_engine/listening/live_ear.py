"""An ear on sound that goes on: from samples to what all its neurons do in each new frame, and how surprised it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine.ear.kinds import load_ear_of_any_kind
from ear_engine.ear.neurons import Layer, NeuronIndex
from ear_engine.ear.statistics import Statistics
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.ear.streaming import StreamingNetwork
from ear_engine.ear.streaming_scalogram import StreamingScalogram
from ear_engine.errors import UserError
from ear_engine.listening.surprise import Surprise, other_codes
from ear_engine.shared_memory.listen_state import MOST_NEURONS


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """One frame.

    Args:
        number: of the frame, from 0.
        center: sample at its middle.
        activations: (neurons,), finite; a layer that is slower than the frames holds its value.
        ranks: (neurons,), percentile ranks in music, 0..255; all 0 without statistics.
        surprise: bits, None while it is not known (:mod:`ear_engine.listening.surprise`).
        surprise_rank: 0..1.
    """

    number: int
    center: int
    activations: NDArray[np.float32]
    ranks: NDArray[np.uint8]
    surprise: float | None
    surprise_rank: float


class LiveEar:
    """Listens on and on, on one core.

    Args:
        folder: of the ear.
        delay: seconds that each frame waits for what comes after its middle.

    Raises:
        UserError: the ear cannot be loaded, or not listen to what goes on.
    """

    def __init__(self, folder: Path, delay: float) -> None:
        ear = load_ear_of_any_kind(folder)
        StreamingNetwork(ear)  # refuses what cannot be
        self._ear = ear.fused().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._others = other_codes(self._ear)
        self.rate = self._ear.config.scalogram.sample_rate
        """Of the sound, Hz."""
        self.index = _index(StreamingNetwork(self._ear), self._ear.config.scalogram.bins)
        if len(self.index) > MOST_NEURONS:
            reason = f"has {len(self.index)} neurons, and one that listens live {MOST_NEURONS} at most"
            raise UserError(f"ear {folder.name!r}", reason, "choose a smaller one", "too_large")
        self._statistics = _fitting(load_statistics(folder), self.index)
        if self._statistics is not None:
            self._statistics.rank(np.zeros(len(self.index), np.float32))  # builds its table
        self.restart(delay)

    def restart(self, delay: float) -> None:
        """Begin anew, after silence, with another delay."""
        self._scalogram = StreamingScalogram(self._ear.scalogram, delay)
        self._network = StreamingNetwork(self._ear)
        self._surprise = Surprise(self._ear, self._others)
        self._values = np.zeros(len(self.index), np.float32)
        self._frames = 0

    @property
    def delay(self) -> float:
        """Seconds from the middle of a frame to the last sample it waits for."""
        return float(self._scalogram.delay_samples / self.rate)

    def hear(self, audio: NDArray[np.float32]) -> Iterator[LiveFrame]:
        """Go on with new samples, (count,), finite, at :attr:`rate`; the frames that they complete."""
        features = self._scalogram(audio)
        for place in range(features.shape[-1]):
            fresh = self._network(features[..., place : place + 1])
            self._surprise.hear(fresh.z, fresh.c)
            values = self._values.copy()
            for name, steps in fresh.activations.items():
                values[self.index[name].span] = steps[..., -1].flatten().numpy()
            self._values = np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
            center = self._frames * self._ear.config.scalogram.hop
            yield LiveFrame(self._frames, center, values, self._ranks(values), self._surprise.bits, self._surprise.rank)
            self._frames += 1

    def _ranks(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        if self._statistics is None:
            return np.zeros(len(values), np.uint8)
        ranks: NDArray[np.uint8] = np.rint(self._statistics.rank(values) * np.float32(255)).astype(np.uint8)
        return ranks


def _index(network: StreamingNetwork, bins: int) -> NeuronIndex:
    """The layers, in forward order, as the first frame shows them."""
    layers: list[Layer] = []
    for name, values in network(torch.zeros(1, 2, bins, 1)).activations.items():
        offset = layers[-1].span.stop if layers else 0
        layers.append(Layer(name, values.shape[0], values.shape[1] if values.dim() == 3 else 1, 1, offset))
    return NeuronIndex(layers)


def _fitting(statistics: Statistics | None, index: NeuronIndex) -> Statistics | None:
    """The statistics, if they are of the same layers."""
    if statistics is None:
        return None
    theirs = [(layer.name, layer.neurons) for layer in statistics.index.layers]
    return statistics if theirs == [(layer.name, layer.neurons) for layer in index.layers] else None
