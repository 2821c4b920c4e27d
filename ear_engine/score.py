"""Scores: what changes in a film, and when; the list ``score`` of a set file.

::

    score:
      - beat: 8
        target/layer: encoder_6_conv1
      - beat: 16
        over: 8 # beats in which numbers glide there
        dream: {rate: -12}
      - second: 20.5
        preset: bloom
        source/reset: on # back to the source

Names, ranges and units are those of the parameter table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree, Value
from ear_engine.presets import find_preset, governs
from ear_engine.setfile import SCORE, SetFile, check_strictly, flattened, overlay, placed, set_from
from ear_engine.yaml_files import Lines, load_yaml_with_lines, nearest

_RESET = "source/reset"
_HEARD = ("playback/wet", "playback/gain")
_UNITS: tuple[Literal["beat", "second"], ...] = ("beat", "second")
_OWN = (*_UNITS, "over", "preset")
_LATEST = 1e5  # beats or seconds
_MOST = 10_000  # changes


@dataclass(frozen=True)
class ScoreEntry:
    """One change.

    Args:
        at: when it begins, in ``unit``, from 0.
        unit: ``beat`` or ``second``.
        over: how long its numbers take, in ``unit``; 0 is at once. All else changes at the beginning.
        values: checked values by name, with what they imply.
        reset: whether the dream starts over from its source.
        where: what to call it in an error.
    """

    at: float
    unit: Literal["beat", "second"]
    over: float = 0.0
    values: Mapping[str, Value] = field(default_factory=dict)
    reset: bool = False
    where: str = ""


Score = tuple[ScoreEntry, ...]


def read_scored_set(path: Path, tree: ParameterTree) -> tuple[SetFile, Score]:
    """Read a set file, and its score if it has one.

    Raises:
        UserError: what :func:`ear_engine.setfile.read_set` refuses; or a change has no time, or one that cannot be, or
            names what does not change in a film; with its line.
    """
    data, lines = load_yaml_with_lines(path)
    raw = data.pop(SCORE, None)
    return set_from(data, path, tree, lines), () if raw is None else _score(raw, path, tree, lines)


def _score(raw: object, path: Path, tree: ParameterTree, lines: Lines) -> Score:
    where = placed(path, SCORE, lines.get((SCORE,)))
    if not isinstance(raw, list):
        raise UserError(where, "is not a list of changes", "begin each with `- beat: N` or `- second: N`", "bad_file")
    if len(raw) > _MOST:
        raise UserError(where, f"has {len(raw)} changes, and {_MOST} are the most", "leave some out", "bad_file")
    return tuple(_Reader(path, tree, lines, number).entry(one) for number, one in enumerate(raw))


class _Reader:
    """Reads one change.

    Args:
        path: of the file.
        tree: the table.
        lines: of the file.
        number: of the change in the score, from 0.
    """

    def __init__(self, path: Path, tree: ParameterTree, lines: Lines, number: int) -> None:
        self._path, self._tree, self._lines, self._way = path, tree, lines, (SCORE, number)

    def entry(self, raw: object) -> ScoreEntry:
        """What it says.

        Raises:
            UserError: something of it cannot be.
        """
        if not isinstance(raw, Mapping):
            raise UserError(self._where(()), f"is {raw!r}, not a change", "write `- beat: N` before it", "bad_file")
        own: dict[str, Any] = {}
        values: dict[str, Value] = {}
        places: dict[str, str] = {}
        reset = False
        for way, value in flattened(raw):
            name = "/".join(map(str, way))
            where = places[name] = self._where(way)
            if name in own or name in values:
                raise UserError(where, "is given twice", "keep one of the two", "bad_file")
            if name in _OWN:
                own[name] = value
            elif name == _RESET:
                reset = bool(check_strictly(self._tree[name], value, where))
            else:
                values[name] = self._value(name, value, where)
        unit = self._unit(own)
        at, over = self._number(own, unit), self._number(own, "over")
        if over:
            self._need_glides(values, places)
        return ScoreEntry(at, unit, over, self._all(own, values), reset, self._where(()))

    def _where(self, way: tuple[str | int, ...]) -> str:
        whole = (*self._way, *way)
        return placed(self._path, "/".join(map(str, way)) or SCORE, self._lines.get(whole))

    def _value(self, name: str, raw: object, where: str) -> Value:
        names = [row.name for row in self._tree if governs(row) or row.name in _HEARD]
        if name not in self._tree:
            raise UserError(where, "is not a parameter", nearest(name, [*names, *_OWN, _RESET]), "unknown_parameter")
        value = check_strictly(self._tree[name], raw, where)
        if name not in names or name == "target/morph" or (name, value) == ("target/by", "morph"):
            mend = "leave it out, or write it above the score if it holds from the start"
            raise UserError(where, "does not change in a film", mend, "bad_value")
        return value

    def _unit(self, own: Mapping[str, Any]) -> Literal["beat", "second"]:
        said = [unit for unit in _UNITS if unit in own]
        if len(said) != 1:
            reason = "says both a beat and a second" if said else "does not say when"
            raise UserError(self._where(()), reason, "write either `beat: N` or `second: N`", "bad_file")
        return said[0]

    def _number(self, own: Mapping[str, Any], key: str) -> float:
        raw = own.get(key, 0.0)
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise UserError(self._where((key,)), f"is {raw!r}, not a number", "write a number", "bad_type")
        if not 0.0 <= raw <= _LATEST or not math.isfinite(raw):
            reason, mend = f"is {raw:g}, outside 0 to {_LATEST:g}", "write a number in that range"
            raise UserError(self._where((key,)), reason, mend, "out_of_range")
        return float(raw)

    def _need_glides(self, values: Mapping[str, Value], places: Mapping[str, str]) -> None:
        for name in values:
            if not self._tree[name].numeric:
                reason, mend = "cannot glide", "write it into a change of its own, without `over`"
                raise UserError(places[name], reason, mend, "bad_value")

    def _all(self, own: Mapping[str, Any], values: dict[str, Value]) -> dict[str, Value]:
        """With the preset below, and what is implied."""
        implied = {}
        for name in values:
            pair = self._tree[name].implies
            if pair is not None and pair[0] not in values:
                implied[pair[0]] = pair[1]
        if "preset" not in own:
            return {**implied, **values}
        where, name = self._where(("preset",)), own["preset"]
        if not isinstance(name, str):
            raise UserError(where, f"is {name!r}, not a name", "`ear-engine presets` lists them", "bad_type")
        try:
            preset = find_preset(name, self._tree)
        except UserError as error:
            raise UserError(f"{where}: {error.subject}", error.reason, error.mend, error.code) from None
        return {**overlay(preset.changes(self._tree), values, self._tree), **implied}
