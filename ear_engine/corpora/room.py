"""Whether there is room on the disk, and how to say that there is not."""

from __future__ import annotations

import shutil
from pathlib import Path

from ear_engine.errors import UserError

_SLACK = 1 << 20  # bytes, for the index and the journal


def gigabytes(size: int) -> str:
    """A size in bytes for people."""
    return f"{size / 1e9:.2f} GB" if size >= 5e6 else f"{size / 1e6:.1f} MB"


def free_bytes(folder: Path) -> int:
    """Bytes that are free where a folder is, or would be."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def need_room(store: Path, size: int, shard_bytes: int) -> None:
    """Refuse before long work what cannot fit.

    Args:
        store: where it goes.
        size: bytes of samples to come; a shard is there twice while it is written.
        shard_bytes: most bytes of a shard.

    Raises:
        UserError: it needs more than is free; both are named.
    """
    needed, free = size + min(size, shard_bytes) + _SLACK, free_bytes(store)
    if size and free < needed:
        reason = f"needs {gigabytes(needed)} and {gigabytes(free)} are free"
        raise UserError(f"corpus store {str(store)!r}", reason, "make room, or build it elsewhere", "disk_full")


def unwritable(store: Path, reason: str) -> UserError:
    """What to raise when a store cannot be written."""
    said = f"cannot be written ({reason}; {gigabytes(free_bytes(store))} are free)"
    mend = "make room or choose another folder; what was decoded is kept"
    return UserError(f"corpus store {str(store)!r}", said, mend, "unwritable")
