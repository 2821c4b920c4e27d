"""Files that are there whole or not at all, and what to say when one cannot be written."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ear_engine.errors import UserError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of ``path`` at the end: a kill or a full disk leaves the one before.

    Raises:
        UserError: it cannot be written; nothing of it is left.
    """
    aside = path.with_name(path.name + ".part")
    try:
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise not_written(path, error) from None
        raise


def made_folder(folder: Path) -> None:
    """Make a folder and those above it, unless it is there.

    Raises:
        UserError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"cannot be made ({error.strerror or error})"
        raise UserError(f"folder {str(folder)!r}", reason, "name another one", "not_writable") from None


def not_written(path: Path, error: OSError) -> UserError:
    """What to tell the user about a file that could not be written."""
    folder = f"folder {str(path.parent)!r}"
    if error.errno in _FULL:
        return UserError(folder, f"has no room for {path.name}", "make room there and try again", "disk_full")
    reason = f"does not take {path.name} ({error.strerror or error})"
    return UserError(folder, reason, "make it writable, or name another one", "not_writable")


def need_room(folder: Path, size: int) -> None:
    """Make sure that ``size`` bytes can be written into a folder.

    Raises:
        UserError: there is less room.
    """
    free = shutil.disk_usage(folder).free
    if free < size:
        digits = 0 if size > 1e7 else 1
        reason = f"has room for {free / 1e6:.{digits}f} MB, and {size / 1e6:.{digits}f} MB are needed"
        raise UserError(f"folder {str(folder)!r}", reason, "make room, or name another one", "disk_full")
