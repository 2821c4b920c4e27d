"""What a dreamer reads of the session's loop files: sources, clips, loops that were heard before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.optimization.bulletin import Bulletin
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.models import Place
from ear_engine.shared_memory.loops import LoopFile, read_loop
from ear_engine.shared_memory.states import ControlState


class LoopFiles:
    """Reads loop files; one that cannot be used is told.

    Args:
        session: the session folder.
        bulletin: where it is told.
    """

    def __init__(self, session: Path, bulletin: Bulletin) -> None:
        self._folder = session / "loops"
        self._bulletin = bulletin
        self.clips: Mapping[str, str] = {}  # name of a clip → its file

    def read(self, file: str) -> LoopFile | None:
        """Loop of that file name; None if it cannot be read."""
        try:
            loop = read_loop(self._folder / file)
        except (OSError, ValueError) as error:
            reason = f"cannot be read ({error})"
            self._bulletin.trouble("file", UserError(f"loop {file}", reason, "choose the clip again", "bad_clip"))
            return None
        self._bulletin.trouble("file", None)
        return loop

    def place(self, control: ControlState) -> Place | None:
        """Where a dream is to begin; None if its source cannot be read."""
        source = self.read(control.source)
        return None if source is None else Place(source, control.source_number, control.seed)

    def last(self, files: Iterable[str], source: LoopFile) -> LoopFile | None:
        """The first of ``files`` that holds what was dreamed of ``source``; nobody minds if there is none."""
        for file in files:
            try:
                last = read_loop(self._folder / file)
            except (OSError, ValueError):  # there is none, it was pruned, or never finished
                continue
            if last.loop and last.name == source.name and last.samples == source.samples:
                return last
        return None

    def recalled(self, file: str, dream: Dream) -> LoopFile | None:
        """Loop from which ``dream`` is to go on; None if it cannot be read, or has another length."""
        loop = self.read(file)
        if loop is not None and (loop.samples, loop.sample_rate) != (dream.samples, dream.sample_rate):
            reason = f"has {loop.samples} samples, and the loop {dream.samples}"
            error = UserError(f"loop {file}", reason, "choose its source first", "other_length")
            self._bulletin.event("warning", error.code, str(error))
            return None
        return loop

    def clip(self, name: str) -> NDArray[np.float32] | None:
        """Audio, (1 or 2, samples), of a clip that a target names; None if it is not there."""
        file = self.clips.get(name)
        loop = self.read(file) if file else None
        return None if loop is None else loop.audio
