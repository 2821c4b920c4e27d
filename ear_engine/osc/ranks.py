"""Percentile ranks of the loops that are heard: every frame computed once a loop, for all who ask.

With statistics a frame takes half a millisecond, and many loops are followed by the next after a beat: so some frames
at a time are ranked, beside the event loop and before they are heard; one that comes too late is ranked at once.
Without statistics a neuron is compared with itself in the whole loop.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.loop_ranks import TOP, fitting, loop_ranks
from ear_engine.ear.statistics import Statistics
from ear_engine.shared_memory.loops import LoopFile

_ROOM = 128 << 20  # bytes
_LEAST = 2  # loops that are kept whatever they take
_MOST = 8
_PART = 8  # frames that are ranked together
_log = logging.getLogger(__name__)

Ranks = NDArray[np.uint8]


@dataclass(eq=False)
class _Known:
    """What is known of one loop.

    Args:
        source: statistics when it was begun, those of an ear of other layers as well.
        statistics: that its ranks are from; None if they are among its own frames.
        ranks: (frames, neurons).
        done: (frames,), which are computed; None while a thread does.
        asked: of which parts of ``_PART`` frames the ranks have been asked for.
    """

    source: Statistics | None
    statistics: Statistics | None
    ranks: Ranks
    done: NDArray[np.bool_] | None
    asked: set[int] = field(default_factory=set)


class LoopRanks:
    """Ranks of loops, in bytes, as :func:`ear_engine.ear.loop_ranks.loop_ranks` has them.

    One thread is started when it is first needed.

    Args:
        statistics: of the ear, as soon as they are known.
    """

    def __init__(self, statistics: Callable[[], Statistics | None]) -> None:
        self._statistics = statistics
        self._loops: OrderedDict[str, _Known] = OrderedDict()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._asked: Statistics | None = None
        self._warm: Statistics | None = None  # whose table has been built

    def warm(self) -> None:
        """Begin what has to be done once for all loops."""
        statistics = self._statistics()
        if statistics is not None and statistics is not self._asked:
            self._asked = statistics
            self._begin(lambda: self._warm_up(statistics))

    def prepare(self, name: str, loop: LoopFile, frame: int = 0) -> None:
        """Begin what takes a while: ``loop`` will be asked for from ``frame`` on; its file has that ``name``."""
        self._ask(self._known(name, loop), loop, frame)

    def row(self, name: str, loop: LoopFile, frame: int, values: NDArray[np.float32]) -> Ranks | None:
        """Ranks of one frame, (neurons,), 0..255; None while they cannot be told yet.

        Args:
            name: of the loop's file.
            loop: with activations.
            frame: its number.
            values: activations in it, (neurons,), finite.
        """
        known = self._known(name, loop)
        self._ask(known, loop, frame)
        self._ask(known, loop, (frame + _PART) % loop.frames)
        if known.done is None:
            return None
        if not known.done[frame]:
            if known.statistics is None or known.statistics is not self._warm:
                return None
            known.ranks[frame] = np.rint(known.statistics.rank(values) * np.float32(TOP)).astype(np.uint8)
            known.done[frame] = True
        row: Ranks = known.ranks[frame]
        return row

    def statistics(self, name: str, loop: LoopFile) -> Statistics | None:
        """Those that ranks of ``loop`` are from; None if they are among its own frames."""
        return self._known(name, loop).statistics

    def close(self) -> None:
        """Begin nothing more."""
        self._jobs.put(None)

    def _known(self, name: str, loop: LoopFile) -> _Known:
        source = self._statistics()
        known = self._loops.get(name)
        if known is None or known.source is not source:
            statistics = fitting(loop.activations, source)
            neurons = sum(steps.shape[1] for steps in loop.activations.values())
            ranks = np.zeros((loop.frames, neurons), np.uint8)
            done = None if statistics is None else np.zeros(loop.frames, bool)
            known = self._loops[name] = _Known(source, statistics, ranks, done)
            if statistics is None:
                self._begin(lambda: self._rank(known, loop))
            else:
                self.warm()
            self._make_room()
        return known

    def _ask(self, known: _Known, loop: LoopFile, frame: int) -> None:
        """Let the thread rank the part that ``frame`` is in."""
        part = frame // _PART
        if known.statistics is not None and part not in known.asked:
            known.asked.add(part)
            self._begin(lambda: self._rank_part(known, loop, part))

    def _rank_part(self, known: _Known, loop: LoopFile, part: int) -> None:
        frames = range(part * _PART, min((part + 1) * _PART, loop.frames))
        if known.done is not None and not known.done[frames.start : frames.stop].all():
            ranks = loop_ranks(loop.activations, loop.frames, known.statistics, frames)
            known.ranks[frames.start : frames.stop] = ranks
            known.done[frames.start : frames.stop] = True

    def _make_room(self) -> None:
        taken = sum(known.ranks.nbytes for known in self._loops.values())
        while len(self._loops) > _MOST or (taken > _ROOM and len(self._loops) > _LEAST):
            _, gone = self._loops.popitem(last=False)
            taken -= gone.ranks.nbytes

    def _rank(self, known: _Known, loop: LoopFile) -> None:
        known.ranks = loop_ranks(loop.activations, loop.frames, None)
        known.done = np.ones(loop.frames, bool)

    def _warm_up(self, statistics: Statistics) -> None:
        statistics.rank(np.zeros(len(statistics.index), np.float32))
        self._warm = statistics

    def _begin(self, job: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="loop-ranks", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:  # the ranks of one loop must not end those of all later ones
                _log.exception("ranks of a loop failed")
