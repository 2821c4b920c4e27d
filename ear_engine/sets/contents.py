"""What a set holds, and how it is read.

A set by hand needs no more than the values that matter to it (:mod:`ear_engine.setfile`). One that an engine has
written holds besides: targets that are kept and stored, presets of the user's that were played, what MIDI controls do,
and folders of clips. What is wrong in a set is refused with its line. Only if a newer engine has written it, or if it
is the last one and shall play whatever happens, what cannot be used is named and left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ear_engine.errors import UserError
from ear_engine.held_targets import MAX_KEPT, TARGET_FIELDS, Held, target_of
from ear_engine.parameters import ParameterTree, Value
from ear_engine.presets import TEXTS, Preset, check_name, checked_text, governs
from ear_engine.setfile import VERSION, SetFile, check_strictly, placed, set_from
from ear_engine.sets.loops import without_memory
from ear_engine.shared_memory.states import Target
from ear_engine.yaml_files import Lines, load_yaml_with_lines, nearest

_RUN, _MUTE = "playback/run", "playback/mute"
_ROOM_GROUPS = ("view", "map", "model", "midi", "cue")
_ROOM = ("playback/offset", "playback/limit", "playback/link", "optimizer/steps_per_loop")
_LENGTH = ("playback/tempo", "playback/beats")

Result = TypeVar("Result")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Contents:
    """A set.

    Args:
        plain: values, ear, clip and seed.
        held: targets besides the current one.
        presets: of the user's, by name.
        midi: what controls do, as :class:`ear_engine.midi.bindings.MidiBindings` gives and takes it.
        clip_folders: folders of clips besides the user's own.
        faults: what could not be used.
    """

    plain: SetFile = field(default_factory=SetFile)
    held: Held = field(default_factory=Held)
    presets: Mapping[str, Preset] = field(default_factory=dict)
    midi: Mapping[str, Any] = field(default_factory=dict)
    clip_folders: tuple[Path, ...] = ()
    faults: tuple[UserError, ...] = field(default=(), compare=False)


def set_values(values: Mapping[str, Value], tree: ParameterTree) -> dict[str, Value]:
    """What a set says of ``values``: those that are not by default, and how the target is chosen.

    Clip and ear are told apart from it, and whether it plays is not a matter of what is played; tempo and length are
    the clip's if it leads them.
    """
    apart = ("source/clip", "model/ear", _RUN, *(_LENGTH if values["source/fit"] == "clip_tempo" else ()))
    said = {
        row.name: values[row.name]
        for row in tree
        if row.kind != "trigger" and row.name not in apart and values[row.name] != row.default
    }
    implied = {row.implies[0] for row in tree if row.name in said and row.implies is not None}
    return {**said, **{name: values[name] for name in implied}}


def all_values(plain: SetFile, tree: ParameterTree) -> dict[str, Value]:
    """Every parameter that a set decides while it is loaded, by what it says or by default.

    Of what belongs to the room and the machine (viewer, map, MIDI, offset, limiter) only what it says; never whether it
    plays or is muted: a set neither begins nor ends a silence.
    """
    said = dict(plain.values)
    for name in plain.values:
        implied = tree[name].implies
        if implied is not None and implied[0] not in plain.values:
            said[implied[0]] = implied[1]
    values = {
        row.name: said.get(row.name, row.default)
        for row in tree
        if row.kind != "trigger" and (row.name in said or not (row.group in _ROOM_GROUPS or row.name in _ROOM))
    }
    led = _LENGTH if values["source/fit"] == "clip_tempo" else ()
    for name in ("source/clip", "model/ear", _RUN, _MUTE, *led):
        values.pop(name, None)
    return values


def read_contents(path: Path, tree: ParameterTree, lenient: bool = False) -> Contents:
    """Read a set.

    Args:
        path: of the file.
        tree: the table.
        lenient: leave out what cannot be used, instead of refusing it.

    Raises:
        UserError: what :func:`ear_engine.setfile.read_set` refuses, or a part of another kind or with a fault; if it is
            read leniently, only what is no YAML at all. Loops of another session's memory are left out either way.
    """
    data, lines = load_yaml_with_lines(path)
    version = data.get("version")
    faults: list[UserError] = []
    if isinstance(version, int) and version > VERSION:
        lenient = True
        reason = f"is of a newer kind ({version}; this engine knows {VERSION})"
        faults.append(UserError(str(path), reason, "what is not known here is left out", "newer_set"))
    reader = _Reader(path, tree, lines, faults if lenient else None)
    plain = set_from(data, path, tree, lines, faults if lenient else None)
    parts = reader.read(data)
    plain, held, lost = without_memory(plain, parts.held, lambda name: f"{path}: clip {name!r}")
    return replace(parts, plain=plain, held=held, faults=(*faults, *lost))


class _Reader:
    """Reads the parts; ``faults`` gets what is wrong, or it is raised if that is None."""

    def __init__(self, path: Path, tree: ParameterTree, lines: Lines, faults: list[UserError] | None) -> None:
        self._path, self._tree, self._lines, self._faults = path, tree, lines, faults

    def read(self, data: Mapping[str, Any]) -> Contents:
        """All parts."""
        return Contents(
            held=Held(self._kept(data.get("kept")), self._stored(data.get("stored"))),
            presets=self._presets(data.get("presets")),
            midi=self._attempt(partial(self._midi, data.get("midi")), {}),
            clip_folders=self._attempt(lambda: self._folders(data.get("clip_folders")), ()),
        )

    def _attempt(self, read: Callable[[], Result], otherwise: Other) -> Result | Other:
        try:
            return read()
        except UserError as error:
            if self._faults is None:
                raise
            self._faults.append(error)
            return otherwise

    def _where(self, *way: str | int) -> str:
        return placed(self._path, "/".join(map(str, way)), self._lines.get(way))

    def _mapping(self, way: tuple[str | int, ...], raw: object) -> Mapping[str, Any]:
        if raw is None:
            return {}
        if not isinstance(raw, Mapping):
            raise UserError(self._where(*way), f"is {raw!r:.60}, not a mapping", "indent its keys below it", "bad_type")
        return {str(key): value for key, value in raw.items()}

    def _midi(self, raw: object) -> Mapping[str, Any]:
        """What controls do; the parameters of that group are read with all others."""
        return {key: value for key, value in self._mapping(("midi",), raw).items() if f"midi/{key}" not in self._tree}

    def _kept(self, raw: object) -> tuple[Target, ...]:
        if raw is None:
            return ()

        def entries() -> list[Any]:
            if not isinstance(raw, list) or len(raw) > MAX_KEPT:
                mend = f"write up to {MAX_KEPT} lines like `- {{by: depth, depth: 0.5}}`"
                raise UserError(self._where("kept"), "is not a list of targets", mend, "bad_type")
            return raw

        found = [
            self._attempt(partial(self._target, ("kept", n), one), None)
            for n, one in enumerate(self._attempt(entries, []))
        ]
        return tuple(target for target in found if target is not None)

    def _stored(self, raw: object) -> dict[str, Target]:
        stored: dict[str, Target] = {}
        for name, one in self._attempt(lambda: self._mapping(("stored",), raw), {}).items():
            target = self._attempt(partial(self._stored_one, name, one), None)
            if target is not None:
                stored[name] = target
        return stored

    def _stored_one(self, name: str, raw: object) -> Target:
        if name not in ("a", "b"):
            raise UserError(self._where("stored", name), "is no stored target", "use a and b", "unknown_key")
        target = self._target(("stored", name), raw)
        if target.by == "morph":
            reason = "is the way between a and b"
            raise UserError(self._where("stored", name), reason, "choose a target of its own", "bad_value")
        return target

    def _target(self, way: tuple[str | int, ...], raw: object) -> Target:
        values: dict[str, Any] = {f"target/{name}": self._tree[f"target/{name}"].default for name in TARGET_FIELDS}
        for name, value in self._mapping(way, raw).items():
            where = self._where(*way, name)
            if name not in TARGET_FIELDS:
                raise UserError(where, "is not a part of a target", nearest(name, list(TARGET_FIELDS)), "unknown_key")
            values[f"target/{name}"] = check_strictly(self._tree[f"target/{name}"], value, where)
        return target_of(values)

    def _presets(self, raw: object) -> dict[str, Preset]:
        found: dict[str, Preset] = {}
        for name, one in self._attempt(lambda: self._mapping(("presets",), raw), {}).items():
            preset = self._attempt(partial(self._preset, name, one), None)
            if preset is not None:
                found[name] = preset
        return found

    def _preset(self, name: str, raw: object) -> Preset:
        data = dict(self._mapping(("presets", name), raw))
        where = Path(self._where("presets", check_name(name)))
        texts = {key: checked_text(data.pop(key, None), longest, f"{where}: {key}") for key, longest in TEXTS.items()}
        values = set_from(data, where, self._tree, faults=self._faults).values
        return Preset(name, values={n: value for n, value in values.items() if governs(self._tree[n])}, **texts)

    def _folders(self, raw: object) -> tuple[Path, ...]:
        if raw is None:
            return ()
        if not isinstance(raw, list) or not all(isinstance(one, str) and one.isprintable() for one in raw):
            raise UserError(self._where("clip_folders"), "is not a list of folders", "write [folder, …]", "bad_type")
        return tuple(Path(os.path.expanduser(one)) for one in raw)  # Path's own raises where there is no such user
