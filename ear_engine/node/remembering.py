"""Heard loops become remembered ones: told apart by their sound, put away on the disk, placed in the family."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.change import Change
from ear_engine.control import ControlLog
from ear_engine.loudness import LoudnessMeter
from ear_engine.memory.lineage import Lineage, WayBack
from ear_engine.memory.remembered import Kind, Remembered, name_of
from ear_engine.memory.store import MemoryStore
from ear_engine.node.decided import Decided, State
from ear_engine.node.heard import Heard
from ear_engine.node.threads import in_thread
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, read_loop, source_name

_WAITING = 64
_SOURCES = 64

_log = logging.getLogger(__name__)

Report = Callable[[str, str, str], None]  # level, code, message


def digest_of(audio: NDArray[np.float32], beats: int) -> str:
    """What tells loops apart: their sound and their beats."""
    return f"{hashlib.blake2b(np.ascontiguousarray(audio).tobytes(), digest_size=16).hexdigest()}-{beats}"


class Remembering:
    """Follows what is heard.

    Args:
        control: says what was aimed at.
        store: where loops are remembered.
        folder: the session's loops.
        report: told if there is no room.
    """

    def __init__(self, control: ControlLog, store: MemoryStore, folder: Path, report: Report) -> None:
        self.store = store
        self.lineage = Lineage()
        self.way = WayBack()
        self.current = 0
        """Number of the loop that is heard; 0 before the first."""
        self.missed = False
        """Whether the loop that is heard could not be remembered: :attr:`current` is one from before."""
        self._control = control
        self._folder = folder
        self._report = report
        self._decided = Decided(control.number, control.tree.values, control.kept)
        self._first = State(0, dict(control.tree.values), control.kept)
        self._began: dict[int, State] = {}  # source number → what was decided when it became the source
        self._roots: dict[int, int] = {}  # source number → number of its loop
        self._waiting: deque[Heard] = deque(maxlen=_WAITING)
        self._wake = asyncio.Event()
        self._file = ""
        self._full = False
        control.listen(self._changed)

    def heard(self, heard: Heard) -> None:
        """A loop has begun to sound."""
        if heard.loop is not None and not heard.entry.silent and heard.entry.file != self._file:
            self._waiting.append(heard)
            self._wake.set()
        self._file = heard.entry.file

    async def run(self) -> None:
        """Put away what is heard, one after the other."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                heard = self._waiting.popleft()
                try:
                    await self._take(heard)
                    self._full = self.missed = False
                except OSError as error:
                    self.missed = True
                    if not self._full:
                        reason = f"What is heard is not remembered ({error.strerror or error});"
                        self._report("warning", "memory_full", f"{reason} {self.store.more_room()}.")
                    self._full = True
                except Exception:  # one loop must not end the memory
                    self.missed = True
                    _log.exception("loop %s is not remembered", heard.entry.file)

    def root(self) -> Remembered | None:
        """The remembered source that is dreamed from now, if one of its loops was heard."""
        number = self._roots.get(self._control.snapshot().source_number)
        return None if number is None else self.store.get(number)

    async def _take(self, heard: Heard) -> None:
        loop = heard.loop
        assert loop is not None
        moment = time.time() - max(0.0, now() - heard.time)
        if loop.loop == 0:
            state = self._began.get(loop.source_number, self._first)
            number, sequence = await self._put_away(loop, "source", moment, state, 0, 0), state.number
            self._roots[loop.source_number] = number
        else:
            sequence = loop.sequence
            source = await self._root_of(loop)
            parent = self.lineage.parent(sequence, source)
            kind: Kind = "morph" if self.lineage.at(sequence).morph else "dream"
            state = replace(self._decided.at(sequence), number=sequence)
            number = await self._put_away(loop, kind, moment, state, parent, source)
            self._decided.forget(sequence)
        self.lineage.heard(sequence, number)
        self.way.heard(sequence, number)
        self.current = number

    async def _root_of(self, loop: LoopFile) -> int:
        """Number of the source that ``loop`` descends from; 0 if its sound is gone already."""
        known = self._roots.get(loop.source_number)
        if known is not None and self.store.get(known) is not None:
            return known
        try:
            source = read_loop(self._folder / source_name(loop.source_number))
        except (OSError, ValueError):
            return 0
        state = self._began.get(loop.source_number, self._first)
        number = await self._put_away(source, "source", 0.0, state, 0, 0)
        self._roots[loop.source_number] = number
        return number

    async def _put_away(self, loop: LoopFile, kind: Kind, moment: float, state: State, parent: int, source: int) -> int:
        digest = await in_thread(partial(digest_of, loop.audio, loop.beats), "memory")
        known = self.store.by_digest(digest)
        if known is not None:
            if not self.store.has_sound(known.number):
                await in_thread(partial(self.store.write, known.number, loop), "memory")
            return known.number
        number = self.store.next_number()
        loudness = await in_thread(partial(self._store_sound, number, loop), "memory")
        control = self._control.snapshot()
        self.store.add(
            Remembered(
                number=number,
                name=name_of(number, kind, loop.name, state.target, moment),
                kind=kind,
                parent=parent,
                source=source or number,
                clip=loop.name,
                samples=loop.samples,
                sample_rate=loop.sample_rate,
                beats=loop.beats,
                objective=loop.objective if math.isfinite(loop.objective) else 0.0,
                loudness=loudness,
                step=loop.step,
                sequence=state.number,
                seed=control.seed,
                ear=Path(control.ear).name,
                heard=moment,
                target=state.target,
                digest=digest,
                held=state.held,
                values=state.values,
            )
        )
        return number

    def _store_sound(self, number: int, loop: LoopFile) -> float:
        """In a thread: put it away and return its loudness."""
        self.store.write(number, loop)
        return LoudnessMeter(loop.samples, loop.sample_rate).measure(np.asarray(loop.audio[:2]))

    def _changed(self, change: Change) -> None:
        self._decided.changed(change)
        if "source" in change.engine:
            number = int(change.engine["source_number"])
            recent = {other: began for other, began in self._began.items() if other > number - _SOURCES}
            self._began = {**recent, number: replace(self._decided.at(change.number), number=change.number)}
            if not change.engine.get("carried"):  # else the dream goes on in another length
                self.lineage.cut(change.number)
        if "source/reset" in change.triggers:
            self.lineage.cut(change.number)
