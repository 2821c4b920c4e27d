"""The memory of sound: what performers ask of it, by commands and by parameters.

Its sound lies in a folder of its own beside the session's, on the disk. Whoever has the session also has that: a new
node goes on with it, and it goes when the session ends. Loops that are kept and not exported yet are exported then.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ear_engine import platform
from ear_engine.change import Change
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.memory.remembered import Remembered
from ear_engine.memory.store import MemoryStore
from ear_engine.node.exports import Exports, remove_stale
from ear_engine.node.heard import HeardLoops
from ear_engine.node.memory_clips import MemoryClips
from ear_engine.node.recalls import Ended
from ear_engine.node.remembering import Remembering
from ear_engine.node.returning import Returning
from ear_engine.node.sources import Sources
from ear_engine.node.throws import Throws
from ear_engine.osc.commands import Command
from ear_engine.osc.groups.memory import memory_commands
from ear_engine.sets.loops import MEMORY
from ear_engine.shared_memory.states import AudioState
from ear_engine.targets.resolve import clips_of

KEEP, BACK, HOLD = "memory/keep", "memory/back", "memory/hold"

Report = Callable[[str, str, str], None]  # level, code, message
Refuse = Callable[[str, str, UserError], None]  # origin, address, error


class Memory:
    """What performers ask of it; until it is opened, nothing is remembered.

    Args:
        control: what is decided.
        session: the session folder.
        audio: latest state of the audio process.
        layers: of the ear, for the dice.
        refuse: told who wanted what cannot be.
        report: told what everyone should know.
        albums: where albums go; the user's folder if None.
    """

    def __init__(
        self,
        control: ControlLog,
        session: Path,
        *,
        audio: Callable[[], AudioState | None],
        layers: Callable[[], Sequence[str]],
        refuse: Refuse,
        report: Report,
        albums: Path | None = None,
    ) -> None:
        self._control = control
        self._loops = session / "loops"
        self._folder = platform.memory_folder(session)
        self._audio = audio
        self._refuse = refuse
        self._report = report
        self._albums = platform.user_album_dir() if albums is None else albums
        self._parts: _Parts | None = None
        self.throws = Throws(control, layers, refuse)
        control.listen(self._changed)

    def open(self, heard: HeardLoops, sources: Sources) -> None:
        """Begin to remember what is ``heard``; its loops can be named as clips from now on."""
        remove_stale(self._albums, self._report)
        try:
            store = MemoryStore(self._folder)
        except OSError as error:
            reason = f"What is heard is not remembered ({error.strerror or error}); make room in the temporary folder."
            self._report("warning", "memory_full", reason)
            return
        remembering = Remembering(self._control, store, self._loops, self._report)
        returning = Returning(self._control, remembering, sources, self._loops, self._audio)
        self._parts = _Parts(store, remembering, returning, Exports(store, self._albums, self._report))
        sources.names.made.append(MemoryClips(lambda: store))
        heard.listen(remembering.heard)

    async def run(self) -> None:
        """Put away what is heard."""
        if self._parts is not None:
            await self._parts.remembering.run()

    def look(self) -> None:
        """Call it a few times a second."""
        if self._parts is not None:
            self._parts.returning.look()

    def close(self) -> None:
        """End; what is kept and was not exported is, without pictures."""
        parts, self._parts = self._parts, None
        if parts is None or parts.exports.rescue():
            shutil.rmtree(self._folder, ignore_errors=True)

    def commands(self) -> tuple[Command, ...]:
        """Rows of the table."""
        return memory_commands(self)

    @property
    def store(self) -> MemoryStore:
        """Loops.

        Raises:
            UserError: nothing is remembered.
        """
        return self._open().store

    @property
    def exports(self) -> Exports:
        """Albums.

        Raises:
            UserError: nothing is remembered.
        """
        return self._open().exports

    @property
    def current(self) -> int:
        """Number of what is heard; 0 if that is not known yet."""
        return 0 if self._parts is None else self._parts.remembering.current

    def find(self, which: int | str) -> Remembered:
        """A loop by number or name; 0 or nothing is the one that is heard.

        Raises:
            UserError: it is not remembered.
        """
        if which in (0, ""):
            if not self.current:
                raise UserError("the memory", "has heard nothing yet", "wait for the sound", "not_ready")
            if self._open().remembering.missed:  # an older one must not be taken for it
                raise UserError("the loop that is heard", "is not remembered", self.store.more_room(), "memory_full")
            which = self.current
        return self.store.find(which)

    def keep(self, which: int | str, name: str = "") -> Remembered:
        """Let a loop stay, under a name of its own if there is one.

        Raises:
            UserError: it is not remembered, or cannot be called so.
        """
        return self.store.change(self.find(which).number, name=name or None, kept=True)

    def forget(self, which: int | str) -> Remembered:
        """Forget a loop.

        Raises:
            UserError: it is not remembered.
        """
        return self.store.forget(self.find(which).number)

    def recall(self, which: int | str, target: bool, origin: str, ended: Ended) -> Remembered:
        """Let a loop be heard again, and aim at what it was made of if ``target``.

        Raises:
            UserError: it cannot be.
        """
        returning, loop = self._open().returning, self.find(which)
        returning.recall(loop, target, origin, ended)
        return loop

    def back(self, origin: str, ended: Ended) -> Remembered:
        """Let the loop be heard that was heard before, and again, one before that.

        Raises:
            UserError: there is none.
        """
        return self._open().returning.back(origin, ended)

    def morph(
        self,
        which: int | str,
        beats: float,
        start: int | str,
        origin: str,
        tell: Callable[[float], None],
        ended: Ended,
    ) -> None:
        """Go from ``start`` (0: what is heard) to another loop in so many beats.

        Raises:
            UserError: it cannot be.
        """
        first, last = self.find(start), self.find(which)
        self._open().returning.morph(first, last, beats, origin, tell, ended)

    def cancel_morph(self, origin: str) -> None:
        """Stop where it is."""
        if self._parts is not None:
            self._parts.returning.end_morph(origin)

    def _open(self) -> _Parts:
        if self._parts is None:
            raise UserError("the memory", "remembers nothing", "make room in the temporary folder", "not_ready")
        return self._parts

    def _changed(self, change: Change) -> None:
        parts = self._parts
        if parts is None:
            return
        parts.returning.changed(change)
        if KEEP in change.triggers:
            self._try(change, KEEP, self._keep_heard)
        if BACK in change.triggers:
            self._try(change, BACK, partial(self.back, change.origin, self._later(change.origin, BACK)))
        if change.values.get(HOLD):
            self._try(change, HOLD, partial(parts.returning.hold, change.origin, self._later(change.origin, HOLD)))
        if {"source/clip", "target/imprint", "target/objective"} & change.values.keys():
            named = {str(change.values.get("source/clip", "")), *clips_of(self._control.target)}
            for name in named:  # what is used stays
                if name.startswith(MEMORY):
                    self._try(change, "source/clip", partial(self.keep, name.removeprefix(MEMORY)))

    def _keep_heard(self) -> None:
        loop = self.keep(0)
        self._report("info", "kept", f"Loop {loop.name} is kept.")

    def _later(self, origin: str, name: str) -> Ended:
        def ended(change: Change | None, error: UserError | None) -> None:
            if error is not None:
                self._refuse(origin, f"/ear/{name}", error)

        return ended

    def _try(self, change: Change, name: str, act: Callable[[], object]) -> None:
        try:
            act()
        except UserError as error:
            self._refuse(change.origin, f"/ear/{name}", error)


@dataclass(frozen=True)
class _Parts:
    """What there is once it is open."""

    store: MemoryStore
    remembering: Remembering
    returning: Returning
    exports: Exports
