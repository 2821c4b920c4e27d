"""What comes of a dream: the loop, and files of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ear_engine.offline.outputs import write_loop
from ear_engine.offline.units import unit_of
from ear_engine.targets.facts import EarFacts
from ear_engine.targets.terms import Term


@dataclass(frozen=True, eq=False)
class Dreamed:
    """What came of a dream.

    Shapes:
        audio: (2, samples), float32: the loop at its loudness, true peaks at or below -1 dBTP; mixed with the source
            and louder or softer where ``playback/wet`` and ``playback/gain`` say so.
        source: (2, samples): what it was dreamed from.
        objective: (steps,): what was raised, before each step, in :attr:`unit`.
        scalograms: two of (frames, bins): log amplitude 0..1 of source and loop.

    Args:
        sample_rate: Hz.
        beats: of the loop.
        terms: what was aimed at.
        facts: of the ear.
        title: ear, clip and target in a line.
    """

    audio: NDArray[np.float32]
    source: NDArray[np.float32]
    objective: NDArray[np.float32]
    scalograms: tuple[NDArray[np.float32], NDArray[np.float32]]
    sample_rate: int
    beats: int
    terms: tuple[Term, ...]
    facts: EarFacts
    title: str

    @property
    def unit(self) -> str:
        """Of the objective; nothing if it is a score, or mixed."""
        return unit_of(self.terms)

    def save(self, path: str | Path) -> Path:
        """Write the loop as a WAV file of 32-bit floats.

        Raises:
            UserError: it cannot be written there.
        """
        path = Path(path).expanduser()
        write_loop(path, self.audio, self.sample_rate)
        return path

    def picture(self, path: str | Path) -> Path:
        """Draw what was aimed at, the scalograms of source and loop, and how the objective rose, as a PNG.

        Raises:
            UserError: matplotlib is missing, its name does not end in .png, or it cannot be written there.
        """
        from ear_engine.offline.picture import draw

        return draw(self, Path(path).expanduser())
