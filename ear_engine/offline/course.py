"""The values of all parameters in the course of a film: those of its start, and a score over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ear_engine.parameters import ParameterTree, Value
from ear_engine.score import Score

_CLOSE = 1e-6  # beats: as good as at the same time


@dataclass(frozen=True)
class _Change:
    """An entry of a score, in beats."""

    at: float
    over: float
    values: Mapping[str, Value]
    reset: bool
    where: str


class Course:
    """What every parameter is at a beat.

    Args:
        start: values of all parameters at first.
        score: what changes; of two changes at one time the later one in the score counts.
        seconds: of a beat.
        tree: the table, whose curves numbers glide along.
    """

    def __init__(self, start: Mapping[str, Value], score: Score, seconds: float, tree: ParameterTree) -> None:
        self._start, self._tree = start, tree
        found = []
        for entry in score:
            beats = 1.0 if entry.unit == "beat" else 1.0 / seconds
            found.append(_Change(entry.at * beats, entry.over * beats, entry.values, entry.reset, entry.where))
        self._changes = sorted(found, key=lambda change: change.at)

    def at(self, beat: float) -> Mapping[str, Value]:
        """Values of all parameters at a beat, from 0."""
        values = dict(self._start)
        for change in self._changes:
            since = beat - change.at
            if since < -_CLOSE:
                break
            share = 1.0 if since >= change.over - _CLOSE else max(since, 0.0) / change.over
            for name, goal in change.values.items():
                values[name] = goal if share == 1.0 else self._between(name, values[name], goal, share)
        return values

    def resets(self, beat: float, other: float) -> bool:
        """Whether the dream starts over after a beat, and at the latest at another."""
        return any(change.reset and beat + _CLOSE < change.at <= other + _CLOSE for change in self._changes)

    @property
    def marks(self) -> tuple[tuple[str, Mapping[str, Value]], ...]:
        """Every change by name, and all values when it is through."""
        return tuple((change.where, self.at(change.at + change.over)) for change in self._changes)

    def _between(self, name: str, now: Value, goal: Value, share: float) -> Value:
        row = self._tree[name]
        if not row.numeric:  # of a preset: at once
            return goal
        low, high = row.normalize(now), row.normalize(goal)
        return row.denormalize(low + share * (high - low))
