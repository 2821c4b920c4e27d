"""Where stores of corpora are on this machine, found by name without building anything."""

from __future__ import annotations

import re
from pathlib import Path

from ear_engine import platform
from ear_engine.corpora.store import is_store

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CACHED = re.compile(r"[0-9a-f]{16}")


def store_root() -> Path:
    """Folder of the user's named corpora; may not exist yet."""
    return platform.user_ear_dir().parent / "corpora"


def cache_root() -> Path:
    """Folder of the stores of folders of music that have no name; may not exist yet."""
    return platform.user_cache_dir() / "corpora"


def store_names() -> tuple[str, ...]:
    """Names of the corpora that are built, sorted."""
    root = store_root()
    if not root.is_dir():
        return ()
    return tuple(sorted(path.name for path in root.iterdir() if is_store(path)))


def built_stores(name: str) -> tuple[Path, ...]:
    """Stores that a corpus of this name may be: the one built by that name, then those of folders called so.

    A name that could lead elsewhere finds nothing.
    """
    if not NAME.fullmatch(name):
        return ()
    found = [store_root() / name]
    if cache_root().is_dir():
        unnamed = (path for path in cache_root().iterdir() if path.name.startswith(f"{name}-"))
        found += sorted(path for path in unnamed if _CACHED.fullmatch(path.name.removeprefix(f"{name}-")))
    return tuple(path for path in found if is_store(path))
