"""YAML into dataclasses: every key and type checked, the nearest name given for a typo."""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import re
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, Union

import yaml

from ear_engine.errors import UserError

Record = TypeVar("Record")
Lines = Mapping[tuple[str | int, ...], int]
_LARGEST = 1 << 20  # bytes
_NAMED = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}\.yaml")


class _Loader(yaml.SafeLoader):
    """Plain YAML: every key once, and no aliases, with which a few lines stand for a billion or for themselves."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, f"it uses the alias *{event.anchor}", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                if key.value in lines:
                    problem = f"the key {key.value[:60]!r} is in line {lines[key.value]} and again in line {line}"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                lines[key.value] = line
        return super().construct_mapping(node, deep)


def named_files(root: Path, most: int) -> list[os.DirEntry[str]]:
    """The YAML files of a folder that can be named, in the order of their names; links that lead out of it are none.

    Args:
        root: the folder; if it is not there, or not ours to read, there is no file in it.
        most: files, the others are left out.
    """
    try:
        with os.scandir(root) as found:
            inside = [entry for entry in found if _NAMED.fullmatch(entry.name) and _is_inside(entry, root)]
    except OSError:
        return []
    return sorted(inside, key=lambda entry: entry.name)[:most]


def _is_inside(entry: os.DirEntry[str], root: Path) -> bool:
    try:
        return entry.is_file() and (not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(root.resolve()))
    except OSError:  # a link to itself
        return False


def load_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        UserError: the file is missing, larger than 1 MB, not YAML, not a mapping, has a key twice, or uses aliases.
    """
    return load_yaml_with_lines(path)[0]


def load_yaml_with_lines(path: Path) -> tuple[dict[str, Any], Lines]:
    """Read a YAML mapping, and in which line, from 1, every key and every entry of a list is, by the way to it.

    Raises:
        UserError: as :func:`load_yaml`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise UserError(_shortened(path), "is larger than 1 MB", "choose a file of settings", "bad_file")
        loader = _Loader(content.decode("utf-8"))
        try:
            root = loader.get_single_node()
            data = None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except FileNotFoundError:
        raise UserError(str(path), "does not exist", "check the path", "not_found") from None
    except (yaml.YAMLError, ValueError, RecursionError, OSError) as error:  # ValueError: 2020-13-45, bytes not UTF-8
        reason = " ".join(str(error).split())
        raise UserError(_shortened(path), f"is not readable YAML ({reason})", "mend that line", "bad_file") from None
    if data is None:
        return {}, {}
    if not isinstance(data, dict):
        raise UserError(str(path), "is not a mapping of names to values", "write `name: value` lines", "bad_file")
    return data, dict(_lines(root, ()))


def _lines(node: yaml.Node | None, way: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield (*way, key.value), key.start_mark.line + 1
                yield from _lines(value, (*way, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*way, number), value.start_mark.line + 1
            yield from _lines(value, (*way, number))


def _shortened(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:120]}…{text[-60:]}"


def nearest(word: str, words: list[str]) -> str:
    """A hint for ``word``: the nearest of ``words``, or all of them."""
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"did you mean {near[0]}" if near else f"use one of {', '.join(words)}"


def build(kind: type[Record], data: Mapping[str, Any], where: str) -> Record:
    """Make a dataclass from a mapping, nested dataclasses and tuples of numbers included.

    Args:
        kind: a dataclass.
        data: its fields; missing ones keep their defaults.
        where: what to call the place in messages (a file, and the key within it).

    Raises:
        UserError: an unknown or missing key or a value of the wrong type, named with its place.
    """
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in fields:
            raise UserError(f"{where}: key {key!r}", "is not known", nearest(str(key), list(fields)), "unknown_key")
        values[key] = _convert(hints[key], value, f"{where}: {key}")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise UserError(f"{where}: key {name!r}", "is missing", "add it", "missing_key")
    return kind(**values)


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        return None if value is None else _convert(options[0], value, where)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise UserError(where, f"is {value!r}, not a mapping", "indent its keys below it", "bad_type")
        return build(hint, value, where)
    if origin is tuple:
        items = typing.get_args(hint)
        if not isinstance(value, list):
            raise UserError(where, f"is {value!r}, not a list", "write [a, b, …]", "bad_type")
        if items[-1] is Ellipsis:
            items = (items[0],) * len(value)
        if len(value) != len(items):
            raise UserError(where, f"has {len(value)} entries, not {len(items)}", "write [a, b, …]", "bad_type")
        return tuple(_convert(items[index], entry, f"{where}[{index}]") for index, entry in enumerate(value))
    if origin is typing.Literal:
        choices = [str(choice) for choice in typing.get_args(hint)]
        if value not in choices:
            raise UserError(where, f"is {value!r}", nearest(str(value), choices), "bad_value")
        return value
    if hint is float and isinstance(value, str | int) and not isinstance(value, bool):
        try:
            value = float(value)  # YAML 1.1 reads 1e-3 as text
        except (ValueError, OverflowError):
            pass
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(where, f"is {value}", "write a finite number", "bad_value")
    if not isinstance(value, hint) or (hint in (int, float) and isinstance(value, bool)):
        raise UserError(
            where, f"is {value!r}, not {hint.__name__}", f"write a value of type {hint.__name__}", "bad_type"
        )
    return value
