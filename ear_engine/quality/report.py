"""The measurement as Markdown and JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ear_engine.quality.corpus_ranges import JUDGED, CorpusRanges
from ear_engine.quality.layers import AIM, DepthTrend, LayerRow
from ear_engine.quality.robustness import RobustnessRow
from ear_engine.whole_files import replacing

_MEASURES = {
    "correlation": "seconds until half unlike itself",
    "modulation": "modulation, Hz",
    "width": "width, octaves",
}


@dataclass(frozen=True)
class Results:
    """Everything that was measured.

    Args:
        settings: what decides the figures: corpus, clips, course, seed.
        ranges: of music.
        layers: a row a dream.
        trends: over depth.
        robustness: ear → a row a set of regularizers.
        explained: ear → layer → share of the target's variance that the other ear explains.
    """

    settings: dict[str, Any]
    ranges: CorpusRanges
    layers: Sequence[LayerRow] = ()
    trends: Sequence[DepthTrend] = ()
    robustness: dict[str, Sequence[RobustnessRow]] = field(default_factory=dict)
    explained: dict[str, dict[str, float]] = field(default_factory=dict)

    def as_json(self) -> str:
        """All of it."""
        return json.dumps(dataclasses.asdict(self), indent=1)


def markdown(results: Results) -> str:
    """All tables."""
    parts = [", ".join(f"{key} {value}" for key, value in results.settings.items())]
    for ear in dict.fromkeys(row.ear for row in results.layers):
        rows = [row for row in results.layers if row.ear == ear]
        parts += [f"## Layers: `{ear}`", summary_table(rows), layer_table(rows)]
    if results.layers:
        parts += ["## Music's range", ranges_table(results.ranges)]
    if results.trends:
        parts += ["## Depth", trend_table(results.trends)]
    for ear, found in results.robustness.items():
        parts += [f"## Robustness: `{ear}`", robustness_table(found)]
        if ear in results.explained:
            rows_ = ", ".join(f"{layer} {share:.2f}" for layer, share in results.explained[ear].items())
            parts.append(f"Variance of the target in music that the other ear explains: {rows_}.")
    return "\n\n".join(parts) + "\n"


def summary_table(rows: Sequence[LayerRow]) -> str:
    """One line a source: how many layers reach the aim, how many dreams are music."""
    lines = []
    for source in dict.fromkeys(row.source for row in rows):
        mine = [row for row in rows if row.source == source]
        reached = sum(row.after.percentile > AIM for row in mine)
        counts = [f"{sum(name not in row.outside for row in mine)}" for name in JUDGED]
        own = ", ".join(mine[0].source_outside) or "none"
        inside = sum(not row.outside for row in mine)
        beyond = sorted(row.after.beyond for row in mine)[len(mine) // 2]
        lines.append([source, f"{reached} of {len(mine)}", f"{beyond:.2f}", *counts, f"{inside}", own])
    head = ["from", f"beyond the {AIM}th percentile", "median strength", *(f"{n} in range" for n in JUDGED)]
    return _table([*head, "all four", "of the source, outside"], lines)


def layer_table(rows: Sequence[LayerRow]) -> str:
    """A line a dream."""
    lines = []
    for row in rows:
        d = row.descriptors
        values = [f"{d.flatness:.3f}", f"{d.onset_rate:.2f}", f"{d.key_clarity:.2f}", f"{d.roughness:.2f}"]
        marked = [f"**{v}**" if name in row.outside else v for name, v in zip(JUDGED, values, strict=True)]
        standing = f"{row.before.percentile:.1f} → {row.after.percentile:.2f}"
        lines.append([row.source, row.layer, standing, f"{row.after.beyond:.2f}", *marked])
    return _table(["from", "layer", "percentile", "strength", *JUDGED], lines)


def ranges_table(ranges: CorpusRanges) -> str:
    """5th, 50th and 95th percentile of each descriptor."""
    columns = dataclasses.asdict(ranges.percentiles)
    lines = [[name, *(f"{values[k]:.3g}" for k in (0, 2, 4))] for name, values in columns.items()]
    return _table(["descriptor", "5 %", "50 %", "95 %"], lines)


def trend_table(trends: Sequence[DepthTrend]) -> str:
    """A line a measure."""
    lines = [
        [
            t.ear,
            t.source,
            _MEASURES[t.measure],
            f"{t.shallow:.3g}",
            f"{t.deep:.3g}",
            f"{t.correlation.value:+.2f} ({t.correlation.low:+.2f} to {t.correlation.high:+.2f})",
        ]
        for t in trends
    ]
    return _table(["ear", "from", "the change's", "first third", "last third", "rank correlation with depth"], lines)


def robustness_table(rows: Sequence[RobustnessRow]) -> str:
    """A line a set of regularizers."""
    kinds = list(rows[0].kept)
    lines = [
        [row.name, f"{row.gain:.2f}", *(f"{row.kept[kind]:.0%}" for kind in kinds), f"{row.outside:.2f}"]
        for row in rows
    ]
    return _table(["regularizers", "gain", *kinds, "out of range, of 4"], lines)


def write_results(results: Results, folder: Path) -> list[Path]:
    """Write ``quality.json`` and ``quality.md``.

    Raises:
        UserError: they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (("quality.json", results.as_json()), ("quality.md", markdown(results))):
        with replacing(folder / name) as file:
            file.write(text.encode())
        written.append(folder / name)
    return written


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
