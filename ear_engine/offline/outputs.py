"""Files that a dream ends in: whether they can be written, asked before it begins, and the loop as one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

from ear_engine.errors import UserError
from ear_engine.whole_files import made_folder, not_written, replacing


def need_suffix(path: Path, suffix: str, subject: str = "") -> None:
    """Make sure that a file is named as what it is.

    Args:
        suffix: with its dot.
        subject: what to call it in an error.

    Raises:
        UserError: it ends in something else.
    """
    if path.suffix.lower() != suffix:
        reason = f"is not a {suffix[1:].upper()} file"
        raise UserError(subject or f"file {str(path)!r}", reason, f"end its name with {suffix}", "bad_value")


def need_file(path: Path) -> None:
    """Make sure that a file can be written; nothing is made.

    Raises:
        UserError: it is a folder, or its folder cannot be made or takes no files.
    """
    if os.path.isdir(path):
        raise UserError(f"file {str(path)!r}", "is a folder", "name a file in it", "not_writable")
    need_folder(path.parent)
    try:
        with suppress(FileNotFoundError):
            os.lstat(path.with_name(path.name + ".part"))
    except OSError as error:  # the name is too long
        raise not_written(path, error) from None


def need_folder(folder: Path) -> None:
    """Make sure that files can be written into a folder, which need not be there; nothing is made.

    Raises:
        UserError: it cannot be made, or takes no files.
    """
    there = next((one for one in (folder, *folder.parents) if os.path.lexists(one)), folder)
    subject, mend = f"folder {str(folder)!r}", "name another one"
    if not os.path.isdir(there):
        raise UserError(subject, f"cannot be made ({str(there)!r} is no folder)", mend, "not_writable")
    try:
        with TemporaryFile(dir=there):
            pass
    except OSError as error:
        reason = f"takes no files ({error.strerror or error})"
        raise UserError(f"folder {str(there)!r}", reason, f"make it writable, or {mend}", "not_writable") from None


def need_other(path: Path, clip: str, folders: Iterable[Path]) -> None:
    """Make sure that a loop does not take the place of the clip that it is dreamed from.

    Args:
        path: of the loop.
        clip: a path, or a name in ``folders``.

    Raises:
        UserError: it would.
    """
    places = [Path(clip).expanduser(), *(folder / f"{clip}{end}" for folder in folders for end in ("", ".wav"))]
    if any(os.path.exists(place) and os.path.exists(path) and os.path.samefile(place, path) for place in places):
        raise UserError(f"file {str(path)!r}", "is the clip itself", "name another file for the loop", "bad_value")


def write_loop(path: Path, audio: NDArray[np.float32], sample_rate: int) -> None:
    """Write (2, samples) as a WAV file of 32-bit floats: samples and their format only, no date.

    Raises:
        UserError: it cannot be written there.
    """
    made_folder(path.parent)
    with replacing(path) as file:
        wavfile.write(file, sample_rate, audio.T)
