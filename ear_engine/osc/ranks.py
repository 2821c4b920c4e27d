"""Percentile ranks of the loops that are heard: computed once a loop, beside the event loop, for all who ask."""

from __future__ import annotations

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ear_engine import platform
from ear_engine.ear.loop_ranks import TOP, fitting, loop_ranks
from ear_engine.ear.statistics import Statistics
from ear_engine.shared_memory.loops import LoopFile

_ROOM = 128 << 20  # bytes
_LEAST = 2  # loops that are kept whatever they take
_log = logging.getLogger(__name__)

Ranks = NDArray[np.uint8]
_Job = tuple[str, LoopFile, Statistics | None]


class LoopRanks:
    """Ranks of loops as :func:`ear_engine.ear.loop_ranks.loop_ranks` has them, (frames, neurons), 0..255.

    One thread that lets everything else go first is started when it is first needed.

    Args:
        statistics: of the ear, as soon as they are known.
    """

    def __init__(self, statistics: Callable[[], Statistics | None]) -> None:
        self._statistics = statistics
        self._made: OrderedDict[str, tuple[Statistics | None, Ranks]] = OrderedDict()
        self._asked: dict[str, Statistics | None] = {}
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._warm: Statistics | None = None  # whose table has been built

    def of(self, name: str, loop: LoopFile) -> Ranks | None:
        """Ranks of ``loop``, whose file has that ``name``; None while they are being made, which this begins."""
        if not loop.frames or not loop.activations:
            return None
        statistics = self.known(loop)
        made = self._made.get(name)
        if made is not None and made[0] is statistics:
            return made[1]
        if name not in self._asked or self._asked[name] is not statistics:
            self._asked[name] = statistics
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="loop-ranks", daemon=True)
                self._thread.start()
            self._jobs.put((name, loop, statistics))
        return None

    def known(self, loop: LoopFile) -> Statistics | None:
        """The statistics that say how the neurons of ``loop`` do in music; None if none fit."""
        return fitting(loop.activations, self._statistics())

    def now(self, loop: LoopFile, values: NDArray[np.float32]) -> Ranks | None:
        """Ranks of one frame, (neurons,), at once, where that takes less than a millisecond; None where it does not."""
        statistics = self.known(loop)
        if statistics is None or statistics is not self._warm:
            return None
        row: Ranks = np.rint(statistics.rank(values) * np.float32(TOP)).astype(np.uint8)
        return row

    def close(self) -> None:
        """Begin nothing more."""
        self._jobs.put(None)

    def _run(self) -> None:
        platform.lower_thread_priority()
        while (job := self._jobs.get()) is not None:
            name, loop, statistics = job
            try:
                ranks = loop_ranks(loop.activations, loop.frames, statistics)
            except Exception:  # the ranks of one loop must not end those of all later ones
                _log.exception("ranks of %s failed", name)
                continue
            self._warm = statistics
            self._made[name] = statistics, ranks
            self._made.move_to_end(name)
            taken = sum(kept.nbytes for _, kept in self._made.values())
            while taken > _ROOM and len(self._made) > _LEAST:
                oldest, (_, gone) = self._made.popitem(last=False)
                taken -= gone.nbytes
                self._asked.pop(oldest, None)
            while len(self._made) > 16:
                self._asked.pop(self._made.popitem(last=False)[0], None)
