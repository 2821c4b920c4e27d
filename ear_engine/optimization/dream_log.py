"""What the dreamer does, kept step by step, so that it can be dreamed again (``performance/naming.py`` says where).

How many steps a beat has is the machine's doing, so each step is kept with the last change that it knew, the beats that
it was made for and the threads that computed it; with the seed that is all there is to it.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch

from ear_engine.optimization.bulletin import Bulletin
from ear_engine.optimization.dream import Dream
from ear_engine.performance.naming import DREAM, ENDED, FORMAT, new_part
from ear_engine.performance.writing import RecordWriter
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import ControlState

_GATHERED = 256  # steps in one record at most


class DreamLog:
    """Follows ``ControlState.recording``; each folder is tried once.

    Args:
        bulletin: told if it cannot go on.
    """

    def __init__(self, bulletin: Bulletin) -> None:
        self._bulletin = bulletin
        self._folder = ""
        self._file: RecordWriter | None = None
        self._last: RecordWriter | None = None  # which may still have something to write
        self._steps: list[tuple[float, float, float]] = []
        self._times: list[tuple[float, float]] = []
        self._failed = ""
        self._begun = False  # whether the file says what the steps begin from

    def follow(self, control: ControlState) -> None:
        """Begin or end what is asked for."""
        if self._failed:
            failed, self._failed = self._failed, ""
            self._bulletin.event("error", ENDED, f"Keeping the dream ended ({failed}); it goes on being dreamed.")
        if control.recording == self._folder:
            return
        self._folder = control.recording
        self._end()
        if self._folder:
            try:
                self._file = self._last = RecordWriter(new_part(Path(self._folder), DREAM), self._ended)
            except OSError as error:
                self._ended(error.strerror or str(error))
            else:
                self._file.put("open", {"format": FORMAT, "part": DREAM, "time": now()})
                self._begun = False

    def goes_on(self, dream: Dream, control: ControlState, name: str, source_number: int, loop: int) -> None:
        """Keep where the dream is, unless the file has followed it from a beginning."""
        if self._file is not None and not self._begun:
            told = {"step": dream.step_number, "name": name, "loop": loop, **_of(dream, control, source_number)}
            state = dream.snapshot()
            self._file.put("here", told, state)
            self._begun = True

    def begins(self, how: str, dream: Dream, control: ControlState, source_number: int, **told: object) -> None:
        """A dream begins.

        Args:
            how: ``new`` from its source, ``resume`` from the loop of a dreamer that was there before, ``inherit`` what
                was dreamed before it.
            dream: that begins.
            control: what it knows.
            source_number: of its source.
            told: what else there is to know.
        """
        self.did("born", control, how=how, **_of(dream, control, source_number), **told)
        self._begun = self._file is not None

    def step(self, control: ControlState, beats: float, began: float) -> None:
        """A step is made of what ``control`` says, which was read at clock time ``began``."""
        if self._file is not None:
            if len(self._steps) >= _GATHERED:
                self._gather()
            self._steps.append((control.sequence, beats, torch.get_num_threads()))
            self._times.append((began, math.nan))

    def stepped(self) -> None:
        """It is done; one that fails never is."""
        if self._times:
            self._times[-1] = self._times[-1][0], now()

    def did(self, what: str, control: ControlState, **told: object) -> None:
        """Something else is done to the dream.

        Args:
            what: ``born``, ``warm``, ``back`` (to the source), ``call`` (a loop is recalled), ``publ`` (a version).
            control: what it knows.
            told: what else there is to know.
        """
        if self._file is not None:
            self._gather()
            head = {"sequence": control.sequence, "threads": torch.get_num_threads(), "time": now(), **told}
            self._file.put(what, head)

    def close(self) -> None:
        """Complete the file."""
        self._end()
        if self._last is not None:
            self._last.close()

    def _gather(self) -> None:
        if self._file is not None and self._steps:
            arrays = {"steps": np.array(self._steps, np.float64), "times": np.array(self._times, np.float64)}
            self._file.put("step", {"count": len(self._steps)}, arrays)
        self._steps, self._times = [], []

    def _end(self) -> None:
        if self._file is not None:
            self._gather()
            self._file.put("shut", {"time": now()})
            self._file.end()
            self._file = None

    def _ended(self, reason: str) -> None:
        self._failed = reason  # from the writing thread; told in the next turn


def _of(dream: Dream, control: ControlState, source_number: int) -> dict[str, object]:
    place = {"source": control.source, "source_number": source_number, "seed": dream.seed, "ear": control.ear}
    return {**place, "device": str(dream.device), "sequence": control.sequence}
