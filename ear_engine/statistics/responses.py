"""Which frequencies a neuron answers to: what it loses when a band of its scalogram is turned down.

One band after the other, both channels of the scalogram are multiplied by ``1 - STEP`` there, and the loss of every
neuron of every layer is read from one pass through the network: a finite difference of *activation times gradient times
input*, so it sees onsets and steady tones alike, needs no backward pass and is defined for any layer of any network.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ear_engine.ear.neurons import NeuronIndex
from ear_engine.statistics.bands import band_windows

STEP = 0.25


class Responses:
    """Mean losses of all neurons.

    Args:
        index: all neurons.
        bins: of the scalogram.
        hear: features (batch, 2, bins, frames) → layer → (batch, neurons, steps).
        device: torch device.
    """

    def __init__(
        self, index: NeuronIndex, bins: int, hear: Callable[[Tensor], dict[str, Tensor]], device: torch.device
    ) -> None:
        self._index = index
        self._hear = hear
        self._windows = band_windows(bins).to(device)
        self._batches = 0
        shape = (len(index), len(self._windows))
        self._bands = torch.zeros(shape, dtype=torch.float64, device=device)
        self._channels = torch.zeros(len(index), 2, dtype=torch.float64, device=device)

    @property
    def passes(self) -> int:
        """Passes through the network for one batch."""
        return len(self._windows) + 3

    def add(self, features: Tensor, progress: Callable[[], None]) -> None:
        """Take in a batch; ``progress`` is called after each pass."""
        plain = self._hear(features)
        progress()
        self._batches += 1
        for band, window in enumerate(self._windows):
            turned = self._hear(features * (1.0 - STEP * window[:, None]))
            self._bands[:, band] += self._loss(plain, turned)
            progress()
        for channel in range(2):
            factor = torch.ones(2, 1, 1, device=features.device)
            factor[channel] -= STEP
            turned = self._hear(features * factor)
            self._channels[:, channel] += self._loss(plain, turned, signed=False)
            progress()

    def _loss(self, plain: dict[str, Tensor], turned: dict[str, Tensor], signed: bool = True) -> Tensor:
        losses = []
        for layer in self._index.layers:
            before, after = plain[layer.name], turned[layer.name]
            if layer.name == "scalogram":  # the sign of a phase says nothing about how much is there
                before, after = before.abs(), after.abs()
            loss = before - after if signed else (before - after).abs()
            losses.append(loss.mean(dim=(0, 2)))
        return torch.cat(losses).double() / STEP

    def bands(self) -> Tensor:
        """Loss of each neuron for each band, (neurons, bands); positive where the band excites it."""
        return self._bands / max(1, self._batches)

    def phase_share(self) -> Tensor:
        """How much of a neuron's answer is to the phase channel, (neurons,), 0..1."""
        amplitude, phase = self._channels.unbind(dim=1)
        return phase / (amplitude + phase).clamp(min=1e-30)
