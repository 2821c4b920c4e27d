"""Copies a client's folder to where its program looks for it, and never over what somebody has changed there.

What was written is noted in a file beside it (``.ear-engine.json``: a SHA-256 for each file), so that a later version
can tell its own files from changed ones.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ear_engine.clients.table import Client
from ear_engine.errors import UserError
from ear_engine.whole_files import made_folder, not_written, replacing

NOTE = ".ear-engine.json"
_LEFT_OUT = {"__pycache__", ".DS_Store", NOTE}
_NAMED = 4  # changed files that are named


@dataclass(frozen=True)
class Installed:
    """What an installation has done: the folder, and how many files were written and removed."""

    folder: Path
    written: int
    removed: int


@dataclass(frozen=True)
class _Plan:
    wanted: dict[str, bytes]  # by path in the folder, with slashes
    gone: list[str]  # written by an earlier version, and no longer wanted
    changed: list[str]  # what somebody else has written there


def install(client: Client, to: Path | None = None, *, force: bool = False) -> Installed:
    """Install ``client``; nothing is written if anything there was changed.

    Args:
        client: what.
        to: the folder that shall hold it; where its program looks if None.
        force: overwrite changed files, too.

    Raises:
        UserError: the client does not ship, files there were changed by somebody, or the folder cannot be written.
    """
    source = client.source()
    home = client.home() if to is None else to.expanduser()
    folder = home / client.called
    if folder.resolve().is_relative_to(source.resolve()) or source.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"folder {str(folder)!r}", "is the shipped one", "use --to with another one", "bad_value")
    plan = _plan(client, source, folder)
    if plan.changed and not force:
        names = ", ".join(plan.changed[:_NAMED]) + (" and more" if len(plan.changed) > _NAMED else "")
        mend = "keep a copy of them, then use --force"
        raise UserError(f"folder {str(folder)!r}", f"has files that were changed: {names}", mend, "changed_files")
    written = sum(_write(folder / name, data) for name, data in plan.wanted.items())
    removed = sum(_remove(folder, name) for name in plan.gone)
    note = json.dumps({name: _hash(data) for name, data in plan.wanted.items()}, indent=1)
    _write(folder / NOTE, note.encode())
    return Installed(folder, written, removed)


def state(client: Client, to: Path | None = None) -> str:
    """``not in this version``, ``not installed``, ``installed``, ``older`` or ``changed``."""
    folder = client.target if to is None else to.expanduser() / client.called
    try:
        source = client.source()
    except UserError:
        return "not in this version"
    if not folder.is_dir():
        return "not installed"
    plan = _plan(client, source, folder)
    if plan.changed:
        return "changed"
    same = all(_read(folder / name) == data for name, data in plan.wanted.items())
    return "installed" if same and not plan.gone else "older"


def engine_program() -> Path | None:
    """The ``ear-engine`` that this Python environment has; None if it has none."""
    found = shutil.which("ear-engine", path=str(Path(sys.executable).parent)) or shutil.which("ear-engine")
    return None if found is None else Path(found).absolute()


def _plan(client: Client, source: Path, folder: Path) -> _Plan:
    wanted = {path.relative_to(source).as_posix(): path.read_bytes() for path in _files(source)}
    program = engine_program() if client.engine_file else None
    if program is not None:
        wanted[client.engine_file] = f"{program}\n".encode()
    ours = _noted(folder)
    gone = [name for name in ours if name not in wanted and (folder / name).is_file()]
    there = {name: _read(folder / name) for name in [*wanted, *gone]}
    known = {name: {ours.get(name, "")} | ({_hash(wanted[name])} if name in wanted else set()) for name in there}
    changed = [name for name, data in there.items() if data is not None and _hash(data) not in known[name]]
    return _Plan(wanted, gone, changed)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _LEFT_OUT.isdisjoint(path.relative_to(folder).parts):
            yield path


def _noted(folder: Path) -> dict[str, str]:
    """What an earlier installation has written; a note that is damaged or leaves the folder counts as none."""
    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(note, dict):
        return {}
    root = folder.resolve()
    kept = {str(name): str(digest) for name, digest in note.items()}
    return {name: digest for name, digest in kept.items() if (folder / name).resolve().is_relative_to(root)}


def _read(path: Path) -> bytes | None:
    """What is in a file; None if it is not there.

    Raises:
        UserError: something that is no file is in its place, or it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = f"cannot be read ({error.strerror or error})"
        raise UserError(f"file {str(path)!r}", reason, "move it away", "not_readable") from None


def _write(path: Path, data: bytes) -> bool:
    """Write a file unless it is there already; return whether it was written."""
    if _read(path) == data:
        return False
    made_folder(path.parent)
    with replacing(path) as file:
        file.write(data)
    return True


def _remove(folder: Path, name: str) -> bool:
    path = folder / name
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise not_written(path, error) from None
    for parent in path.parents:
        if parent == folder or any(parent.iterdir()):
            break
        parent.rmdir()
    return True


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
