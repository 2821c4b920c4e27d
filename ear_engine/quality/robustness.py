"""What of a dream's gain survives a changed sound or another ear, with and without each regularizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from ear_engine.quality.corpus_ranges import CorpusRanges
from ear_engine.quality.degradations import DEGRADATIONS
from ear_engine.quality.descriptors import describe
from ear_engine.quality.other_ear import Translation, translate
from ear_engine.quality.spectra import Loop
from ear_engine.quality.workshop import Workshop

_OFF: Mapping[str, object] = {
    "transform/time_shift": 0.0,
    "transform/pitch_shift": 0.0,
    "transform/loudness": 0.0,
    "transform/time_mask": 0.0,
    "transform/freq_mask": 0.0,
    "transform/gradient_noise": 0.0,
    "transform/denoise": 0.0,
}
REGULARIZERS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "none": _OFF,
        "time shift": {**_OFF, "transform/time_shift": 1.0},
        "pitch shift, 1 semitone": {**_OFF, "transform/pitch_shift": 1.0},
        "time mask": {**_OFF, "transform/time_mask": 0.1},
        "frequency mask": {**_OFF, "transform/freq_mask": 0.1},
        "loudness, 12 dB": {**_OFF, "transform/loudness": 12.0},
        "noisy gradient": {**_OFF, "transform/gradient_noise": 0.3},
        "denoise": {**_OFF, "transform/denoise": 0.5},
        "default": {},
        "default + pitch shift": {"transform/pitch_shift": 1.0},
        "default + noisy gradient": {"transform/gradient_noise": 0.3},
        "default + denoise": {"transform/denoise": 0.5},
        "default + total variation": {"penalty/total_variation": 0.3},
        "default + noise": {"penalty/noise": 0.3},
        "default + activation": {"penalty/activation": 0.3},
        "default + high frequency": {"penalty/high_frequency": 0.3},
        "default, 4 copies": {"optimizer/batch_size": 4},
    }
)
"""What is tried: parameters that differ from their defaults."""


@dataclass(frozen=True)
class RobustnessRow:
    """One set of regularizers, over several layers and sources.

    Args:
        name: of the set.
        gain: mean gain of the target, in units of the median to the 99.9th percentile of music.
        kept: degradation → share of the gain that survives it.
        outside: mean number of judged descriptors outside the corpus's range, 0..4.
        dreams: how many.
    """

    name: str
    gain: float
    kept: Mapping[str, float] = field(default_factory=dict)
    outside: float = 0.0
    dreams: int = 0


@dataclass(frozen=True)
class _Gains:
    plain: float
    kept: Mapping[str, float]
    outside: int


def measure_robustness(
    workshop: Workshop,
    other: Workshop | None,
    ranges: CorpusRanges,
    sources: Sequence[str],
    layers: Sequence[str],
    sets: Mapping[str, Mapping[str, object]] = REGULARIZERS,
) -> list[RobustnessRow]:
    """Dream with each set of regularizers, and hear the dreams degraded and with another ear.

    A gain is the value on the dream less the value on its source, both degraded alike. Shares are of gains summed over
    dreams, each in units of its target's spread in music, so that no layer counts more for its scale.

    Args:
        workshop: of the ear that dreams.
        other: of an ear that only hears; it reads each target as :mod:`ear_engine.quality.other_ear` says.
        ranges: of music.
        sources, layers: dreamed from and of.
        sets: of regularizers.
    """
    translations = _translations(workshop, other, tuple(layers)) if other is not None else {}
    rows: list[RobustnessRow] = []
    every, done = len(sets) * len(sources) * len(layers), 0
    for name, changes in sets.items():
        gains = []
        for source in sources:
            for layer in layers:
                gains.append(_gains(workshop, other, translations, ranges, source, layer, changes))
                done += 1
                workshop.report(f"{workshop.name} dreams with regularizers", done, every)
        total = sum(one.plain for one in gains)
        kept = {key: sum(one.kept[key] for one in gains) / total for key in gains[0].kept}
        outside = float(np.mean([one.outside for one in gains]))
        rows.append(RobustnessRow(name, total / len(gains), kept, outside, len(gains)))
    return rows


def explained_by(workshop: Workshop, other: Workshop, layers: Sequence[str]) -> dict[str, float]:
    """Share of each target's variance in music that the other ear's channels of that layer explain, held out."""
    return {layer: one.explained for layer, one in _translations(workshop, other, tuple(layers)).items()}


def _translations(workshop: Workshop, other: Workshop, layers: tuple[str, ...]) -> dict[str, Translation]:
    channels = other.corpus_channels(layers)
    return {layer: translate(channels[layer], workshop.corpus[layer][workshop.shared]) for layer in layers}


def _gains(
    workshop: Workshop,
    other: Workshop | None,
    translations: Mapping[str, Translation],
    ranges: CorpusRanges,
    source: str,
    layer: str,
    changes: Mapping[str, object],
) -> _Gains:
    before, after = workshop.source(source), workshop.dream(source, layer, changes)
    music = workshop.corpus[layer]
    unit = float(np.percentile(music, 99.9) - np.median(music))

    def gain(first: Sequence[Loop], second: Sequence[Loop]) -> float:
        values = [workshop.value(b, layer) - workshop.value(a, layer) for a, b in zip(first, second, strict=True)]
        return float(np.mean(values)) / unit

    rate = workshop.clips.sample_rate
    kept = {key: gain(degrade(before, rate), degrade(after, rate)) for key, degrade in DEGRADATIONS.items()}
    if other is not None:
        read = translations[layer].read(other.judge.channels(np.stack([before, after]), (layer,))[layer])
        kept["another ear"] = float(read[1] - read[0]) / unit
    return _Gains(gain((before,), (after,)), kept, len(ranges.outside(describe(after))))
