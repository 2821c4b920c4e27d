"""A store on disk: shards of samples, and an index that says what lies where.

``index.json`` is written last and at once, and shards never change: a store is whole, or it is not there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.corpora.corpus import Corpus, Recording, Skipped
from ear_engine.errors import UserError

INDEX = "index.json"
_FORMAT = "ear-engine corpus"
_VERSION = 1
_SHARD = re.compile(r"shard_[0-9a-f]{16}\.i16")
_LARGEST = 1 << 30  # bytes of an index


@dataclass(frozen=True)
class Entry:
    """Where a recording lies (``start`` and ``length`` in samples), and what is known about it."""

    name: str
    shard: str
    start: int
    length: int
    digest: str
    validation: bool
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Index:
    """All that a store says about itself; ``recipe`` tells what a built-in corpus was made from, else it is empty."""

    name: str
    sample_rate: int
    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]
    shippable: bool = False
    recipe: str = ""

    def text(self) -> str:
        """As JSON, a recording a line."""
        head = {
            "format": _FORMAT,
            "version": _VERSION,
            "name": self.name,
            "sample_rate": self.sample_rate,
            "shippable": self.shippable,
            "recipe": self.recipe,
        }
        recordings = [
            {
                "name": entry.name,
                "shard": entry.shard,
                "start": entry.start,
                "length": entry.length,
                "digest": entry.digest,
                "validation": entry.validation,
                "labels": dict(sorted(entry.labels.items())),
            }
            for entry in self.entries
        ]
        skipped = [{"path": item.path.as_posix(), "reason": item.reason} for item in self.skipped]
        lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
        for key, rows in (("recordings", recordings), ("skipped", skipped)):
            lines.append(f' "{key}": [' + ",".join(f"\n  {json.dumps(row)}" for row in rows) + "\n ]")
        return "{\n" + ",\n".join(lines) + "\n}\n"


def shard_name(identity: str) -> str:
    """File of a shard whose contents have this hash (hexadecimal)."""
    return f"shard_{identity[:16]}.i16"


def is_shard(name: str) -> bool:
    """Whether a file of a store is a shard, by its name."""
    return _SHARD.fullmatch(name) is not None


def is_store(folder: Path) -> bool:
    """Whether a folder holds a store, whole or damaged, rather than music."""
    try:
        with (folder / INDEX).open(encoding="utf-8") as file:
            return _FORMAT in file.read(200)
    except (OSError, ValueError):
        return False


def read_index(folder: Path) -> Index:
    """Read what a store says about itself; its shards are not looked at.

    Raises:
        UserError: there is no store, or its index is damaged, or it is of a later version.
    """
    subject = f"corpus store {str(folder)!r}"
    try:
        if (folder / INDEX).stat().st_size > _LARGEST:
            raise ValueError("its index is too large")
        return _parse(json.loads((folder / INDEX).read_bytes()))
    except FileNotFoundError:
        raise UserError(subject, "does not exist", "build it: ear-engine corpus build", "not_found") from None
    except _TooNewError:
        raise UserError(subject, "was made by a later version", "update ear-engine", "too_new") from None
    except (OSError, ValueError, RecursionError) as error:
        reason = f"is damaged ({' '.join(str(error).split())[:120]})"
        raise UserError(subject, reason, "delete it and build it again", "damaged") from None


class _TooNewError(Exception):
    """The index is of a later version."""


def _parse(data: Any) -> Index:
    _need(isinstance(data, dict) and data.get("format") == _FORMAT, "it is not an index")
    version = data.get("version")
    _need(type(version) is int, "its version is no number")
    if version > _VERSION:
        raise _TooNewError
    for key, kind in (("name", str), ("sample_rate", int), ("shippable", bool), ("recipe", str)):
        _need(type(data.get(key)) is kind, f"its {key} is missing")
    for key in ("recordings", "skipped"):
        _need(isinstance(data.get(key), list), f"its {key} are missing")
    _need(data["sample_rate"] > 0, "its sample rate is not positive")
    entries = tuple(_entry(row) for row in data["recordings"])
    _need(len({entry.name for entry in entries}) == len(entries), "a name occurs twice")
    skipped = tuple(Skipped(Path(_text(row, "path")), _text(row, "reason")) for row in data["skipped"])
    return Index(data["name"], data["sample_rate"], entries, skipped, data["shippable"], data["recipe"])


def _entry(row: Any) -> Entry:
    name, shard, digest = (_text(row, key) for key in ("name", "shard", "digest"))
    start, length, validation, labels = (row.get(key) for key in ("start", "length", "validation", "labels"))
    _need(is_shard(shard), f"{shard!r} is no shard")
    _need(type(start) is int and start >= 0 and type(length) is int and length > 0, f"{name} has no place")
    _need(type(validation) is bool and isinstance(labels, dict), f"{name} has no side or no labels")
    _need(all(isinstance(value, str) for value in labels.values()), f"a label of {name} is no text")
    return Entry(name, shard, start, length, digest, validation, labels)


def _text(row: Any, key: str) -> str:
    value = row.get(key) if isinstance(row, dict) else None
    _need(isinstance(value, str), f"an entry has no {key}")
    return str(value)


def _need(true: bool, otherwise: str) -> None:
    if not true:
        raise ValueError(otherwise)


def open_corpus(store_folder: Path) -> Corpus:
    """Map a store that was built; nothing is read but its index.

    Raises:
        UserError: there is no store, or it is damaged.
    """
    for attempt in (1, 2):
        index = read_index(store_folder)
        try:
            return _mapped(index, store_folder)
        except (OSError, ValueError) as error:
            if attempt == 2:  # the first time, it may have been built anew since the index was read
                subject, reason = f"corpus store {str(store_folder)!r}", f"is damaged ({error})"
                raise UserError(subject, reason, "delete it and build it again", "damaged") from None
    raise AssertionError


def _mapped(index: Index, folder: Path) -> Corpus:
    shards: dict[str, NDArray[np.int16]] = {}
    recordings: list[Recording] = []
    for entry in index.entries:
        if entry.shard not in shards:
            shards[entry.shard] = np.asarray(np.memmap(folder / entry.shard, dtype="<i2", mode="r"))
        end = entry.start + entry.length
        if end > len(shards[entry.shard]):
            raise ValueError(f"{entry.shard} is too short")
        samples = shards[entry.shard][entry.start : end]
        recordings.append(Recording(entry.name, samples, entry.labels, entry.validation, entry.digest))
    return Corpus(index.name, folder, tuple(recordings), index.skipped, index.sample_rate, index.shippable)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that there is the old one or the new one, whatever happens; an equal one is left alone."""
    content = text.encode("utf-8")
    if path.is_file() and path.read_bytes() == content:
        return
    aside = path.with_name(path.name + ".part")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
