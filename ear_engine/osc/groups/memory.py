"""What was heard: listed, named, heard again, morphed to, used as a clip, exported; and what dice leave alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ear_engine.change import Change
from ear_engine.errors import UserError
from ear_engine.memory.family import family
from ear_engine.memory.remembered import Remembered, words_of
from ear_engine.memory.store import MemoryStore
from ear_engine.osc.commands import DONE, Argument, Call, Command
from ear_engine.osc.paging import HEAVY, reply_list

Ended = Callable[[Change | None, UserError | None], None]


class Throws(Protocol):
    """Dice (:class:`ear_engine.node.throws.Throws`)."""

    @property
    def locked(self) -> tuple[str, ...]:
        """What stays."""

    def lock(self, pattern: str, on: bool, origin: str) -> tuple[str, ...]:
        """Lock or unlock; raises UserError."""

    def throw(self, amount: float, origin: str) -> None:
        """Throw; raises UserError."""


class Exports(Protocol):
    """Albums (:class:`ear_engine.node.exports.Exports`)."""

    def export(
        self,
        name: str,
        tell: Callable[[float, str], None],
        done: Callable[[Path, int], None],
        fail: Callable[[UserError], None],
    ) -> Callable[[], None]:
        """Begin one; what is returned cancels it; raises UserError."""


class Memory(Protocol):
    """The memory of sound (:class:`ear_engine.node.memory.Memory`); everything raises UserError."""

    @property
    def store(self) -> MemoryStore:
        """All loops."""

    @property
    def throws(self) -> Throws:
        """Dice."""

    @property
    def exports(self) -> Exports:
        """Albums."""

    def find(self, which: int | str) -> Remembered:
        """A loop; 0 is the one that is heard."""

    def keep(self, which: int | str, name: str = "") -> Remembered:
        """Keep and name one."""

    def forget(self, which: int | str) -> Remembered:
        """Forget one."""

    def recall(self, which: int | str, target: bool, origin: str, ended: Ended) -> Remembered:
        """Let one be heard."""

    def morph(
        self,
        which: int | str,
        beats: float,
        start: int | str,
        origin: str,
        tell: Callable[[float], None],
        ended: Ended,
    ) -> None:
        """Go there in beats."""

    def cancel_morph(self, origin: str) -> None:
        """Stop on the way."""


def _row(loop: Remembered) -> tuple[object, ...]:
    ago = time.time() - loop.heard if loop.heard else -1.0
    facts = (loop.beats, loop.tempo, loop.objective, loop.loudness, ago, words_of(loop.target))
    return loop.number, loop.name, loop.kind, loop.parent, int(loop.kept), *facts


class _Commands:
    """What the rows call."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def list(self, call: Call) -> None:
        store = self._memory.store
        loops = [loop for loop in store.loops if store.has_sound(loop.number)]
        for index, loop in enumerate(loops):
            call.reply(call.address, index, len(loops), *_row(loop))
        if not loops:
            call.reply(call.address, 0, 0)

    def tree(self, call: Call) -> None:
        members = family(self._memory.store.loops)
        for index, one in enumerate(members):
            loop = one.loop
            place = (loop.number, one.parent, one.later, one.depth)
            call.reply(call.address, index, len(members), *place, loop.name, loop.kind, int(loop.kept))
        if not members:
            call.reply(call.address, 0, 0)

    def now(self, call: Call) -> None:
        call.reply(call.address, *_row(self._memory.find(0)))

    def name(self, call: Call) -> None:
        loop = self._memory.keep(call.arguments["which"], call.arguments["name"])
        call.done(loop.number, loop.name)

    def forget(self, call: Call) -> None:
        loop = self._memory.forget(call.arguments["which"])
        call.done(loop.number, loop.name)

    def recall(self, call: Call) -> None:
        loop = self._memory.find(call.arguments["which"])
        job = call.engine.jobs.begin(call, lambda: None)

        def ended(change: Change | None, error: UserError | None) -> None:
            if error is None:
                job.done(loop.number, loop.name)
            else:
                job.fail(error)

        try:
            self._memory.recall(loop.number, bool(call.arguments["target"]), call.client.origin, ended)
        except UserError as error:
            job.fail(error)

    def morph(self, call: Call) -> None:
        loop, origin = self._memory.find(call.arguments["which"]), call.client.origin
        job = call.engine.jobs.begin(call, lambda: self._memory.cancel_morph(origin))

        def ended(change: Change | None, error: UserError | None) -> None:
            if error is None:
                job.done(loop.number, loop.name)
            else:
                job.fail(error)

        start, beats = call.arguments["from"], call.arguments["beats"]
        try:
            self._memory.morph(
                loop.number, beats, start, origin, lambda share: job.progress(share, "on the way"), ended
            )
        except UserError as error:
            job.fail(error)

    def source(self, call: Call) -> None:
        self._use(call, "source/clip")

    def imprint(self, call: Call) -> None:
        self._use(call, "target/imprint")

    def _use(self, call: Call, parameter: str) -> None:
        loop = self._memory.find(call.arguments["which"])
        call.engine.control.apply({parameter: f"memory:{loop.number}"}, call.client.origin, known=False)
        call.done(loop.number, loop.name)

    def lock(self, call: Call) -> None:
        locked = self._memory.throws.lock(call.arguments["pattern"], bool(call.arguments["on"]), call.client.origin)
        call.done(len(locked))

    def locks(self, call: Call) -> None:
        reply_list(call, self._memory.throws.locked)

    def throw(self, call: Call) -> None:
        self._memory.throws.throw(call.arguments["amount"], call.client.origin)
        call.done(call.engine.control.snapshot().triggers["memory/dice"])

    def export(self, call: Call) -> None:
        job = call.engine.jobs.begin(call, lambda: cancel())
        try:
            cancel = self._memory.exports.export(
                call.arguments["name"], job.progress, lambda folder, count: job.done(str(folder), count), job.fail
            )
        except UserError as error:
            job.fail(error)


def memory_commands(memory: Memory) -> tuple[Command, ...]:
    """Rows of the table; they act on ``memory``."""
    a, c, on = Argument, Command, _Commands(memory)
    which, heard = a("which", "a"), a("which", "a", 0)
    facts = "i:number s:name s:kind i:parent i:kept i:beats f:tempo f:objective f:loudness f:seconds_ago s:target"
    done = f"{DONE} s:address i:request i:number s:name"
    return (
        c(
            "memory/list",
            (),
            f"same i:index i:total {facts}",
            "Loops that were heard, by number, a message each: the last 64, and all that are kept.",
            on.list,
            cost=HEAVY,
        ),
        c(
            "memory/tree",
            (),
            "same i:index i:total i:number i:parent i:later i:depth s:name s:kind i:kept",
            "Who was dreamed on from whom: parents before children, a message each; later counts the loops in between.",
            on.tree,
            cost=HEAVY,
        ),
        c("memory/now", (), f"same {facts}", "The loop that is heard.", on.now),
        c(
            "memory/name",
            (which, a("name", "s")),
            done,
            "Keep a loop under a name of your own; 0 is the one that is heard.",
            on.name,
        ),
        c("memory/forget", (which,), done, "Forget a loop, kept or not.", on.forget),
        c(
            "memory/recall",
            (which, a("target", "i", 0)),
            done,
            "Hear a loop again, by number or name, and dream on from it; 1 also aims at what it was made of.",
            on.recall,
            cost=HEAVY,
        ),
        c(
            "memory/morph",
            (which, a("beats", "f", 16.0), a("from", "a", 0)),
            done,
            "Go in so many beats from the loop that is heard, or another, to this one; the dream rests meanwhile.",
            on.morph,
            cost=HEAVY,
        ),
        c("memory/source", (heard,), done, "Dream from a loop: it becomes the clip memory:NUMBER.", on.source),
        c("memory/imprint", (heard,), done, "Let the ear believe to hear a loop.", on.imprint),
        c(
            "memory/throw",
            (a("amount", "f"),),
            f"{DONE} s:address i:request i:throw",
            "Throw dice, as memory/dice does, by this amount.",
            on.throw,
        ),
        c(
            "memory/lock",
            (a("pattern", "s"), a("on", "i", 1)),
            f"{DONE} s:address i:request i:locked",
            "Let dice leave alone what a name, a group or a pattern means (tone, rhythm/*); 0 lets them move it again.",
            on.lock,
        ),
        c("memory/locks", (), "same i:first i:total s:name…", "What dice leave alone.", on.locks),
        c(
            "memory/export",
            (a("name", "s"),),
            f"{DONE} s:address i:request s:folder i:loops",
            "Write the kept loops as an album: WAV files, pictures, the family tree.",
            on.export,
            cost=HEAVY,
        ),
    )
