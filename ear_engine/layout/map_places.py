"""Where the map of an ear lies: in the ear's folder, else, where that cannot be written, among the user's kept maps."""

from __future__ import annotations

import os
from pathlib import Path

from ear_engine import platform
from ear_engine.ear.statistics_file import hash_weights
from ear_engine.errors import UserError
from ear_engine.layout.map_file import MAP, MapFile, read_map, write_map


def find_map(folder: Path, neurons: int | None = None) -> MapFile | None:
    """The map of the ear in a folder; None if it has not been laid out.

    Args:
        folder: of the ear.
        neurons: that it has, if that is known.

    Raises:
        UserError: the only file there is cannot be used, or is of another ear.
    """
    own, kept = folder / MAP, _kept_folder()
    fault: UserError | None = None
    if own.is_file():
        try:
            return read_map(own, neurons, hash_weights(folder))
        except UserError as error:
            fault = error
    if kept.is_dir():
        weights = hash_weights(folder)
        path = kept / _name(weights)
        if path.is_file():
            return read_map(path, neurons, weights)
    if fault is not None:
        raise fault
    return None


def keep_map(folder: Path, made: MapFile) -> Path:
    """Keep a map for the ear in a folder, and return its file; one that lies there already is never written over.

    Raises:
        UserError: it can be written nowhere.
    """
    own = folder / MAP
    if not own.exists() and os.access(folder, os.W_OK | os.X_OK):
        try:
            write_map(own, made)
        except UserError:  # no room there, or a network drive that says one thing and does another
            return _keep_elsewhere(made)
        return own
    return _keep_elsewhere(made)


def _keep_elsewhere(made: MapFile) -> Path:
    path = _kept_folder() / _name(made.weights)
    write_map(path, made)
    return path


def _kept_folder() -> Path:
    return platform.user_cache_dir() / "maps"


def _name(weights: str) -> str:
    return f"{weights}.npz"
