"""Where sets lie: by name in the user's folder and among those that ship, and by path for whoever starts an engine."""

from __future__ import annotations

import difflib
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.resources import resource_root
from ear_engine.whole_files import made_folder, replacing
from ear_engine.yaml_files import named_files

LAST = "last"
"""What ``--set`` calls the set that was kept by itself."""
_SUFFIX = ".yaml"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_MOST = 1000  # sets in a folder


@dataclass(frozen=True)
class SetPlace:
    """A set that can be named: when it was saved (Unix seconds), and whether it is the user's own."""

    name: str
    path: Path
    saved: float
    own: bool


def set_roots() -> tuple[Path, ...]:
    """Folders whose YAML files are sets: the user's own, then those that ship."""
    return platform.user_set_dir(), resource_root() / "configs" / "sets"


def list_sets(roots: Sequence[Path] | None = None) -> list[SetPlace]:
    """All sets, the user's own first, those that were saved last before others."""
    found: dict[str, SetPlace] = {}
    folders = set_roots() if roots is None else roots
    for root in folders:
        for place in sorted(_listed(root, root == folders[0]), key=lambda place: -place.saved):
            found.setdefault(place.name, place)
    return list(found.values())


def find_set(name: str, roots: Sequence[Path] | None = None) -> Path:
    """The file of a set; its name is looked up and never joined to a path.

    Raises:
        UserError: there is none; the nearest are named.
    """
    sets = {place.name: place.path for place in list_sets(roots)}
    if name in sets:
        return sets[name]
    near = difflib.get_close_matches(name[:60].lower(), sets, n=2, cutoff=0.4)
    mend = f"did you mean {' or '.join(near)}" if near else f"there is {', '.join([*sets][:12]) or 'none'}"
    raise UserError(f"set {name[:60]!r}", "does not exist", mend, "unknown_set")


def named_or_path(text: str) -> Path:
    """The file that ``--set`` means: a path if it looks like one or is there, else a name.

    Raises:
        UserError: there is no set of that name.
    """
    path = Path(text).expanduser()
    separators = {os.sep, os.altsep or os.sep}
    if path.is_file() or path.suffix or any(separator in text for separator in separators):
        return path
    return find_set(text)


def check_set_name(name: str) -> str:
    """``name``, if a set can be called so.

    Raises:
        UserError: it cannot.
    """
    if _NAME.fullmatch(name) and name != LAST:
        return name
    mend = "use up to 60 of a-z, 0-9, _ and -"
    raise UserError(f"name {name[:60]!r}", "cannot be the name of a set", mend, "bad_name")


def save_set(name: str, text: str, replace: bool = False, root: Path | None = None) -> Path:
    """Write a set into the user's folder.

    Args:
        name: of its file, without the suffix.
        text: of it.
        replace: whether it may take the place of another.
        root: the folder.

    Raises:
        UserError: no such name can be, a set has it and is not to be replaced, or it cannot be written; whatever was
            there is there still.
    """
    check_set_name(name)
    root = platform.user_set_dir() if root is None else root
    path = root / f"{name}{_SUFFIX}"
    if path.exists() and not replace:
        mend = "choose another name, or send 1 after it to replace the set"
        raise UserError(f"set {name!r}", "is there already", mend, "exists")
    made_folder(root)
    with replacing(path) as file:
        file.write(text.encode())
    return path


def today() -> str:
    """The time at which something is saved, as one says it."""
    return time.strftime("%Y-%m-%d %H:%M:%S")


def _listed(root: Path, own: bool) -> Iterator[SetPlace]:
    for entry in named_files(root, _MOST):
        with suppress(OSError):  # removed just now
            path = root / entry.name
            yield SetPlace(path.stem, path, entry.stat().st_mtime, own)
