"""Map files: what the controls of a kind of device do. A bad line is named, and the others still work.

They lie in ``configs/midi`` and in the user's folder, ``NAME.yaml``; one of the user's takes the place of one that
ships with the same name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.midi.binding import Binding, read_binding
from ear_engine.parameters import ParameterTree
from ear_engine.resources import resource_root
from ear_engine.setfile import placed
from ear_engine.yaml_files import load_yaml_with_lines, nearest

_SUFFIX = ".yaml"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_KEYS = ("title", "about", "ports", "channel", "takeover", "feedback", "controls")
_MOST = 500  # files in a folder, rows of a map
_LONGEST = 1000  # characters of a text
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class DeviceMap:
    """A map.

    Args:
        name: of its file, without the suffix.
        title: what people call the device.
        about: what has to be set on it.
        ports: words of which its port's name holds one, in any case; none is for devices that are named with it only.
        bindings: what its controls do.
        problems: sentences about what is wrong in the file.
    """

    name: str
    title: str = ""
    about: str = ""
    ports: tuple[str, ...] = ()
    bindings: tuple[Binding, ...] = ()
    problems: tuple[str, ...] = ()

    def fits(self, port: str) -> bool:
        """Whether this is a map for the device at ``port``."""
        return any(word.lower() in port.lower() for word in self.ports)


def map_roots() -> tuple[Path, ...]:
    """Folders of maps: the user's own, then those that ship."""
    return platform.user_midi_dir(), resource_root() / "configs" / "midi"


def list_maps(
    tree: ParameterTree, commands: Mapping[str, object], roots: Sequence[Path] | None = None
) -> list[DeviceMap]:
    """All maps, the user's first; of a name the first counts."""
    found: dict[str, Path] = {}
    for root in map_roots() if roots is None else roots:
        for path in _files(root):
            found.setdefault(path.stem, path)
    return [_tried(path, tree, commands) for path in found.values()]


def read_map(path: Path, tree: ParameterTree, commands: Mapping[str, object]) -> DeviceMap:
    """Read one file.

    Args:
        path: of it.
        tree: the parameters.
        commands: addresses of commands; any may be called if there are none.

    Raises:
        UserError: it is no YAML mapping at all; else what is wrong is in the map's ``problems``.
    """
    data, lines = load_yaml_with_lines(path)
    problems: list[str] = []

    def attempt(make: Callable[[], Kind], otherwise: Kind) -> Kind:
        try:
            return make()
        except UserError as error:
            problems.append(str(error))
            return otherwise

    def where(*way: str | int) -> str:
        return placed(path, str(way[0]), lines.get(way))

    for key in data:
        if key not in _KEYS:
            place, hint = placed(path, str(key)[:60], lines.get((key,))), nearest(str(key), list(_KEYS))
            problems.append(str(UserError(place, "is not known", hint, "unknown_key")))
    title = attempt(lambda: _text(data.get("title", ""), where("title")), "")
    about = attempt(lambda: _text(data.get("about", ""), where("about")), "")
    no_words: tuple[str, ...] = ()
    ports = attempt(lambda: _words(data.get("ports", []), where("ports")), no_words)
    shared = {
        key: attempt(lambda k=key, t=kind: _flag(data[k], t, where(k)), None)  # type: ignore[misc]
        for key, kind in (("channel", int), ("takeover", bool), ("feedback", bool))
        if key in data
    }
    shared = {key: value for key, value in shared.items() if value is not None}
    bindings = []
    no_rows: list[object] = []
    for number, row in enumerate(attempt(lambda: _rows(data.get("controls"), where("controls")), no_rows)):
        line = lines.get(("controls", number))
        place = f"{path}, line {line}" if line is not None else f"{path}: row {number + 1}"
        found = attempt(lambda r=row, p=place: _row(r, shared, tree, p, commands), None)  # type: ignore[misc]
        if found is not None:
            bindings.append(found)
    return DeviceMap(path.stem, title, about, ports, tuple(bindings), tuple(problems))


def _row(
    row: object, shared: Mapping[str, Any], tree: ParameterTree, place: str, commands: Mapping[str, object]
) -> Binding:
    if not isinstance(row, dict):
        raise UserError(place, "is no mapping", "write {cc: 1, to: dream/rate}", "bad_type")
    return read_binding({**shared, **row}, tree, place, commands)


def _tried(path: Path, tree: ParameterTree, commands: Mapping[str, object]) -> DeviceMap:
    try:
        return read_map(path, tree, commands)
    except UserError as error:
        return DeviceMap(path.stem, problems=(str(error),))


def _files(root: Path) -> Iterator[Path]:
    try:
        paths = sorted(path for path in root.iterdir() if path.suffix == _SUFFIX)[:_MOST]
    except OSError:  # not there, or not ours to read
        return
    for path in paths:
        if _NAME.fullmatch(path.stem) and path.is_file() and path.resolve().is_relative_to(root.resolve()):
            yield path


def _text(raw: object, where: str) -> str:
    text = " ".join(str(raw).split())
    if not isinstance(raw, str) or len(text) > _LONGEST:
        raise UserError(where, "is no text", f"write up to {_LONGEST} characters", "bad_type")
    return text


def _words(raw: object, where: str) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(word, str) and word.strip() for word in raw):
        raise UserError(where, "is no list of words", "write [BCF2000], parts of the port's name", "bad_type")
    return tuple(raw)


def _flag(raw: object, kind: type, where: str) -> int:
    if type(raw) is not kind:
        mend = "write 1 to 16" if kind is int else "write true or false"
        raise UserError(where, f"is {raw!r}", mend, "bad_type")
    return int(raw) if kind is int else bool(raw)  # type: ignore[call-overload]


def _rows(raw: object, where: str) -> list[object]:
    if not isinstance(raw, list) or len(raw) > _MOST:
        raise UserError(
            where, f"is no list of up to {_MOST} rows", "write `- {cc: 1, to: dream/rate}` lines", "bad_type"
        )
    return raw
