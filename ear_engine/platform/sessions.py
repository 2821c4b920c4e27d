"""Where the folders of sessions are, and those of what sessions remember."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_SESSION = "ear-engine-session-"
_REMEMBERED = "ear-engine-memory-"
_MEMORY = Path("/dev/shm")


def session_parent(room: int = 512 << 20, memory: Path = _MEMORY) -> Path:
    """Folder for session folders: a file system in memory where there is one, else the temporary folder.

    Args:
        room: bytes that must be free in memory: the longest loops take up to 256 MB, their WAV files 96 MB, and what is
            being written or about to sound 110 MB.
        memory: the file system in memory to try; containers often have one of 64 MB only.
    """
    if memory.is_dir() and os.access(memory, os.W_OK | os.X_OK) and shutil.disk_usage(memory).free >= room:
        return memory
    return Path(tempfile.gettempdir())


def new_session(parent: Path | None = None) -> Path:
    """Create a session folder with its ``loops/``, open to this user only.

    Args:
        parent: where; :func:`session_parent` if None.
    """
    session = Path(tempfile.mkdtemp(prefix=_SESSION, dir=session_parent() if parent is None else parent))
    (session / "loops").mkdir()
    return session


def session_folders(parent: Path | None = None) -> list[Path]:
    """This user's session folders, the newest first: the running ones, and those a killed engine has left behind."""
    parent = session_parent() if parent is None else parent
    return sorted(
        (path for path in parent.glob(f"{_SESSION}*") if os.access(path, os.W_OK)),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )


def memory_folder(session: Path, parent: Path | None = None) -> Path:
    """Folder for the loops that ``session`` remembers, on the disk where the session itself is in memory.

    Args:
        session: the session folder.
        parent: where; the temporary folder if None.
    """
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    return parent / (_REMEMBERED + session.name.removeprefix(_SESSION))


def memory_folders(parent: Path | None = None) -> list[tuple[Path, bool]]:
    """This user's folders of remembered loops, each with whether its session is still there."""
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    sessions = {path.name for home in {session_parent(room=0), parent} for path in home.glob(f"{_SESSION}*")}
    found = [path for path in parent.glob(f"{_REMEMBERED}*") if os.access(path, os.W_OK)]
    return [(path, _SESSION + path.name.removeprefix(_REMEMBERED) in sessions) for path in found]
