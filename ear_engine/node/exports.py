"""Albums of kept loops, made beside everything else."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.memory.album import check_album, write_album
from ear_engine.memory.remembered import Remembered
from ear_engine.memory.store import MemoryStore
from ear_engine.node.threads import in_thread

_log = logging.getLogger(__name__)

Tell = Callable[[float, str], None]
Report = Callable[[str, str, str], None]  # level, code, message


class Exports:
    """Writes albums, one at a time.

    Args:
        store: where the loops are.
        root: folder of all albums.
        report: told what everyone should know.
    """

    def __init__(self, store: MemoryStore, root: Path, report: Report) -> None:
        self._store = store
        self._root = root
        self._report = report
        self._exported: set[int] = set()
        self._wanted = threading.Event()
        self._task: asyncio.Task[None] | None = None

    def export(
        self, name: str, tell: Tell, done: Callable[[Path, int], None], fail: Callable[[UserError], None]
    ) -> Callable[[], None]:
        """Begin an album of all that is kept; return what cancels it.

        Raises:
            UserError: nothing is kept, another one is being written, or it cannot be called so.
        """
        if self._task is not None and not self._task.done():
            raise UserError("an album", "is being written already", "wait for it, or cancel it", "busy")
        folder = check_album(name, self._root)
        chosen = self._kept()
        if not chosen:
            raise UserError(
                "the album", "has no loops", "fire memory/keep while a loop is heard that you like", "empty"
            )
        self._wanted = threading.Event()
        self._wanted.set()
        loop = asyncio.get_running_loop()

        def told(share: float, phase: str) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, share, phase)

        self._task = loop.create_task(self._export(folder, chosen, told, done, fail))
        return self._wanted.clear

    def rescue(self) -> bool:
        """At the end: write what is kept and on no album yet, without pictures; return whether nothing is lost."""
        self._wanted.clear()
        chosen = [loop for loop in self._kept() if loop.number not in self._exported]
        if not chosen:
            return True
        name = time.strftime("kept %Y-%m-%d %H.%M.%S")
        taken = {path.name for path in self._root.glob("kept *")}
        name = next(one for one in (name, *(f"{name} ({count})" for count in range(2, 10_000))) if one not in taken)
        try:
            folder = check_album(name, self._root)
            write_album(folder, self._store.loops, chosen, self._store.read, pictures=False)
        except UserError as error:
            self._report("error", error.code, f"The loops that were kept stay in {self._store.folder}: {error}")
            return False
        self._report("info", "album", f"The loops that were kept are in {folder}.")
        return True

    async def _export(
        self,
        folder: Path,
        chosen: list[Remembered],
        tell: Tell,
        done: Callable[[Path, int], None],
        fail: Callable[[UserError], None],
    ) -> None:
        family, wanted = self._store.loops, self._wanted.is_set
        write = partial(write_album, folder, family, chosen, self._store.read, tell=tell, wanted=wanted)
        try:
            await in_thread(write, "album")
        except UserError as error:
            if error.code != "cancelled":
                self._report("warning", error.code, f"There is no album {folder.name!r}: {error}")
            fail(error)
        except Exception as problem:  # whoever waits for it must be told
            _log.exception("the album failed")
            fail(UserError("the album", f"cannot be written ({problem})", "try again", "failed"))
        else:
            self._exported |= {loop.number for loop in chosen}
            done(folder, len(chosen))

    def _kept(self) -> list[Remembered]:
        return [loop for loop in self._store.loops if loop.kept and self._store.has_sound(loop.number)]


def remove_stale(albums: Path, report: Report) -> None:
    """Remove what engines that were killed remembered; what was kept of it becomes an album first. Half albums go."""
    for half in albums.glob(".*.part-*"):
        pid = half.name.rpartition("-")[2]
        if pid.isdigit() and not platform.process_alive(int(pid)):
            shutil.rmtree(half, ignore_errors=True)
    for folder, needed in platform.memory_folders():
        if needed:
            continue
        try:
            rescued = Exports(MemoryStore(folder), albums, report).rescue()
        except OSError as error:  # another engine removes it just now
            _log.info("%s cannot be read: %s", folder, error)
        else:
            if rescued:
                shutil.rmtree(folder, ignore_errors=True)
