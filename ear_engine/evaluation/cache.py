"""What has been computed once: arrays in safetensors files named by a hash of everything that decides them.

Files are written under another name and renamed, so there is a whole one or none; one that cannot be read is made anew.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ear_engine.errors import UserError

Arrays = dict[str, NDArray[Any]]
_PACKAGE = Path(__file__).resolve().parent.parent


@lru_cache
def code_digest(*modules: str) -> str:
    """Names the source text of modules of the engine (``evaluation/classifier.py``) and of what they use of the ear."""
    texts: dict[str, bytes] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in texts:
            texts[module] = (_PACKAGE / module).read_bytes()
            used = re.findall(r"^from ear_engine\.ear\.(\w+) import", texts[module].decode(), re.MULTILINE)
            waiting += [f"ear/{name}.py" for name in used]
    return hashlib.sha256(b"".join(texts[module] for module in sorted(texts))).hexdigest()


class Cache:
    """A folder of arrays.

    Args:
        folder: made where it is missing.

    Raises:
        UserError: the folder cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reused = 0
        self.made = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = "is a file" if folder.is_file() else f"cannot be made ({error.strerror})"
            raise UserError(f"cache {str(folder)!r}", reason, "name another with --cache", "not_writable") from None
        if not os.access(folder, os.W_OK):
            raise UserError(f"cache {str(folder)!r}", "cannot be written", "name another with --cache", "not_writable")

    def path(self, kind: str, *key: str) -> Path:
        """Where the arrays of this key lie, or would."""
        digest = hashlib.sha256("|".join(key).encode()).hexdigest()[:32]
        return self.folder / f"{kind}-{digest}.safetensors"

    def read(self, path: Path) -> Arrays | None:
        """Arrays of a file, or None where there is none that can be read; a broken one is removed."""
        if not path.is_file():
            return None
        try:
            arrays = load(path)
        except (SafetensorError, OSError, ValueError):
            path.unlink(missing_ok=True)
            return None
        self.reused += 1
        return arrays

    def has(self, path: Path) -> bool:
        """Whether there is a readable file; its header is read, and its length checked, not its arrays."""
        if not path.is_file():
            return False
        try:
            with safe_open(str(path), framework="np"):
                pass
        except (SafetensorError, OSError, ValueError):
            path.unlink(missing_ok=True)
            return False
        self.reused += 1
        return True

    def write(self, path: Path, arrays: Arrays) -> None:
        """Store arrays.

        Raises:
            UserError: the disk is full.
        """
        temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, temporary)
            temporary.replace(path)
        except (OSError, SafetensorError) as error:
            temporary.unlink(missing_ok=True)
            reason = f"cannot be written ({error})"
            raise UserError(
                f"cache {str(self.folder)!r}", reason, "make room or name another", "not_writable"
            ) from None
        self.made += 1


def load(path: Path, names: Sequence[str] | None = None) -> Arrays:
    """Arrays of a file, only these if named."""
    with safe_open(str(path), framework="np") as file:
        return {name: file.get_tensor(name) for name in (file.keys() if names is None else names)}


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays in a file."""
    with safe_open(str(path), framework="np") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
