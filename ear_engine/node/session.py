"""The session folder: made at the start, removed at the end, and those that dead nodes left behind."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from ear_engine import platform

_OWNER = "node.pid"
_UNOWNED_SECONDS = 60.0  # a folder without an owner may be another node's that is just being made


def open_session(parent: Path | None = None) -> Path:
    """Remove what dead nodes left behind, then make a session folder that this process owns.

    Args:
        parent: where; what the platform prefers if None.
    """
    parents = {platform.session_parent(), platform.session_parent(room=0)} if parent is None else {parent}
    for folder in parents:
        remove_stale(folder)
    session = platform.new_session(parent)
    (session / _OWNER).write_text(str(os.getpid()))
    return session


def close_session(session: Path) -> None:
    """Remove the session folder; what another process still has open (Windows) goes at the next start."""
    shutil.rmtree(session, ignore_errors=True)


def remove_stale(parent: Path) -> list[Path]:
    """Remove session folders in ``parent`` whose node is dead; return them."""
    removed = []
    for session in platform.session_folders(parent):
        owner = _owner(session)
        if owner is None:
            stale = time.time() - _changed(session) > _UNOWNED_SECONDS
        else:
            stale = not platform.process_alive(owner)
        if stale:
            close_session(session)
            removed.append(session)
    return removed


def _owner(session: Path) -> int | None:
    try:
        return int((session / _OWNER).read_text())
    except (OSError, ValueError):
        return None


def _changed(session: Path) -> float:
    try:
        return session.stat().st_mtime
    except OSError:  # removed by another node just now
        return time.time()
