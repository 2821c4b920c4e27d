"""Set files: a starting point in YAML, ``ear-engine serve --set FILE.yaml``.

Parameters by name, nested (``dream: {rate: -20}``) or flat (``dream/rate: -20``), besides ``ear``, ``clip`` and
``seed``. Unlike OSC, where a fader may run past its end, a file is refused if a value is out of range: it is a mistake.
A set that an engine has written holds more, which :mod:`ear_engine.sets` reads; here it is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ear_engine.errors import UserError
from ear_engine.parameters import Parameter, ParameterTree, Value
from ear_engine.yaml_files import Lines, load_yaml_with_lines, nearest

SCORE = "score"
"""What changes in time (:mod:`ear_engine.score`)."""
VERSION = 1
"""Of sets, as they are written here."""
PARTS = ("engine", "kept", "stored", "midi", "presets", "clip_folders", "heard")
"""What else a set holds (:mod:`ear_engine.sets`)."""
_OWN = ("version", "ear", "clip", "seed")
_SWITCH = {"on": True, "off": False, "true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


@dataclass(frozen=True)
class SetFile:
    """What a set file says; what it leaves out is None.

    Args:
        values: checked parameter values by name; ``source/clip`` is in ``clip``.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    ear: str | None = None
    clip: str | None = None
    seed: int | None = None
    version: int | None = None


def read_set(path: Path, tree: ParameterTree) -> SetFile:
    """Read a set file.

    A ``clip`` or ``ear`` that is a path is taken relative to the file.

    Raises:
        UserError: not a YAML mapping, a name given twice, an unknown one (the nearest is given), a wrong type, or a
            value out of range.
    """
    data, lines = load_yaml_with_lines(path)
    return set_from(data, path, tree, lines)


def set_from(
    data: Mapping[str, Any],
    path: Path,
    tree: ParameterTree,
    lines: Lines = MappingProxyType({}),
    faults: list[UserError] | None = None,
) -> SetFile:
    """What ``data`` says; see :func:`read_set`.

    Args:
        data: as it was read.
        path: from where.
        tree: the table.
        lines: in which lines, if they are known.
        faults: gets what is wrong, which is left out then; if None, it is raised.
    """
    own: dict[str, Any] = {}
    values: dict[str, Value] = {}
    said: set[str] = set()
    for way, raw in flattened(_parameters(data, tree)):
        key = "/".join(map(str, way))
        where = placed(path, key, lines.get(way))
        name = "clip" if key == "source/clip" else key
        try:
            if name in said:
                raise UserError(where, "is given twice", "keep one of the two", "bad_file")
            said.add(name)
            if key == SCORE:
                mend = "leave it out, or use it with `ear-engine render`"
                raise UserError(where, "is only for films", mend, "bad_value")
            if key in _OWN:
                own[key] = _own(key, raw, where, path.parent)
            elif key not in tree:
                names = [*(row.name for row in tree), *_OWN, *PARTS]
                raise UserError(where, "is not a parameter", nearest(key, names), "unknown_parameter")
            elif key == "source/clip":
                own["clip"] = _own("clip", raw, where, path.parent)
            else:
                values[key] = check_strictly(tree[key], raw, where)
        except UserError as error:
            if faults is None:
                raise
            faults.append(error)
    return SetFile(values, **own)


def _parameters(data: Mapping[str, Any], tree: ParameterTree) -> dict[str, Any]:
    """What is no part; of a part that is also a group of parameters (``midi``), its parameters."""
    plain = {key: value for key, value in data.items() if key not in PARTS}
    for part in PARTS:
        inner = data.get(part)
        if isinstance(inner, Mapping) and (own := {k: v for k, v in inner.items() if f"{part}/{k}" in tree}):
            plain[part] = own
    return plain


def overlay(under: Mapping[str, Value], over: Mapping[str, Value], tree: ParameterTree) -> dict[str, Value]:
    """Both, where ``over`` decides: also what its values imply (``target/by``) is no longer said by ``under``."""
    implied = {pair[0] for name in over if (pair := tree[name].implies) is not None}
    return {**{name: value for name, value in under.items() if name not in over and name not in implied}, **over}


def check_strictly(row: Parameter, raw: object, subject: str) -> Value:
    """``raw`` as a value of ``row``; unlike :meth:`Parameter.check`, nothing is clipped or rounded.

    Args:
        subject: what to call it in an error (file and key, or option).

    Raises:
        UserError: wrong type, unknown choice, or out of range.
    """
    if row.kind in ("bool", "trigger"):
        switch = _SWITCH.get(str(raw).strip().lower())
        if switch is None:
            raise UserError(subject, f"is {raw!r}, not a switch", "write on or off", "bad_type")
        return switch
    if row.numeric and isinstance(raw, bool):
        raise UserError(subject, f"is {raw!r}, not a number", "write a number", "bad_type")
    if row.kind == "text" and isinstance(raw, int | float):
        raise UserError(subject, f"is {raw!r}, not text", f"put it in quotes: '{raw}'", "bad_type")
    try:
        value = row.check(raw)
    except UserError as error:
        raise UserError(subject, error.reason, error.mend, error.code) from None
    if row.numeric:
        number = float(raw)  # type: ignore[arg-type]  # check() has just read it
        if row.kind == "int" and number != int(number):
            raise UserError(subject, f"is {raw!r}, not a whole number", "write a whole number", "bad_type")
        if number != float(value):
            unit = f" {row.unit}" if row.unit else ""
            off = f", or {row.zero:g} for off" if row.zero is not None else ""
            reason = f"is {number:g}, outside {row.low:g} to {row.high:g}{unit}"
            raise UserError(subject, reason, f"write {row.low:g} to {row.high:g}{off}", "out_of_range")
    return value


def _own(key: str, raw: object, where: str, folder: Path) -> str | int:
    if key in ("seed", "version"):
        if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw < 1 << 63:
            raise UserError(where, f"is {raw!r}, not a whole number from 0", "write one, such as 7", "bad_type")
        return raw
    if not isinstance(raw, str) or not raw:
        raise UserError(where, f"is {raw!r}, not text", "write a name or a path", "bad_type")
    beside = folder / os.path.expanduser(raw)
    return str(beside) if os.path.exists(beside) and (key == "ear" or Path(raw).suffix) else raw


def flattened(data: Mapping[Any, Any], way: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value of nested mappings, behind the way to it."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from flattened(value, (*way, key))
        else:
            yield (*way, key), value


def placed(path: Path, key: str, line: int | None) -> str:
    """What to call a key of a file in an error."""
    return f"{path}: {key}" if line is None else f"{path}, line {line}: {key}"
