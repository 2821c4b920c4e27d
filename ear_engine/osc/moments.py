"""A moment of the sound, and what of it fits into a few values."""

from __future__ import annotations

from dataclasses import dataclass

from ear_engine.osc.formats import Fields
from ear_engine.osc.frames import Frame
from ear_engine.osc.heartbeat import SEQUENCE
from ear_engine.shared_memory.clock import Playhead
from ear_engine.shared_memory.loops import LoopFile

TOP_COUNT = 16
"""Neurons that stand out."""


@dataclass(frozen=True)
class Moment:
    """A loop, and where in it."""

    playhead: Playhead
    file: LoopFile | None  # None if it could not be read

    @property
    def loop(self) -> int:
        """Number of the loop; 0 is the source."""
        return self.playhead.entry.loop

    @property
    def frame(self) -> int:
        """Scalogram frame; 0 if the loop has none."""
        return self.playhead.frame(self.file.frames) if self.file is not None and self.file.frames else 0


def place_of(moment: Moment | None, sequence: int) -> Fields:
    """Where the sound is, and the subscription's turn; 0 before any sound."""
    seq = ("seq", sequence % SEQUENCE)
    if moment is None:
        return Fields((("loop", 0), ("phase", 0.0), ("frame", 0), ("beat", 0.0), seq))
    here = moment.playhead
    return Fields((("loop", moment.loop), ("phase", here.phase), ("frame", moment.frame), ("beat", here.beat), seq))


def top_of(loop: int, frame: Frame, span: slice) -> Fields:
    """The neurons of ``span`` that stand out most; -1 and 0 where fewer fire."""
    found = frame.top(span, TOP_COUNT)
    found += [(-1, 0.0)] * (TOP_COUNT - len(found))
    pairs = [pair for k, (n, rank) in enumerate(found, 1) for pair in ((f"neuron{k}", n), (f"rank{k}", rank))]
    return Fields((("loop", loop), ("frame", frame.frame), *pairs))
