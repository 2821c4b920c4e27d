"""The last loops that were heard, those that are kept, and what they descend from; their sound lies on the disk.

A folder holds for each loop ``NUMBER.ear`` (its audio, float32, bit for bit) and ``NUMBER.json`` (all else), so that
another node can go on with it. The oldest are forgotten first: as soon as there are more than 64 that are not kept, or
they take more than 1 GB (64 loops of 32 s take 0.72 GB). Those that are kept are not counted and stay, however many
they are; when they have filled the disk, what is heard is not remembered. Children of a loop that is forgotten become
its parent's, so the family stays whole; a source stays in it, without its sound, as long as something descends from it.

The table of loops belongs to the event loop; what reads or writes sound may be called from any thread.
"""

from __future__ import annotations

import difflib
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from ear_engine.errors import UserError
from ear_engine.memory.remembered import Remembered, check_name, remembered
from ear_engine.shared_memory.loops import LoopFile, read_loop, whole_file, write_loop

MOST = 64
ROOM = 1 << 30
"""Bytes of sound that is not kept."""
_COMPARED = 256


class MemoryStore:
    """Remembers loops.

    Args:
        folder: for their files; made if missing. What is there is read.
        most: loops that are not kept.
        room: bytes that those take.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(self, folder: Path, most: int = MOST, room: int = ROOM) -> None:
        self.folder = folder
        self._most, self._room = most, room
        self._loops: dict[int, Remembered] = {}
        self._unsaved: set[int] = set()  # loops of which it is not written what is known
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.json")):
            with suppress(OSError, ValueError, TypeError, KeyError):  # half written by a node that was killed
                found = remembered(json.loads(path.read_text()))
                self._loops[found.number] = found
        self._loops = dict(sorted(self._loops.items()))
        self._number = max(self._loops, default=0)

    @property
    def loops(self) -> tuple[Remembered, ...]:
        """All, by their numbers; of some sources only what is known of them."""
        return tuple(self._loops.values())

    def next_number(self) -> int:
        """A number that no loop has had."""
        self._number += 1
        return self._number

    def has_sound(self, number: int) -> bool:
        """Whether it can be heard again."""
        return number in self._loops and self.path(number).exists()

    def get(self, number: int) -> Remembered | None:
        """The loop ``number``, if it is remembered."""
        return self._loops.get(number)

    def by_digest(self, digest: str) -> Remembered | None:
        """The loop with this audio."""
        return next((loop for loop in self._loops.values() if loop.digest == digest), None)

    def find(self, which: int | str) -> Remembered:
        """By number or name.

        Raises:
            UserError: there is none, or it is forgotten.
        """
        if isinstance(which, str) and which.strip().isdigit() and len(which) < 10:
            which = int(which)
        if isinstance(which, int):
            found = self._loops.get(which)
            gone = 0 < which <= self._number
        else:
            found = next((loop for loop in reversed(self._loops.values()) if loop.name == which), None)
            gone = False
        if found is not None and self.has_sound(found.number):
            return found
        subject = f"loop {which if isinstance(which, int) else which[:60]!r}"
        if gone or found is not None:
            raise UserError(subject, "is forgotten", "keep the loops that shall stay", "forgotten")
        near: list[str] = []
        if isinstance(which, str):
            names = [loop.name for loop in self.loops[-_COMPARED:]]
            near = difflib.get_close_matches(which[:60], names, n=2, cutoff=0.4)
        mend = f"did you mean {' or '.join(near)}" if near else "/ear/memory/list lists them"
        raise UserError(subject, "is not remembered", mend, "unknown_loop")

    def path(self, number: int) -> Path:
        """Where its sound is."""
        return self.folder / f"{number}.ear"

    def read(self, number: int) -> LoopFile:
        """Its sound, mapped; from any thread.

        Raises:
            UserError: it is forgotten.
        """
        try:
            return read_loop(self.path(number))
        except (OSError, ValueError):
            raise UserError(f"loop {number}", "is forgotten", "keep the loops that shall stay", "forgotten") from None

    def write(self, number: int, loop: LoopFile) -> None:
        """Put its sound away; from any thread.

        Raises:
            OSError: there is no room.
        """
        write_loop(self.path(number), replace(loop, audio=np.asarray(loop.audio), activations={}, gradient=None))

    def add(self, loop: Remembered) -> list[Remembered]:
        """Remember a loop whose sound is there; return those that are forgotten for it."""
        self._loops[loop.number] = loop
        self._save(loop)
        return self._make_room(loop.number)

    def change(self, number: int, *, name: str | None = None, kept: bool | None = None) -> Remembered:
        """Name a loop, or keep it, or keep it no longer.

        Raises:
            UserError: it is unknown, another one has that name, or it is so now but could not be written.
        """
        loop = self.find(number)
        if name is not None:
            name = check_name(name)
            if any(other.name == name and other.number != number for other in self._loops.values()):
                raise UserError(f"name {name!r}", "is another loop's", "choose another", "name_taken")
        changed = replace(loop, name=loop.name if name is None else name, kept=loop.kept if kept is None else kept)
        if changed != loop or number in self._unsaved:
            self._loops[number] = changed
            self._save(changed)
        if number in self._unsaved:
            reason, again = "is kept while the engine runs, but would be lost if it died", "keep it again"
            if kept is None:
                reason, again = "is called so while the engine runs, but would not be if it died", "name it again"
            elif not kept:
                reason, again = "is let go while the engine runs, but would be kept if it died", "let it go again"
            raise UserError(f"loop {number}", reason, f"{self.more_room()}, and {again}", "memory_full")
        return changed

    def more_room(self) -> str:
        """How there can be more room, in words."""
        kept = [loop for loop in self._loops.values() if loop.kept and self.has_sound(loop.number)]
        if not kept:
            return f"make room in {self.folder.parent}"
        megabytes = sum(8 * loop.samples for loop in kept) / 1e6
        loops = f"{len(kept)} kept loops take" if len(kept) > 1 else "the one that is kept takes"
        return f"make room in {self.folder.parent}, or export and forget what is kept ({loops} {megabytes:.3g} MB)"

    def forget(self, number: int) -> Remembered:
        """Forget a loop, kept or not.

        Raises:
            UserError: it is unknown.
        """
        loop = self.find(number)
        self._remove(loop)
        return loop

    def _make_room(self, newest: int) -> list[Remembered]:
        passing = [loop for loop in self._loops.values() if not loop.kept and self.has_sound(loop.number)]
        taken = sum(8 * loop.samples for loop in passing)
        gone = []
        while len(passing) > self._most or (taken > self._room and len(passing) > 1):
            oldest = passing.pop(0)
            if oldest.number == newest:
                break
            taken -= 8 * oldest.samples
            self._remove(oldest)
            gone.append(oldest)
        return gone

    def _remove(self, loop: Remembered) -> None:
        with suppress(OSError):  # still mapped (Windows), or gone already
            self.path(loop.number).unlink()
        if loop.kind == "source" and any(
            loop.number in (other.parent, other.source) for other in self._loops.values() if other is not loop
        ):
            self._loops[loop.number] = replace(loop, kept=False)
            return
        self._drop(loop)

    def _drop(self, loop: Remembered) -> None:
        del self._loops[loop.number]
        self._unsaved.discard(loop.number)
        with suppress(OSError):
            self._facts(loop.number).unlink()
        for child in [one for one in self._loops.values() if one.parent == loop.number]:
            moved = replace(child, parent=loop.parent, generations=child.generations + loop.generations)
            self._loops[child.number] = moved
            self._save(moved)
        for source in {loop.parent, loop.source}:
            root = self._loops.get(source)
            if root is not None and root.kind == "source" and not self.has_sound(source):
                self._remove(root)

    def _facts(self, number: int) -> Path:
        return self.folder / f"{number}.json"

    def _save(self, loop: Remembered) -> None:
        """What cannot be written is only lost to another node; of what is kept that is said."""
        try:
            with whole_file(self._facts(loop.number)) as file:
                file.write(json.dumps(loop.as_dict(), separators=(",", ":")).encode())
        except OSError:
            self._unsaved.add(loop.number)
        else:
            self._unsaved.discard(loop.number)
