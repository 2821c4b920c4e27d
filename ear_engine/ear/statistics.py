"""What is known about an ear's neurons: measured on music, shipped with the ear, read without torch.

The file ``statistics.safetensors`` lies beside the weights (:mod:`ear_engine.ear.statistics_file`); ``ear-engine
statistics`` makes it. Neurons are numbered as in :mod:`ear_engine.ear.neurons`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear import naming
from ear_engine.ear.naming import Facts
from ear_engine.ear.neurons import Neuron, NeuronIndex
from ear_engine.ear.ranks import LEVELS, Floats, RankTable

FRONT_END = "scalogram"
"""Name of the layer whose channels are what the ear is given: ``level`` and ``phase``."""
TOP = 5
"""Excerpts kept for each neuron."""


@dataclass(frozen=True)
class Heard:
    """What the statistics were measured on.

    Args:
        corpus: its name.
        hours: of music that counted.
        excerpts: how many.
        seed: that drew them.
        recordings: names of those in which some neuron fires most.
    """

    corpus: str
    hours: float
    excerpts: int
    seed: int
    recordings: tuple[str, ...]


@dataclass(frozen=True)
class ExcerptHit:
    """A moment that excites a neuron: recording, when (seconds; the neuron has heard up to there), activation."""

    recording: str
    seconds: float
    activation: float


@dataclass(frozen=True)
class NeuronDescription:
    """Everything known about one neuron; ``facts`` are explained in :class:`ear_engine.ear.naming.Facts`.

    Args:
        active: share of time above 0.
        low, high: smallest and largest activation.
        excerpts: the strongest first, one a recording; fewer than five if it fired in fewer recordings.
    """

    number: int
    neuron: Neuron
    name: str
    region: str
    mean: float
    deviation: float
    active: float
    low: float
    high: float
    facts: Facts
    excerpts: tuple[ExcerptHit, ...]

    @property
    def frequency(self) -> float:
        """Where it answers most, Hz."""
        return self.facts.frequency


@dataclass(frozen=True)
class NamedRegion:
    """A channel of a layer, between two bins (both in it), and its name.

    Args:
        low, high: frequencies of its neurons, Hz.
    """

    name: str
    layer: str
    channel: int
    first_bin: int
    last_bin: int
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Statistics:
    """Statistics of all n neurons of one ear.

    Shapes, all (n,) float32 unless said otherwise:
        mean, variance; low, high: smallest and largest activation.
        active: share of time above 0. floor: share of time at the minimum.
        quantiles: (n, 33), activations at ``ranks.LEVELS`` of the time above the minimum, rising.
        frequency: where a neuron answers most, Hz. bandwidth: octaves.
        onset, decay, tonality, noisiness, loudness, glide, phase: see :class:`ear_engine.ear.naming.Facts`.
        excerpt_recording: (n, 5) int32, number in ``heard.recordings``, -1 where there is none.
        excerpt_seconds, excerpt_activation: (n, 5).
        region_bins: (channels of all layers, 2) int32, first and last bin in which a channel fires most.

    Args:
        index: all neurons.
        weights: SHA-256 of the ear's weights file, hexadecimal.
        heard: the music.
        region_names: layer → name of each channel.
    """

    index: NeuronIndex
    weights: str
    heard: Heard
    region_names: Mapping[str, tuple[str, ...]]
    mean: Floats
    variance: Floats
    active: Floats
    low: Floats
    high: Floats
    floor: Floats
    quantiles: Floats
    frequency: Floats
    bandwidth: Floats
    onset: Floats
    decay: Floats
    tonality: Floats
    noisiness: Floats
    loudness: Floats
    glide: Floats
    phase: Floats
    excerpt_recording: NDArray[np.int32]
    excerpt_seconds: Floats
    excerpt_activation: Floats
    region_bins: NDArray[np.int32]

    def rank(self, activations: Floats, layer: str | None = None) -> Floats:
        """Percentile rank of activations: the share of time that each neuron spends below.

        A neuron at its minimum (silent) has 0. 0.6 ms for the 42,608 neurons of the paper's ear; the first call builds
        the table (0.4 s).

        Args:
            activations: (..., n), or (..., neurons of ``layer``), any finite or infinite value.
            layer: whose; all neurons if None.

        Returns:
            the same shape, 0..1, rising with the activation; what is not a number has 0.

        Raises:
            UserError: the ear has no such layer.
        """
        return self._ranks(activations, slice(None) if layer is None else self.index[layer].span)

    @cached_property
    def _ranks(self) -> RankTable:
        return RankTable(self.quantiles, self.floor)

    def quantile(self, level: float) -> Floats:
        """Activation below which each neuron spends the share ``level`` (0..1) of the time, (n,)."""
        above = np.clip((level - self.floor) / np.maximum(1.0 - self.floor, 1e-9), 0.0, 1.0)
        levels = np.asarray(LEVELS)
        right = np.clip(np.searchsorted(levels, above), 1, len(levels) - 1)
        share = (above - levels[right - 1]) / (levels[right] - levels[right - 1])
        rows = np.arange(len(self.index))
        left = self.quantiles[rows, right - 1]
        found: Floats = (left + share * (self.quantiles[rows, right] - left)).astype(np.float32)
        return np.where(level <= self.floor, self.low, found)

    def facts(self, number: int) -> Facts:
        """What a neuron answers to.

        Raises:
            UserError: there is no such neuron.
        """
        self.index.neuron(number)
        measured = {
            "frequency": self.frequency,
            "bandwidth": self.bandwidth,
            "onset": self.onset,
            "decay": self.decay,
            "tonality": self.tonality,
            "noisiness": self.noisiness,
            "loudness": self.loudness,
            "glide": self.glide,
            "phase": self.phase,
        }
        values = {name: float(column[number]) for name, column in measured.items()}
        return Facts(**values, alive=bool(self.high[number] > self.low[number]))

    @cached_property
    def sounds(self) -> tuple[str, ...]:
        """What each neuron answers to, its register in words instead of hertz: ``steady low tones``."""
        return tuple(naming.sound_name(self.facts(number)) for number in range(len(self.index)))

    def describe(self, number: int) -> NeuronDescription:
        """Everything known about a neuron.

        Raises:
            UserError: there is no such neuron.
        """
        neuron = self.index.neuron(number)
        facts = self.facts(number)
        rows = zip(
            self.excerpt_recording[number], self.excerpt_seconds[number], self.excerpt_activation[number], strict=True
        )
        region = self.region_names[neuron.layer][neuron.channel]
        name = naming.neuron_name(facts) if neuron.layer != FRONT_END else f"{region} @ {naming.hertz(facts.frequency)}"
        hits = tuple(ExcerptHit(self.heard.recordings[r], float(s), float(a)) for r, s, a in rows if r >= 0)
        return NeuronDescription(
            number,
            neuron,
            name,
            region,
            float(self.mean[number]),
            float(self.variance[number]) ** 0.5,
            float(self.active[number]),
            float(self.low[number]),
            float(self.high[number]),
            facts,
            hits,
        )

    def regions(self, layer: str) -> tuple[NamedRegion, ...]:
        """The named regions of a layer, one a channel.

        Raises:
            UserError: the ear has no such layer.
        """
        found = self.index[layer]
        before = sum(k.channels for k in self.index.layers if k.offset < found.offset)
        frequency = self.frequency[found.span].reshape(found.channels, found.bins)
        regions = []
        for channel, name in enumerate(self.region_names[layer]):
            first, last = (int(b) for b in self.region_bins[before + channel])
            hertz = frequency[channel, first : last + 1]
            regions.append(NamedRegion(name, layer, channel, first, last, float(hertz.min()), float(hertz.max())))
        return tuple(regions)
