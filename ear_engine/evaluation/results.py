"""What an evaluation found: one row a probe and kind of features."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.evaluation.scores import Interval, Score

Kind = str
"""``guess``, ``hand``, ``untrained``, ``supervised``, ``ear`` or ``predictions``."""


@dataclass(frozen=True)
class Row:
    """One kind of features in one probe.

    Args:
        probe: which.
        kind: what they come from.
        listener: name of the ear, or what made them.
        features: what is read (``c``).
        dimension: how many numbers.
        score: accuracy and loss.
        against_hand: error over that of the best hand-made features in this probe.
        against_supervised: error over that of the supervised network, on what it was tested on.
        span: least and largest accuracy, where several seeds are averaged.
    """

    probe: str
    kind: Kind
    listener: str
    features: str
    dimension: int
    score: Score
    against_hand: Interval | None = None
    against_supervised: Interval | None = None
    span: tuple[float, float] | None = None

    @property
    def label(self) -> str:
        """As tables name it."""
        return f"{self.listener}: {self.features}" if self.features else self.listener


@dataclass(frozen=True)
class ProbeFacts:
    """What one probe was made of.

    Args:
        name, question: what it is.
        classes: names.
        training, tested: excerpts (or pairs) in all.
        groups: what was resampled for intervals.
        leaks: whether neighbors of test excerpts train.
    """

    name: str
    question: str
    classes: tuple[str, ...]
    training: int
    tested: int
    groups: int
    leaks: bool


@dataclass(frozen=True)
class Results:
    """Everything that was measured.

    Args:
        excerpt_seconds: length of an excerpt.
        probes: in order.
        rows: probe after probe.
        left_out: probes that could not be made, and why.
        notes: what a reader must know.
        confusions: for each (probe, label), counts by true and by given class.
        descriptions: of the ears, by name.
    """

    excerpt_seconds: float
    probes: tuple[ProbeFacts, ...]
    rows: tuple[Row, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    confusions: dict[tuple[str, str], NDArray[np.int64]] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)

    def of(self, probe: str) -> tuple[Row, ...]:
        """Rows of one probe."""
        return tuple(row for row in self.rows if row.probe == probe)

    def as_json(self) -> dict[str, Any]:
        """Plain values; null stands for what is no finite number, which JSON does not have."""
        plain: dict[str, Any] = _plain(self._as_dict())
        return plain

    def _as_dict(self) -> dict[str, Any]:
        return {
            "excerpt_seconds": self.excerpt_seconds,
            "ears": self.descriptions,
            "probes": [dataclasses.asdict(probe) for probe in self.probes],
            "rows": [{"label": row.label, **dataclasses.asdict(row)} for row in self.rows],
            "left_out": self.left_out,
            "notes": list(self.notes),
            "confusions": [
                {"probe": probe, "label": label, "counts": counts.tolist()}
                for (probe, label), counts in self.confusions.items()
            ],
        }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
