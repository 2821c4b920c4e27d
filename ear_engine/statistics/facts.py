"""From what was accumulated to facts about each neuron: where it answers, and what the sound is like when it fires.

**Bands.** A neuron's own bands are those whose loss it feels, in proportion, and among them rather those that stand
out at the five moments that excite it most: far above the network's input, a neuron feels much that it seldom meets.

**Facts.** The mean of two measurements in its own bands: how much the neuron goes with a quality over all the music,
the other qualities held (partial correlation), and how unusual the quality is at those five moments. Each is ±1 where
only a few neurons of an ear come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.neurons import NeuronIndex
from ear_engine.statistics.bands import QUALITIES, BandCorrelations, band_centers

_FULL_CORRELATION = {"level": 0.6, "rise": 0.3, "fall": 0.3, "peaks": 0.4, "flicker": 0.4, "glide": 0.2}
_FULL_UNUSUAL = {"level": 1.5, "rise": 2.0, "fall": 2.0, "peaks": 1.5, "flicker": 2.0, "glide": 2.0}
_UNNOTED = 0.25  # weight of a band in which nothing stands out, against the one that stands out most
_FAINT_PEAKS = 1e-3  # square of 3 dB: peaks below that do not move audibly
_LEAST = 1e-12


@dataclass(frozen=True)
class Measured:
    """Columns of the statistics, each (neurons,) float32; see :class:`ear_engine.ear.statistics.Statistics`."""

    frequency: NDArray[np.float32]
    bandwidth: NDArray[np.float32]
    onset: NDArray[np.float32]
    decay: NDArray[np.float32]
    tonality: NDArray[np.float32]
    noisiness: NDArray[np.float32]
    loudness: NDArray[np.float32]
    glide: NDArray[np.float32]


def peak_of(response: Tensor, centers: Tensor) -> tuple[Tensor, Tensor]:
    """Frequency of the largest response, refined by a parabola, and its width at half height.

    Args:
        response: (neurons, bands).
        centers: (bands,), Hz, equally far apart in pitch.

    Returns:
        (neurons,) Hz and (neurons,) octaves, all bands counted that answer at least half as much as the best.
    """
    bands = response.shape[1]
    best = response.argmax(dim=1)
    top = response.gather(1, best[:, None])[:, 0]
    logs = centers.log2()
    if bands < 3:
        return centers[best], torch.full_like(top, float((logs[-1] - logs[0]).abs()) + 1.0)
    inner = best.clamp(1, bands - 2)
    left, middle, right = (response.gather(1, (inner + d)[:, None])[:, 0] for d in (-1, 0, 1))
    bend = left - 2 * middle + right
    offset = torch.where(bend < -_LEAST, 0.5 * (left - right) / bend.clamp(max=-_LEAST), 0.0).clamp(-0.5, 0.5)
    spacing = (logs[-1] - logs[0]) / (bands - 1)
    frequency = torch.exp2(logs[best] + torch.where(inner == best, offset, 0.0) * spacing)
    width = (response >= 0.5 * top.clamp(min=_LEAST)[:, None]).sum(dim=1) * spacing
    return frequency, width


def measure(
    index: NeuronIndex,
    frequencies: NDArray[np.float64],
    variance: Tensor,
    response: Tensor,
    correlations: BandCorrelations,
    at_top: Tensor,
) -> Measured:
    """Facts of all neurons.

    Args:
        index: all neurons.
        frequencies: of the scalogram's bins, Hz.
        variance: (neurons,).
        response: loss for each band, (neurons, bands).
        correlations: of neurons with the qualities of the bands.
        at_top: mean qualities at the moments that excite each neuron most, (neurons, 6 x bands); NaN if there are none.
    """
    centers = band_centers(len(frequencies), torch.from_numpy(frequencies)).to(response.device)
    bands = len(centers)
    covariance = correlations.with_neurons()
    deviation = variance.sqrt().clamp(min=_LEAST)
    # a neuron that did not fire where responses were measured: the band whose level it goes with
    answers = response.amax(dim=1) > 1e-7 * deviation
    own = torch.where(answers[:, None], response, covariance[:, :bands] / deviation[:, None]).clamp(min=0)
    fired = (variance > 0) & (own.amax(dim=1) > 0)
    _, bandwidth = peak_of(own, centers)
    own = own * _stand_out(index, correlations, at_top, bands)
    frequency, _ = peak_of(own, centers)
    frequency = _fill(index, frequency, fired, float(torch.exp2(centers.log2().mean())))
    weights = own / own.sum(dim=1, keepdim=True).clamp(min=_LEAST)
    facts = {name: torch.zeros_like(frequency) for name in QUALITIES}
    for layer in index.layers:
        span, stride = layer.span, layer.stride
        inside = weights[span]
        mean, between = correlations.mean(stride), correlations.covariance(stride)
        parts = [slice(q * bands, (q + 1) * bands) for q in range(len(QUALITIES))]
        # covariances of the qualities, each in the neuron's own bands: (neurons, 6, 6), and with the neuron
        square = torch.stack(
            [torch.stack([((inside @ between[a, b]) * inside).sum(1) for b in parts], dim=1) for a in parts], dim=1
        )
        spread = square.diagonal(dim1=1, dim2=2).clamp(min=_LEAST).sqrt()
        product = torch.stack([(covariance[span, part] * inside).sum(1) for part in parts], dim=1)
        partial = _partial(square, spread, product, deviation[span])
        unusual = torch.stack([((at_top[span, part] - mean[part]) * inside).sum(1) for part in parts], dim=1) / spread
        for q, name in enumerate(QUALITIES):
            once = (partial[:, q] / _FULL_CORRELATION[name]).clamp(-1, 1)
            top = (unusual[:, q] / _FULL_UNUSUAL[name]).clamp(-1, 1)
            fact = 0.5 * (once + top)
            if name == "glide":  # pitch that moves, not just less in the other direction than music does on average
                whole = (at_top[span, parts[QUALITIES.index("peaks")]] * inside).sum(1).square() + _FAINT_PEAKS
                moved = ((at_top[span, parts[q]] * inside).sum(1) / whole).clamp(-1, 1)
                fact = torch.where(fact * moved > 0, fact.sign() * torch.minimum(fact.abs(), moved.abs()), 0.0)
            facts[name][span] = torch.where(fired[span], fact, 0.0)
    columns = {
        name: torch.nan_to_num(values).cpu().numpy().astype(np.float32)
        for name, values in {"frequency": frequency, "bandwidth": bandwidth, **facts}.items()
    }
    return Measured(
        frequency=columns["frequency"],
        bandwidth=columns["bandwidth"],
        onset=columns["rise"],
        decay=columns["fall"],
        tonality=columns["peaks"],
        noisiness=columns["flicker"],
        loudness=columns["level"],
        glide=columns["glide"],
    )


def _stand_out(index: NeuronIndex, correlations: BandCorrelations, at_top: Tensor, bands: int) -> Tensor:
    """How much each band stands out at the strongest moments, (neurons, bands), 0.25..1: louder, or beginning."""
    level, rise = (QUALITIES.index(name) * bands for name in ("level", "rise"))
    found = torch.zeros(len(at_top), bands, dtype=at_top.dtype, device=at_top.device)
    for layer in index.layers:
        mean = correlations.mean(layer.stride)
        spread = correlations.covariance(layer.stride).diagonal().clamp(min=_LEAST).sqrt()
        unusual = (at_top[layer.span] - mean) / spread
        found[layer.span] = sum(unusual[:, q : q + bands].clamp(min=0) for q in (level, rise))
    share: Tensor = found / found.amax(dim=1, keepdim=True).clamp(min=1.0)
    return _UNNOTED + (1.0 - _UNNOTED) * share


def _partial(square: Tensor, spread: Tensor, product: Tensor, deviation: Tensor) -> Tensor:
    """Partial correlation of a neuron with each quality, the others held; (neurons, 6)."""
    q = square.shape[-1]
    full = torch.eye(q + 1, dtype=square.dtype, device=square.device).repeat(len(square), 1, 1)
    full[:, :q, :q] = square / (spread[:, :, None] * spread[:, None, :])
    full[:, q, :q] = full[:, :q, q] = product / (spread * deviation[:, None])
    full += 1e-3 * torch.eye(q + 1, dtype=square.dtype, device=square.device)  # silent bands have nothing to invert
    precision = torch.linalg.inv(full)
    scale = precision.diagonal(dim1=1, dim2=2).clamp(min=_LEAST).sqrt()
    partial: Tensor = -precision[:, :q, q] / (scale[:, :q] * scale[:, q:])
    return partial


def _fill(index: NeuronIndex, frequency: Tensor, known: Tensor, otherwise: float) -> Tensor:
    """Frequencies of those that never fired: the mean pitch of their bin in the layer, or that of the whole range."""
    filled = frequency.clone()
    for layer in index.layers:
        logs = frequency[layer.span].view(layer.channels, layer.bins).log2()
        there = known[layer.span].view(layer.channels, layer.bins)
        count = there.sum(dim=0)
        mean = torch.where(there, logs, 0.0).sum(dim=0) / count.clamp(min=1)
        mean = torch.where(count > 0, torch.exp2(mean), otherwise)
        filled[layer.span] = torch.where(there, torch.exp2(logs), mean).flatten()
    return filled
