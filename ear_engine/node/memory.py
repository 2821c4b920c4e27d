"""The memory of sound: keeps what is heard, brings it back, holds it still.

Its sound lies in a folder of its own beside the session's, on the disk. Whoever has the session also has that: a new
node goes on with it, and it goes when the session ends. Loops that are kept and not exported yet are exported then.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
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
from ear_engine.node.loop_morphs import LoopMorphs
from ear_engine.node.memory_clips import MemoryClips
from ear_engine.node.recalls import Ended, Recalls
from ear_engine.node.remembering import Remembering
from ear_engine.node.sources import Sources
from ear_engine.node.throws import Throws
from ear_engine.osc.commands import Command
from ear_engine.osc.groups.memory import memory_commands
from ear_engine.sets.loops import MEMORY
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import read_loop
from ear_engine.shared_memory.states import AudioState
from ear_engine.targets.resolve import clips_of

ORIGIN = "node"
KEEP, BACK, HOLD = "memory/keep", "memory/back", "memory/hold"
_AHEAD = 0.2  # seconds that are rendered already

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
        told = self._albums, self._report
        self._parts = parts = _Parts(self._control, store, self._loops, self._audio, sources, *told)
        sources.names.made.append(MemoryClips(lambda: parts.store))
        heard.listen(parts.remembering.heard)

    async def run(self) -> None:
        """Put away what is heard."""
        if self._parts is not None:
            await self._parts.remembering.run()

    def look(self) -> None:
        """Call it a few times a second."""
        if self._parts is not None:
            self._parts.recalls.look()

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
        parts, loop = self._open(), self.find(which)
        parts.morphs.end(origin)

        def aim(change: Change | None, error: UserError | None) -> None:
            if error is None and target:
                aimed = {name: value for name, value in loop.values.items() if name.startswith("target/")}
                try:
                    self._control.apply(aimed, origin, known=False, gesture="recall")
                except UserError as problem:  # the loop is heard, its target cannot be
                    change, error = None, problem
            ended(change, error)

        parts.recalls.recall(loop, origin, aim)
        return loop

    def back(self, origin: str, ended: Ended) -> Remembered:
        """Let the loop be heard that was heard before, and again, one before that.

        Raises:
            UserError: there is none.
        """
        parts = self._open()
        there = frozenset(loop.number for loop in parts.store.loops if parts.store.has_sound(loop.number))
        number = parts.remembering.way.before(there)
        if number is None:
            raise UserError("the memory", "has nothing from before", "wait until more was heard", "nothing_before")
        loop = parts.store.find(number)
        parts.morphs.end(origin)
        parts.remembering.way.went_back(number, self._control.number + 1)

        def known(change: Change | None, error: UserError | None) -> None:
            if change is not None:
                parts.remembering.way.went_back(number, change.number)
            ended(change, error)

        parts.recalls.recall(loop, origin, known)
        return loop

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
        self._open().recalls.give_up()
        self._open().morphs.play(first, last, beats, origin, tell, ended)

    def cancel_morph(self, origin: str) -> None:
        """Stop where it is."""
        if self._parts is not None:
            self._parts.morphs.end(origin)

    def _open(self) -> _Parts:
        if self._parts is None:
            raise UserError("the memory", "remembers nothing", "make room in the temporary folder", "not_ready")
        return self._parts

    def _changed(self, change: Change) -> None:
        parts = self._parts
        if parts is None:
            return
        own = "recall" in change.engine
        if parts.morphs.running and not own and ("source" in change.engine or "source/reset" in change.triggers):
            parts.morphs.end(ORIGIN)
        if KEEP in change.triggers:
            self._try(change, KEEP, self._keep_heard)
        if BACK in change.triggers:
            self._try(change, BACK, partial(self.back, change.origin, self._later(change.origin, BACK)))
        if change.values.get(HOLD):
            self._try(change, HOLD, partial(self._hold, change.origin))
        if {"source/clip", "target/imprint", "target/objective"} & change.values.keys():
            named = {str(change.values.get("source/clip", "")), *clips_of(self._control.target)}
            for name in named:  # what is used stays
                if name.startswith(MEMORY):
                    self._try(change, "source/clip", partial(self.keep, name.removeprefix(MEMORY)))

    def _keep_heard(self) -> None:
        loop = self.keep(0)
        self._report("info", "kept", f"Loop {loop.name} is kept.")

    def _hold(self, origin: str) -> None:
        """Take up what is heard a moment from now, so that nothing newer enters and the dream goes on from it."""
        parts, audio = self._open(), self._audio()
        parts.morphs.end(origin)
        if audio is None:
            return
        position = audio.position + (now() - audio.time + _AHEAD) * audio.sample_rate
        entries = [entry for entry in audio.schedule if entry.start <= position]
        if entries and not entries[-1].silent:
            try:
                sound = read_loop(self._loops / entries[-1].file)
            except (OSError, ValueError):
                reason = "cannot be held, its file is gone"
                raise UserError("what is heard", reason, "recall a loop", "forgotten") from None
            parts.recalls.hold(sound, origin, self._later(origin, HOLD))

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


class _Parts:
    """What there is once it is open."""

    def __init__(
        self,
        control: ControlLog,
        store: MemoryStore,
        loops: Path,
        audio: Callable[[], AudioState | None],
        sources: Sources,
        albums: Path,
        report: Report,
    ) -> None:
        self.store = store
        self.remembering = Remembering(control, store, loops, report)
        self.recalls = Recalls(control, sources, self.remembering, loops)
        self.morphs = LoopMorphs(control, store, self.recalls, audio)
        self.exports = Exports(store, albums, report)
