"""Clips of a corpus as loops: what dreams are held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ear_engine.errors import UserError
from ear_engine.loudness import SILENT, LoudnessMeter
from ear_engine.quality.spectra import Loop
from ear_engine.statistics.listening import Excerpt, Recorded, draw

SECONDS = 4.0
"""Length of a clip; that of the built-in loops at 120 BPM."""
SEAM = 0.05
"""Seconds over which what would follow fades into the clip's start."""


class Clips:
    """Clips spread evenly over music, each closed to a loop; silent ones are left out.

    Args:
        recordings: the music.
        count: how many at most.
        seed: of their places.
        sample_rate: Hz.
        seconds: length of each.

    Raises:
        UserError: there is no clip that long, or none with a sound.
    """

    def __init__(
        self,
        recordings: Sequence[Recorded],
        count: int,
        seed: int = 0,
        sample_rate: int = 44100,
        seconds: float = SECONDS,
    ) -> None:
        self.recordings = recordings
        self.sample_rate = sample_rate
        self.samples = round(seconds * sample_rate)
        self._seam = round(SEAM * sample_rate)
        self._meter = LoudnessMeter(self.samples, sample_rate)
        places = draw(recordings, count, self.samples + self._seam, seed, sample_rate)
        self.places = [place for place in places if self.loudness(self._cut(place)) > SILENT]
        if not self.places:
            raise UserError("the corpus", "is silent", "use music", "silent")

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, number: int) -> Loop:
        """One loop, (samples,), as loud as it is in the music."""
        return self._cut(self.places[number])

    def __iter__(self) -> Iterator[Loop]:
        return map(self._cut, self.places)

    def leveled(self, number: int, loudness: float) -> Loop:
        """One loop at this loudness (LUFS, on both sides of a stereo pair); peaks may pass 1, nothing is limited."""
        loop = self[number]
        return np.asarray(loop * 10.0 ** ((loudness - self.loudness(loop)) / 20.0), dtype=np.float32)

    def loudness(self, loop: Loop) -> float:
        """LUFS of a loop heard on both sides, ``SILENT`` or more."""
        return self._meter.measure(np.stack([loop, loop]))

    def _cut(self, place: Excerpt) -> Loop:
        audio = self.recordings[place.recording].audio(place.start, self.samples + self._seam)
        return close_loop(audio, self.samples)


def close_loop(audio: Loop, samples: int) -> Loop:
    """The first ``samples`` of music as a loop: what comes after them fades out over its start, at equal power."""
    loop = audio[:samples].copy()
    seam = len(audio) - samples
    phase = (np.arange(seam) + 0.5) / max(1, seam) * np.pi / 2.0
    loop[:seam] = loop[:seam] * np.sin(phase) + audio[samples:] * np.cos(phase)
    return np.asarray(loop, dtype=np.float32)
