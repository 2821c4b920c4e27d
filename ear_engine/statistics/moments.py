"""What is accumulated while an ear listens: moments, extremes, histograms, and the moments that excite it most.

Everything is of bounded size and lives on the ear's device: with ``n`` neurons, moments take 44 n bytes, the top places
80 n, histograms 4 kB n (175 MB for the paper's 42,608 neurons).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.neurons import NeuronIndex
from ear_engine.ear.ranks import LEVELS

TOP = 5
"""Recordings that are kept of each neuron's loudest moments."""
_BINS = 1024


class Moments:
    """Mean, variance, range and share of time above 0, merged batch by batch in float64 (Chan, Golub, LeVeque 1983).

    Args:
        index: all neurons.
        device: torch device.
    """

    def __init__(self, index: NeuronIndex, device: torch.device) -> None:
        n = len(index)
        self._index = index
        self._count = {layer.name: 0 for layer in index.layers}
        self.mean = torch.zeros(n, dtype=torch.float64, device=device)
        self._squares = torch.zeros(n, dtype=torch.float64, device=device)
        self._positive = torch.zeros(n, dtype=torch.int64, device=device)
        self.low = torch.full((n,), torch.inf, device=device)
        self.high = torch.full((n,), -torch.inf, device=device)

    def add(self, heard: Mapping[str, Tensor]) -> None:
        """Take in a batch: layer → (batch, neurons, steps)."""
        for layer in self._index.layers:
            values, span = heard[layer.name], layer.span
            fresh = values.shape[0] * values.shape[2]
            before = self._count[layer.name]
            self._count[layer.name] = total = before + fresh
            variance, mean = torch.var_mean(values, dim=(0, 2), correction=0)
            shift = mean.double() - self.mean[span]
            self.mean[span] += shift * (fresh / total)
            self._squares[span] += variance.double() * fresh + shift.square() * (before * fresh / total)
            self._positive[span] += (values > 0).sum(dim=(0, 2))
            self.low[span] = torch.minimum(self.low[span], values.amin(dim=(0, 2)))
            self.high[span] = torch.maximum(self.high[span], values.amax(dim=(0, 2)))

    @property
    def count(self) -> Tensor:
        """Steps heard by each neuron, (neurons,), float64."""
        counts = [torch.full((k.neurons,), self._count[k.name], dtype=torch.float64) for k in self._index.layers]
        return torch.cat(counts).to(self.mean.device)

    @property
    def variance(self) -> Tensor:
        """(neurons,), float64."""
        return self._squares / self.count

    @property
    def active(self) -> Tensor:
        """Share of time above 0, (neurons,), float64."""
        return self._positive / self.count


class TopPlaces:
    """The excerpt and step of each neuron's strongest activations, one of each recording.

    Shapes:
        values: (neurons, 5), falling, -inf where there is none.
        recording, excerpt, step: (neurons, 5), int64, -1 where there is none.
    """

    def __init__(self, index: NeuronIndex, device: torch.device) -> None:
        self._index = index
        shape = (len(index), TOP)
        self.values = torch.full(shape, -torch.inf, device=device)
        self._places = torch.full((*shape, 3), -1, dtype=torch.int64, device=device)

    @property
    def recording(self) -> Tensor:
        """Number of the recording."""
        return self._places[..., 0]

    @property
    def excerpt(self) -> Tensor:
        """Number of the excerpt."""
        return self._places[..., 1]

    @property
    def step(self) -> Tensor:
        """Step of the neuron's layer in the excerpt."""
        return self._places[..., 2]

    def weights(self, mean: Tensor) -> Tensor:
        """How much each place counts for what excites a neuron, (neurons, 5): 1 for the first, 0 where there is none.

        The square of how far it lies above the mean, (neurons,), against the first.
        """
        above = (self.values - mean[:, None]).clamp(min=0)
        weights = (above / above[:, :1].clamp(min=1e-30)).square()
        weights[:, 0] = 1.0
        return torch.where(self.excerpt >= 0, weights, 0.0)

    def add(self, heard: Mapping[str, Tensor], row: int, recording: int, excerpt: int) -> None:
        """Take in one excerpt: row ``row`` of a batch."""
        strongest = [heard[layer.name][row].max(dim=-1) for layer in self._index.layers]
        value = torch.cat([best.values for best in strongest])
        step = torch.cat([best.indices for best in strongest])
        own = self.recording == recording
        # a place of the same recording, or else the weakest
        slot = torch.where(own.any(dim=1), own.to(torch.uint8).argmax(dim=1), TOP - 1)[:, None]
        better = value > self.values.gather(1, slot)[:, 0]
        rows = better.nonzero()[:, 0]
        if not len(rows):
            return
        slot = slot[rows, 0]
        self.values[rows, slot] = value[rows]
        self._places[rows, slot, 0] = recording
        self._places[rows, slot, 1] = excerpt
        self._places[rows, slot, 2] = step[rows]
        order = self.values[rows].argsort(dim=1, descending=True, stable=True)
        self.values[rows] = self.values[rows].gather(1, order)
        self._places[rows] = self._places[rows].gather(1, order[..., None].expand(-1, -1, 3))


class Histograms:
    """Histograms of every neuron between its minimum and maximum: 1024 bins, equal in the root of the distance.

    The minimum itself is counted apart. Bins near it are narrow (a millionth of the range), those at the top 0.2 %.

    Args:
        index: all neurons.
        low, high: (neurons,), the range; values outside count as its ends.
    """

    def __init__(self, index: NeuronIndex, low: Tensor, high: Tensor) -> None:
        self._index = index
        self._low = low
        self._scale = 1.0 / (high - low).clamp(min=1e-30)
        self._counts = torch.zeros(len(index) * _BINS, dtype=torch.int32, device=low.device)
        self._at_low = torch.zeros(len(index), dtype=torch.int64, device=low.device)
        self._one = torch.ones(1, dtype=torch.int32, device=low.device)

    def add(self, heard: Mapping[str, Tensor]) -> None:
        """Take in a batch: layer → (batch, neurons, steps)."""
        for layer in self._index.layers:
            span = layer.span
            for values in heard[layer.name]:
                place = (values - self._low[span, None]) * self._scale[span, None]
                above = place > 0
                bins = (place.clamp_(0.0, 1.0).sqrt_() * _BINS).to(torch.int64).clamp_(max=_BINS - 1)
                bins += (torch.arange(span.start, span.stop, device=bins.device) * _BINS)[:, None]
                chosen = bins[above]
                self._counts.scatter_add_(0, chosen, self._one.expand_as(chosen))
                self._at_low[span] += (~above).sum(dim=1)

    def floor(self) -> NDArray[np.float32]:
        """Share of time at the minimum, (neurons,)."""
        above = self._counts.view(-1, _BINS).sum(dim=1)
        share = self._at_low / (self._at_low + above).clamp(min=1)
        return share.cpu().numpy().astype(np.float32)

    def quantiles(self) -> NDArray[np.float32]:
        """Shares of the range at ``ranks.LEVELS`` of the time above the minimum: (neurons, levels), 0..1, rising."""
        pieces = [_quantiles(part) for part in torch.split(self._counts.view(-1, _BINS).cpu(), 4096)]
        return np.concatenate(pieces)


def _quantiles(counts: Tensor) -> NDArray[np.float32]:
    """Linear inside a bin; (neurons, bins) → (neurons, levels)."""
    levels = torch.tensor(LEVELS, dtype=torch.float64)
    summed = counts.double().cumsum(dim=1)
    wanted = levels * summed[:, -1:]
    found = torch.searchsorted(summed, wanted.contiguous()).clamp_(max=_BINS - 1)
    upto = torch.cat([torch.zeros(len(counts), 1, dtype=torch.float64), summed], dim=1)
    inside = (wanted - upto.gather(1, found)) / counts.double().gather(1, found).clamp(min=1.0)
    shares = ((found + inside.clamp(0.0, 1.0)) / _BINS).square()
    shares[:, 0], shares[:, -1] = 0.0, 1.0
    result: NDArray[np.float32] = torch.cummax(shares, dim=1).values.numpy().astype(np.float32)
    return result
