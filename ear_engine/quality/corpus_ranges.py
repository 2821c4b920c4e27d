"""In what range the descriptors of music lie: measured on a corpus, shipped as a small file, asked by dreams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from ear_engine.errors import UserError
from ear_engine.quality.clips import Clips
from ear_engine.quality.descriptors import NAMES, Descriptors, describe
from ear_engine.resources import resource
from ear_engine.whole_files import replacing
from ear_engine.yaml_files import build, load_yaml

JUDGED = ("flatness", "onset_rate", "key_clarity", "roughness")
"""Descriptors that have to lie in the corpus's range."""
SHARES = (5.0, 25.0, 50.0, 75.0, 95.0)
"""Percentiles that are stored."""


@dataclass(frozen=True)
class Percentiles:
    """The 5th, 25th, 50th, 75th and 95th percentile of every field of :class:`Descriptors`."""

    flatness: tuple[float, ...]
    onset_rate: tuple[float, ...]
    key_clarity: tuple[float, ...]
    roughness: tuple[float, ...]
    centroid: tuple[float, ...]
    tonal: tuple[float, ...]


@dataclass(frozen=True)
class CorpusRanges:
    """Percentiles of descriptors over clips of a corpus.

    Args:
        corpus: its name.
        clips: how many.
        seconds: length of each.
        seed: of their places.
        percentiles: of each descriptor.
    """

    corpus: str
    clips: int
    seconds: float
    seed: int
    percentiles: Percentiles

    def span(self, name: str) -> tuple[float, float]:
        """5th and 95th percentile of a descriptor."""
        values = getattr(self.percentiles, name)
        return values[0], values[-1]

    def outside(self, descriptors: Descriptors) -> tuple[str, ...]:
        """Which of the judged descriptors lie outside the 5th to 95th percentile."""
        found = []
        for name in JUDGED:
            low, high = self.span(name)
            if not low <= getattr(descriptors, name) <= high:
                found.append(name)
        return tuple(found)


def measure_ranges(
    clips: Clips, corpus: str, seed: int, progress: Callable[[int, int], None] = lambda done, of: None
) -> CorpusRanges:
    """Describe every clip; ``progress`` is called with (done, all)."""
    rows = []
    for number, loop in enumerate(clips):
        found = describe(loop, clips.sample_rate)
        rows.append([getattr(found, name) for name in NAMES])
        progress(number + 1, len(clips))
    spans = np.percentile(np.array(rows), SHARES, axis=0).T
    percentiles = Percentiles(*(tuple(float(f"{value:.4g}") for value in span) for span in spans))
    return CorpusRanges(corpus, len(clips), clips.samples / clips.sample_rate, seed, percentiles)


def shipped_ranges() -> Path:
    """The file that ships with the engine."""
    return resource("configs", "quality", "corpus_ranges.yaml")


def read_ranges(path: Path | None = None) -> CorpusRanges:
    """Read ranges, the shipped ones if no path is given.

    Raises:
        UserError: the file is missing, or is none.
    """
    path = path or shipped_ranges()
    ranges = build(CorpusRanges, load_yaml(path), str(path))
    for name in NAMES:
        values = getattr(ranges.percentiles, name)
        if len(values) != len(SHARES) or list(values) != sorted(values):
            reason = f"has no {len(SHARES)} rising percentiles of {name}"
            raise UserError(str(path), reason, "measure them again: ear-engine quality ranges", "damaged")
    return ranges


def write_ranges(ranges: CorpusRanges, path: Path) -> None:
    """Write a file that :func:`read_ranges` reads."""
    rows = "\n".join(
        f"  {name}: [{', '.join(f'{value:g}' for value in getattr(ranges.percentiles, name))}]" for name in NAMES
    )
    head = {"corpus": ranges.corpus, "clips": ranges.clips, "seconds": ranges.seconds, "seed": ranges.seed}
    text = (
        "# Descriptors of music (ear_engine/quality/descriptors.py): percentiles 5, 25, 50, 75, 95 over clips, each\n"
        "# closed to a loop. Made by `ear-engine quality ranges`.\n"
        f"{yaml.safe_dump(head, sort_keys=False)}percentiles:\n{rows}\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(text.encode())
