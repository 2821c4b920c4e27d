"""What sounds, band by band and frame by frame, and how each neuron goes with it.

The bins of the scalogram are gathered in overlapping bands of a sixth of an octave. Qualities of a band:

- **level**: mean log amplitude;
- **rise** and **fall**: how much louder or quieter it is than 0.15 s before;
- **peaks**: how far partials stand out of their surroundings, in the 0.09 s before and in those after: tones go on;
- **flicker**: how unevenly the amplitude of single bins goes on, over 0.19 s: noise flickers;
- **glide**: whether the peaks match those of 0.19 s before better when these are moved up (positive) or down.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from ear_engine.ear.neurons import NeuronIndex

QUALITIES = ("level", "rise", "fall", "peaks", "flicker", "glide")
_BINS_PER_BAND = 4
_RECENT, _BEFORE = 2, (5, 8)  # frames back from the present
_SMOOTH = 8  # frames
_HALF = 4  # frames
_AROUND = 13  # bins; half an octave
_GLIDES = range(1, 9)  # bins that a peak may move; up to four semitones


def band_windows(bins: int) -> Tensor:
    """Overlapping Hann windows over the bins that add up to 1 in every bin: (bands, bins), float32."""
    bands = max(1, round(bins / _BINS_PER_BAND))
    spacing = bins / bands
    centers = (torch.arange(bands) + 0.5) * spacing - 0.5
    offset = (torch.arange(bins)[None, :] - centers[:, None]) / spacing
    windows = torch.where(offset.abs() < 1, 0.5 + 0.5 * torch.cos(torch.pi * offset), 0.0)
    return windows / windows.sum(dim=0, keepdim=True)


def band_centers(bins: int, frequencies: Tensor) -> Tensor:
    """Center frequency in Hz of each band, (bands,), float64; ``frequencies`` are those of the bins."""
    windows = band_windows(bins).double()
    return torch.exp((windows * frequencies.double().log()).sum(dim=1) / windows.sum(dim=1))


def _past_mean(x: Tensor, first: int, last: int) -> Tensor:
    """Mean of the values ``first`` to ``last`` steps back; before the start stands the first value."""
    padded = torch.cat([x[..., :1].expand(*x.shape[:-1], last), x], dim=-1)
    steps = x.shape[-1]
    return torch.stack([padded[..., last - k : last - k + steps] for k in range(first, last + 1)]).mean(dim=0)


def qualities(amplitude: Tensor) -> Tensor:
    """All qualities of every band.

    Args:
        amplitude: (batch, bins, frames), log amplitude, 0..1 for 90 dB.

    Returns:
        (batch, 6 x bands, frames), the same unit (glide: its square).
    """
    bins = amplitude.shape[1]
    windows = band_windows(bins).to(amplitude.device)
    windows = windows / windows.sum(dim=1, keepdim=True)
    change = _past_mean(amplitude, 0, _RECENT - 1) - _past_mean(amplitude, *_BEFORE)
    before = _standing(_past_mean(amplitude, 0, _HALF - 1))
    after = torch.cat([before[..., _HALF:], before[..., -1:].expand(-1, -1, _HALF)], dim=-1)
    bent = amplitude - 2 * _past_mean(amplitude, 1, 1) + _past_mean(amplitude, 2, 2)
    flicker = _past_mean(bent.abs(), 0, _SMOOTH - 1)
    glide = _glide(_standing(_past_mean(amplitude, 0, _SMOOTH - 1)))
    parts = [amplitude, change.clamp(min=0), (-change).clamp(min=0), torch.minimum(before, after), flicker, glide]
    return torch.cat([windows @ part for part in parts], dim=1)


def _standing(amplitude: Tensor) -> Tensor:
    """How far bins stand above the mean of the half octave around them, 0 or more; same shape."""
    around = torch.nn.functional.avg_pool1d(
        amplitude.transpose(1, 2), _AROUND, stride=1, padding=_AROUND // 2, count_include_pad=False
    )
    return (amplitude - around.transpose(1, 2)).clamp(min=0)


def _glide(peaks: Tensor) -> Tensor:
    """How much better the peaks match those of 0.19 s ago moved up than moved down; 0 if they stay. Same shape."""
    before = _past_mean(peaks, _SMOOTH, _SMOOTH)
    return peaks * _below_minus_above(before) - before * _below_minus_above(peaks)


def _below_minus_above(peaks: Tensor) -> Tensor:
    most, bins = max(_GLIDES), peaks.shape[1]
    padded = torch.nn.functional.pad(peaks, (0, 0, most, most))
    found = torch.zeros_like(peaks)
    for by in _GLIDES:
        found += padded[:, most - by : most - by + bins] - padded[:, most + by : most + by + bins]
    return found


def at_stride(values: Tensor, stride: int, steps: int) -> Tensor:
    """The last ``steps`` steps of a layer: the largest of the ``stride`` frames that end with each.

    Shape:
        - values: (..., frames); step t hears up to frame ``t * stride``
        - output: (..., steps)
    """
    if stride > 1:
        past = values[..., :1].expand(*values.shape[:-1], stride - 1)
        flat = torch.cat([past, values], dim=-1).flatten(0, -2)[:, None]
        pooled = torch.nn.functional.max_pool1d(flat, stride)[:, 0]
        values = pooled.view(*values.shape[:-1], -1)
    return values[..., values.shape[-1] - steps :]


class BandCorrelations:
    """Covariances of every neuron with the qualities of every band, and of the qualities with each other.

    Args:
        index: all neurons.
        bins: of the scalogram.
        device: torch device.
    """

    def __init__(self, index: NeuronIndex, bins: int, device: torch.device) -> None:
        self._index = index
        width = len(QUALITIES) * len(band_windows(bins))
        zeros = partial(torch.zeros, dtype=torch.float64, device=device)
        self._strides = sorted({layer.stride for layer in index.layers})
        self._count = dict.fromkeys(self._strides, 0)
        self._sum = {stride: zeros(width) for stride in self._strides}
        self._squares = {stride: zeros(width, width) for stride in self._strides}
        self._products = zeros(len(index), width)
        self._total = zeros(len(index))

    def add(self, heard: Mapping[str, Tensor], sound: Tensor, kept: int) -> None:
        """Take in a batch.

        Args:
            heard: layer → (batch, neurons, steps).
            sound: qualities, (batch, 6 x bands, frames).
            kept: frames that count, the last ones.
        """
        pooled = {stride: at_stride(sound, stride, kept // stride) for stride in self._strides}
        for stride, values in pooled.items():
            flat = values.transpose(0, 1).flatten(1).double()
            self._count[stride] += flat.shape[1]
            self._sum[stride] += flat.sum(dim=1)
            self._squares[stride] += flat @ flat.T
        for layer in self._index.layers:
            values = heard[layer.name]
            products = torch.bmm(values, pooled[layer.stride].transpose(1, 2)).double().sum(dim=0)
            self._products[layer.span] += products
            self._total[layer.span] += values.double().sum(dim=(0, 2))

    def mean(self, stride: int) -> Tensor:
        """Mean qualities at a stride, (6 x bands,)."""
        return self._sum[stride] / self._count[stride]

    def covariance(self, stride: int) -> Tensor:
        """Of the qualities with each other at a stride, (6 x bands, 6 x bands)."""
        mean = self.mean(stride)
        return self._squares[stride] / self._count[stride] - mean[:, None] * mean

    def with_neurons(self) -> Tensor:
        """Covariance of each neuron with each quality, (neurons, 6 x bands)."""
        found = torch.empty_like(self._products)
        for layer in self._index.layers:
            count, mean = self._count[layer.stride], self.mean(layer.stride)
            average = self._total[layer.span] / count
            found[layer.span] = self._products[layer.span] / count - average[:, None] * mean
        return found
