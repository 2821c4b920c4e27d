"""Loop files that are written beside the event loop, and get their number and their name when they are handed over.

A loop says which control change it knew last. Which one that is for a loop that is handed over is known only at that
moment, and writing a long loop takes longer than the event loop may be held up (8 ms for 32 s). So the sound is written
first, with room for any number, and then no more than the number and the name.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ear_engine.shared_memory.loops import LoopFile, write_loop

_WIDEST = 10**15
_FIELD = b'"sequence": %d'
_HEAD = 1 << 16  # bytes in which the number is
_PREFIX = "aside-taken-"
_KEPT = 8  # files that nobody has handed over


class AsideFiles:
    """Writes them into the session's loops folder.

    Args:
        folder: of the session's loops.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    def new(self) -> Path:
        """Where the next one is written."""
        self._number += 1
        return self._folder / f"{_PREFIX}{self._number:08d}.loop"

    def write(self, path: Path, loop: LoopFile) -> None:
        """Write the sound of ``loop``, and remove what was written long ago for nothing; in a thread.

        Raises:
            OSError: there is no room; nothing is left of it.
        """
        write_loop(path, replace(loop, sequence=_WIDEST, activations={}, gradient=None))
        number = int(path.stem.removeprefix(_PREFIX))
        for old in self._folder.glob(f"{_PREFIX}*.loop"):
            if int(old.stem.removeprefix(_PREFIX)) <= number - _KEPT:
                drop(old)


def hand_over(path: Path, goal: Path, sequence: int) -> None:
    """Let the loop at ``path`` have known change ``sequence``, and be at ``goal``; there is a whole one or none.

    Raises:
        OSError: it has gone.
    """
    widest = _FIELD % _WIDEST
    with path.open("r+b") as file:
        at = file.read(_HEAD).find(widest)
        if at < 0:
            raise OSError("its file is damaged")
        file.seek(at)
        file.write((_FIELD % sequence).ljust(len(widest)))
    path.replace(goal)


def drop(path: Path) -> None:
    """Nobody wants it any more."""
    with suppress(OSError):  # gone already
        path.unlink()
