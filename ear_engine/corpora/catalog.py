"""Finding a corpus by name or folder, and building it where it is not built yet."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from pathlib import Path

from ear_engine import platform
from ear_engine.corpora.build import build_corpus
from ear_engine.corpora.corpus import Corpus
from ear_engine.corpora.gather import Stage, gather
from ear_engine.corpora.manifest import builtin_names, read_manifest
from ear_engine.corpora.store import is_store, open_corpus, read_index
from ear_engine.corpora.stores import NAME, cache_root, store_names, store_root
from ear_engine.errors import UserError
from ear_engine.yaml_files import nearest


def find_corpus(name_or_folder: str | Path, *, progress: Stage | None = None) -> Corpus:
    """A corpus, built first if it is not.

    Args:
        name_or_folder: a corpus that was built by name, taken as it is; a built-in one; the folder of a store; or any
            folder of music, which is decoded into the user's cache and, when it has changed since, brought up to date.
            A name is taken as a folder only if no corpus has it; ``./open`` is always a folder.
        progress: called with (what is being done, done, all).

    Raises:
        UserError: there is none, or it cannot be built.
    """
    text = str(name_or_folder)
    if NAME.fullmatch(text):
        if is_store(store_root() / text):
            return open_corpus(store_root() / text)
        if text in builtin_names():
            return build_builtin(text, progress=progress)
    folder = Path(text).expanduser()
    if not folder.is_dir():
        known = sorted({*builtin_names(), *store_names()})
        mend = f"{nearest(text, known)}, or name a folder"
        raise UserError(f"corpus {text!r}", "is neither a corpus nor a folder", mend, "not_found")
    if is_store(folder):
        return open_corpus(folder)
    told = None if progress is None else partial(progress, "decoding")
    return build_corpus(folder, cached_store(folder), name=name_for(folder), progress=told)


def is_outdated(name: str) -> bool:
    """Whether a built-in corpus was built from another version of its manifest; :func:`build_builtin` mends that."""
    store = store_root() / name
    return name in builtin_names() and is_store(store) and read_index(store).recipe != read_manifest(name).recipe()


def cached_store(folder: Path) -> Path:
    """Where the store of a folder of music goes that has no name."""
    real = folder.resolve()
    identity = hashlib.sha256(str(real).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache_root() / f"{name_for(real)}-{identity}"


def name_for(folder: Path) -> str:
    """A corpus's name for a folder."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", folder.resolve().name).strip("._-")
    return plain[:48] or "music"


def build_builtin(name: str, *, workers: int | None = None, progress: Stage | None = None) -> Corpus:
    """Build a built-in corpus by its name, or bring it up to date; nothing is done if it is.

    Args:
        name: one of :func:`~ear_engine.corpora.manifest.builtin_names`.
        workers: processes; one a core if None.
        progress: called with (what is being done, done, all).

    Raises:
        UserError: there is none of that name; a package cannot be fetched; something it needs is not installed; no
            room.
    """
    manifest, store = read_manifest(name), store_root() / name
    if is_store(store) and read_index(store).recipe == manifest.recipe():
        return open_corpus(store)
    cache = platform.user_cache_dir()
    source = cache / "sources" / name
    gather(manifest, source, cache=cache, workers=workers, progress=progress)
    return build_corpus(
        source,
        store,
        name=name,
        workers=workers,
        progress=None if progress is None else partial(progress, "decoding"),
        shippable=manifest.shippable,
        recipe=manifest.recipe(),
    )


def build_named(folder: Path, name: str, *, workers: int | None = None, progress: Stage | None = None) -> Corpus:
    """Build a folder of music as a corpus that is found by name from then on.

    Raises:
        UserError: the name is taken by a built-in corpus, or is no name; and as :func:`build_corpus`.
    """
    if not NAME.fullmatch(name):
        raise UserError(f"name {name!r}", "is no name", "use letters, digits, _ and -, 64 at most", "bad_name")
    if name in builtin_names():
        raise UserError(f"name {name!r}", "is that of a built-in corpus", "choose another with --name", "name_taken")
    told = None if progress is None else partial(progress, "decoding")
    return build_corpus(folder, store_root() / name, name=name, workers=workers, progress=told)
