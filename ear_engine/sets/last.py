"""The last set of every engine, kept by itself: a folder of its own for each, with its set and the loop that was heard.

Beside it lie the loops that the set names and that were made in its session (:mod:`ear_engine.sets.loops`), for as long
as it names them. The folder says which process writes it and at which port it listens. One whose process is gone can be
resumed; that of an engine that runs is never touched by another. Set and loop are not forced onto the disk (no fsync):
they are there for engines that die, and must not hold up a recording on the same disk.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.sets.loops import kept_loops
from ear_engine.sets.text import WrittenSet
from ear_engine.shared_memory.loops import LoopFile, whole_file, write_loop

SET, LOOP = "set.yaml", "loop.ear"
_OWNER = "engine.json"
_KEPT = 8  # folders of engines that are gone
_LIVELY = 15.0  # seconds since the folder's owner was last at it, after which its number may be another process's


@dataclass(frozen=True)
class LastSet:
    """What an engine has left: its set, and the loop that was heard, if there was one."""

    folder: Path
    port: int

    @property
    def path(self) -> Path:
        """Of the set."""
        return self.folder / SET

    @property
    def loop(self) -> Path | None:
        """Of the loop (:mod:`ear_engine.shared_memory.loops`), its audio as it was heard."""
        return loop_beside(self.path)


class LastFolder:
    """An engine's own folder; it is made with the first thing that is kept.

    Args:
        port: UDP port, by which a set is found again by the engine that had it.
        root: where all of them are.
    """

    def __init__(self, port: int, root: Path | None = None) -> None:
        self._root = last_root() if root is None else root
        self._port = port
        self.path = self._root / f"{time.strftime('%Y%m%d-%H%M%S')}-{port}-{os.getpid()}"

    def keep_set(self, written: WrittenSet) -> None:
        """Keep a set in place of the one before; loops in the folder that it does not name go.

        Raises:
            OSError: it cannot be written; the one before stays, with its loops.
        """
        self._open()
        with whole_file(self.path / SET) as file:
            file.write(written.text.encode())
        for name, loop in kept_loops(self.path).items():
            if name not in written.clips:
                with suppress(OSError):  # somebody reads it; it goes with a later set
                    loop.unlink()

    def keep_loop(self, loop: LoopFile) -> None:
        """Keep the loop that is heard, in place of the one before; only its audio.

        Raises:
            OSError: it cannot be written; the one before stays.
        """
        self._open()
        plain = LoopFile(
            loop.loop,
            loop.audio,
            loop.sample_rate,
            loop.beats,
            loop.source_number,
            loop.step,
            loop.sequence,
            name=loop.name,
        )
        write_loop(self.path / LOOP, plain)

    def live(self) -> None:
        """Say that the engine lives; every few seconds."""
        with suppress(OSError):  # nothing was kept yet
            os.utime(self.path / _OWNER)

    def leave(self) -> None:
        """The engine ends: it can be resumed at once."""
        with suppress(OSError):
            (self.path / _OWNER).write_text(json.dumps({"pid": 0, "port": self._port}))

    def _open(self) -> None:
        if (self.path / _OWNER).exists():
            return
        self.path.mkdir(parents=True, exist_ok=True)
        with whole_file(self.path / _OWNER) as file:
            file.write(json.dumps({"pid": os.getpid(), "port": self._port}).encode())
        for old in [*_left(self._root)][_KEPT:]:
            shutil.rmtree(old.folder, ignore_errors=True)


def loop_beside(path: Path) -> Path | None:
    """The loop that was kept with the set at ``path``, if one was."""
    loop = path.with_name(LOOP)
    return loop if path.name == SET and loop.is_file() else None


def folder_of(path: Path) -> Path | None:
    """The folder that the set at ``path`` shares with loops that it names; None if it is no last set."""
    return path.parent if path.name == SET and (path.parent / _OWNER).is_file() else None


def last_root() -> Path:
    """Folder of the folders."""
    return platform.user_state_dir() / "last"


def find_last(port: int, root: Path | None = None) -> LastSet:
    """The last set of an engine that is gone: of one at this port if there is one, else the newest.

    Raises:
        UserError: there is none.
    """
    found = list(_left(last_root() if root is None else root))
    same = [last for last in found if port and last.port == port]
    if not found:
        raise UserError("the last set", "does not exist", "none was kept yet, or its engine still runs", "not_found")
    return (same or found)[0]


def _left(root: Path) -> Iterator[LastSet]:
    """What engines have left that are gone, the newest first."""
    with suppress(OSError):
        folders = [folder for folder in root.iterdir() if (folder / SET).is_file()]
        for folder in sorted(folders, key=_when, reverse=True):
            pid, port, seen = _owner(folder)
            lives = pid not in (0, os.getpid()) and platform.process_alive(pid)
            if not lives or time.time() - seen > _LIVELY:
                yield LastSet(folder, port)


def _when(folder: Path) -> float:
    try:
        return (folder / SET).stat().st_mtime
    except OSError:  # removed just now
        return 0.0


def _owner(folder: Path) -> tuple[int, int, float]:
    """Process, port, and when it was last there."""
    try:
        raw = json.loads((folder / _OWNER).read_text())
        return int(raw["pid"]), int(raw["port"]), (folder / _OWNER).stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0, 0.0
