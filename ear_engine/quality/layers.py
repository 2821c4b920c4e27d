"""Every layer dreamed of from every source: does its target fire as in no music, and is it still music?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ear_engine.quality.corpus_ranges import CorpusRanges
from ear_engine.quality.descriptors import Descriptors, describe
from ear_engine.quality.percentiles import Standing, standing
from ear_engine.quality.timescales import RankCorrelation, Timescale, change_of, rank_correlation, timescale
from ear_engine.quality.workshop import Workshop

AIM = 99.9
"""Percentile of music that a dream is to exceed."""


@dataclass(frozen=True)
class LayerRow:
    """One dream.

    Args:
        ear, source, layer: which.
        before, after: where the target's value lies among music, on the source and on the dream.
        descriptors: of the dream.
        outside: judged descriptors that lie outside the corpus's range.
        source_outside: the same of the source.
        change: how slowly and widely the source was changed.
    """

    ear: str
    source: str
    layer: str
    before: Standing
    after: Standing
    descriptors: Descriptors
    outside: tuple[str, ...]
    source_outside: tuple[str, ...]
    change: Timescale


def measure_layers(
    workshop: Workshop,
    ranges: CorpusRanges,
    sources: Sequence[str],
    layers: Sequence[str],
    changes: Mapping[str, object] | None = None,
) -> list[LayerRow]:
    """Dream of each of ``layers`` from each of ``sources``; ``changes`` are parameters that differ from defaults."""
    rows = []
    for source in sources:
        plain = workshop.source(source)
        outside = ranges.outside(describe(plain))
        for layer in layers:
            dreamed = workshop.dream(source, layer, changes or {})
            music = workshop.corpus[layer]
            found = describe(dreamed)
            rows.append(
                LayerRow(
                    workshop.name,
                    source,
                    layer,
                    standing(workshop.value(plain, layer), music),
                    standing(workshop.value(dreamed, layer), music),
                    found,
                    ranges.outside(found),
                    outside,
                    timescale(change_of(plain, dreamed)),
                )
            )
            workshop.report(f"{workshop.name} dreams", len(rows), len(sources) * len(layers))
    return rows


@dataclass(frozen=True)
class DepthTrend:
    """Whether what a dream changes lasts longer, or is wider, the deeper its layer: ranks of layers against ranks."""

    ear: str
    source: str
    measure: str
    shallow: float
    deep: float
    correlation: RankCorrelation


def depth_trends(rows: Sequence[LayerRow], order: Sequence[str]) -> list[DepthTrend]:
    """Trends over the layers in ``order``, of each ear and source that has four of them or more, and of all sources.

    ``shallow`` and ``deep`` are the medians over the first and the last third of the layers.
    """
    found = []
    for ear in dict.fromkeys(row.ear for row in rows):
        mine = [row for row in rows if row.ear == ear]
        sources = list(dict.fromkeys(row.source for row in mine))
        for chosen in [*([source] for source in sources), *([sources] if len(sources) > 1 else [])]:
            table = {(row.layer, row.source): row.change for row in mine if row.source in chosen}
            layers = [layer for layer in order if all((layer, source) in table for source in chosen)]
            if len(layers) < 4:
                continue
            for measure in ("correlation", "modulation", "width"):
                values = np.array([[getattr(table[layer, source], measure) for source in chosen] for layer in layers])
                third = max(1, len(layers) // 3)
                found.append(
                    DepthTrend(
                        ear,
                        " + ".join(chosen),
                        measure,
                        float(np.median(values[:third])),
                        float(np.median(values[-third:])),
                        rank_correlation(np.arange(len(layers), dtype=np.float64), values),
                    )
                )
    return found
