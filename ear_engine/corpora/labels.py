"""What is known about files: ``labels.json`` beside or above them, then their own tags."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from ear_engine.corpora.audio_files import one_line
from ear_engine.corpora.corpus import Skipped
from ear_engine.errors import UserError

LABELS = "labels.json"
_LARGEST = 256 << 20  # bytes
_LONGEST = 1000  # characters of a label


def read_labels(folder: Path) -> dict[str, dict[str, str]]:
    """Labels of all files named by a ``labels.json`` anywhere under a folder, by path relative to the folder.

    A ``labels.json`` maps paths relative to itself to labels: ``{"a/one.flac": {"author": "Clara"}}``; numbers become
    text. Where two name one file, the deeper one wins, label by label.

    Raises:
        UserError: one is not readable, or not of that form.
    """
    found: dict[str, dict[str, str]] = {}
    for top, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if LABELS not in files:
            continue
        path = Path(top, LABELS)
        inside = PurePosixPath(Path(top).relative_to(folder).as_posix())
        for name, labels in _read(path).items():
            key = os.path.normpath((inside / name).as_posix()).replace(os.sep, "/")
            found.setdefault(key, {}).update(labels)
    return found


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        data = json.loads(path.read_bytes())
        if not isinstance(data, dict):
            raise ValueError("it is not an object of files")
        return {name: _labels(name, row) for name, row in data.items()}
    except (OSError, ValueError, RecursionError) as error:
        reason = f"is not readable ({' '.join(str(error).split())[:200]})"
        mend = 'write {"file.flac": {"author": "…"}}, or remove it'
        raise UserError(f"labels {str(path)!r}", reason, mend, "bad_file") from None


def _labels(name: str, row: object) -> dict[str, str]:
    if not isinstance(row, dict):
        raise ValueError(f"{name} has no object of labels")
    for key, value in row.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f"{key} of {name} is neither text nor a number")
    return {one_line(key): one_line(str(value), _LONGEST) for key, value in row.items()}


def unused_labels(labels: Iterable[str], files: Iterable[str]) -> list[Skipped]:
    """Files that are labeled and not there."""
    return [Skipped(Path(name), f"is named in a {LABELS} and is not there") for name in sorted({*labels} - {*files})]


def merged(tags: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    """A file's tags, and over them what was written about it."""
    return {key: value for key, value in {**tags, **labels}.items() if value}
