"""Measures the statistics of an ear on music, in three passes of bounded memory.

1. Moments, extremes, the strongest excerpts, and correlations with the sound.
2. The same excerpts again: histograms inside the extremes, and the sound at the strongest moments.
3. A few of them, one band after the other turned down: where each neuron answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.network import Ear
from ear_engine.ear.statistics import Heard, Statistics
from ear_engine.errors import UserError
from ear_engine.statistics.bands import QUALITIES, BandCorrelations, at_stride, band_windows, qualities
from ear_engine.statistics.facts import Measured, measure
from ear_engine.statistics.listening import KEPT, Excerpt, Listener, Recorded, draw
from ear_engine.statistics.moments import Histograms, Moments, TopPlaces
from ear_engine.statistics.regions import name_regions
from ear_engine.statistics.responses import Responses

EXCERPTS = 240
"""About an hour of music."""
_PROBED = 16  # excerpts of the third pass
_BATCH = {"cpu": 2, "cuda": 16}
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """How to measure.

    Args:
        excerpts: how many at most.
        seed: that draws them.
        device: torch device.
        kept: frames of an excerpt that count, a multiple of 16.
    """

    excerpts: int = EXCERPTS
    seed: int = 0
    device: str = "cpu"
    kept: int = KEPT


@torch.no_grad()
def gather(
    ear: Ear,
    recordings: Sequence[Recorded],
    *,
    corpus: str,
    weights: str = "",
    options: Options | None = None,
    progress: Report | None = None,
) -> Statistics:
    """Listen and measure.

    Args:
        ear: the ear.
        recordings: music at the ear's sample rate, training and validation alike.
        corpus: its name, for the file.
        weights: hash of the ear's weights file.
        options: how.
        progress: called with (done, all), in passes of one excerpt through the ear.

    Raises:
        UserError: no recording is long enough, or no excerpt was asked for.
    """
    options = options or Options()
    listener = Listener(ear, options.device, options.kept)
    excerpts = draw(recordings, options.excerpts, listener.samples, options.seed, ear.config.scalogram.sample_rate)
    probed = [excerpts[i] for i in np.unique(np.linspace(0, len(excerpts) - 1, _PROBED).astype(int))]
    bins = ear.config.scalogram.bins
    passes = len(band_windows(bins)) + 3
    steps = _Steps(2 * len(excerpts) + passes * len(probed), progress or (lambda done, of: None))
    heard = _first_pass(listener, recordings, excerpts, bins, steps)
    histograms, at_top = _second_pass(listener, recordings, excerpts, bins, heard, steps)
    responses = Responses(listener.index, bins, listener.hear, listener.device)
    size = _BATCH.get(listener.device.type, 1)
    for _, features in listener.batches(recordings, probed, size):
        responses.add(features, partial(steps.add, len(features)))
    measured = measure(
        listener.index,
        ear.config.scalogram.frequencies(),
        heard.moments.variance,
        responses.bands(),
        heard.correlations,
        at_top,
    )
    return _assemble(listener, recordings, excerpts, corpus, weights, options, heard, histograms, measured, responses)


class _Steps:
    """Counts passes for a progress bar."""

    def __init__(self, of: int, report: Report) -> None:
        self._done, self._of, self._report = 0, of, report
        report(0, of)

    def add(self, count: int) -> None:
        self._done += count
        self._report(self._done, self._of)


@dataclass(frozen=True)
class _Heard:
    moments: Moments
    top: TopPlaces
    correlations: BandCorrelations


def _first_pass(
    listener: Listener, recordings: Sequence[Recorded], excerpts: Sequence[Excerpt], bins: int, steps: _Steps
) -> _Heard:
    index, device = listener.index, listener.device
    found = _Heard(Moments(index, device), TopPlaces(index, device), BandCorrelations(index, bins, device))
    for first, features in listener.batches(recordings, excerpts, _BATCH.get(device.type, 1)):
        activations = listener.hear(features)
        if not bool(torch.isfinite(torch.stack([v.sum() for v in activations.values()])).all()):
            name = recordings[excerpts[first].recording].name
            raise UserError("the ear", f"gives no finite numbers (at {name!r})", "train it again", "bad_checkpoint")
        found.moments.add(activations)
        for row in range(len(features)):
            found.top.add(activations, row, excerpts[first + row].recording, first + row)
        found.correlations.add(activations, qualities(features[:, 0]), listener.kept)
        steps.add(len(features))
    return found


def _second_pass(
    listener: Listener,
    recordings: Sequence[Recorded],
    excerpts: Sequence[Excerpt],
    bins: int,
    heard: _Heard,
    steps: _Steps,
) -> tuple[Histograms, Tensor]:
    """Histograms, and mean qualities at each neuron's strongest moments, (neurons, 6 x bands)."""
    index, device = listener.index, listener.device
    histograms = Histograms(index, heard.moments.low, heard.moments.high)
    sums = torch.zeros(len(index), len(QUALITIES) * len(band_windows(bins)), device=device)
    strides = sorted({layer.stride for layer in index.layers})
    stride_of = torch.cat([torch.full((layer.neurons,), layer.stride) for layer in index.layers]).to(device)
    weights = heard.top.weights(heard.moments.mean.float())
    for first, features in listener.batches(recordings, excerpts, _BATCH.get(device.type, 1)):
        histograms.add(listener.hear(features))
        sound = qualities(features[:, 0])
        for stride in strides:
            pooled = at_stride(sound, stride, listener.kept // stride)
            for row in range(len(features)):
                here = (heard.top.excerpt == first + row) & (stride_of == stride)[:, None]
                neuron, place = here.nonzero(as_tuple=True)
                moments = pooled[row][:, heard.top.step[neuron, place]].T
                sums.index_add_(0, neuron, moments * weights[neuron, place, None])
        steps.add(len(features))
    return histograms, (sums / weights.sum(dim=1, keepdim=True).clamp(min=1e-12)).double()


def _assemble(
    listener: Listener,
    recordings: Sequence[Recorded],
    excerpts: Sequence[Excerpt],
    corpus: str,
    weights: str,
    options: Options,
    heard: _Heard,
    histograms: Histograms,
    measured: Measured,
    responses: Responses,
) -> Statistics:
    index = listener.index

    def column(values: Tensor) -> NDArray[np.float32]:
        return values.cpu().numpy().astype(np.float32)

    low, high = column(heard.moments.low), column(heard.moments.high)
    quantiles = low[:, None] + histograms.quantiles() * (high - low)[:, None]
    quantiles = np.minimum(quantiles, high[:, None])
    top = column(heard.top.values)
    excerpt, step = heard.top.excerpt.cpu().numpy(), heard.top.step.cpu().numpy()
    fired = (excerpt >= 0) & (top > low[:, None])  # a neuron that is off in an excerpt is not excited by it
    starts = np.array([e.start for e in excerpts], dtype=np.float64)[np.maximum(excerpt, 0)]
    strides = np.concatenate([np.full(layer.neurons, layer.stride) for layer in index.layers])[:, None]
    seconds = (starts + listener.frame_offset(step * strides)) / listener.sample_rate
    number = np.array([e.recording for e in excerpts])[np.maximum(excerpt, 0)]
    used, short = np.unique(number[fired], return_inverse=True)
    recording = np.full(excerpt.shape, -1, np.int32)
    recording[fired] = short
    seen = Heard(
        corpus,
        round(len(excerpts) * listener.kept * listener.hop / listener.sample_rate / 3600, 3),
        len(excerpts),
        options.seed,
        tuple(recordings[int(k)].name for k in used),
    )
    activation = np.where(fired, top, low[:, None]).astype(np.float32)
    columns = {**measured.__dict__, "phase": column(responses.phase_share())}
    names, region_bins = name_regions(index, columns, activation.mean(axis=1) - low, high > low)
    return Statistics(
        index,
        weights,
        seen,
        names,
        mean=column(heard.moments.mean),
        variance=column(heard.moments.variance),
        active=column(heard.moments.active),
        low=low,
        high=high,
        floor=histograms.floor(),
        quantiles=quantiles.astype(np.float32),
        excerpt_recording=recording,
        excerpt_seconds=np.where(fired, seconds, 0.0).astype(np.float32),
        excerpt_activation=activation,
        region_bins=region_bins,
        **columns,
    )
