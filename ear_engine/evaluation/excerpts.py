"""Excerpts: places in recordings, cut without any overlap, margins included."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ear_engine.evaluation.changes import changed
from ear_engine.evaluation.window import MARGIN, Window

if TYPE_CHECKING:
    from ear_engine.corpora.corpus import Recording

SILENT = 33
"""16-bit peak (-60 dB) below which what an excerpt hears counts as silence."""
_FINGERPRINT = 256  # samples of each excerpt that enter the digest


@dataclass(frozen=True, eq=False)
class ExcerptSet:
    """Excerpts of one window each.

    Args:
        name: for progress and errors.
        recordings: where they lie.
        owner: (excerpts,), index of each one's recording.
        start: (excerpts,), its first sample.
        window: how long each is.
        change: seed of the changes of :func:`ear_engine.evaluation.changes.changed`, or None for the audio as it is.
    """

    name: str
    recordings: tuple[Recording, ...]
    owner: NDArray[np.int64]
    start: NDArray[np.int64]
    window: Window
    change: int | None = None

    def __len__(self) -> int:
        return len(self.owner)

    def audio(self, index: int) -> NDArray[np.float32]:
        """One excerpt, (window samples,), float32, about -1..1."""
        recording, start = self.recordings[self.owner[index]], int(self.start[index])
        if self.change is None:
            audio: NDArray[np.float32] = recording.audio(start, self.window.samples)
            return audio
        return changed(recording, start, self.window.samples, self.window.sample_rate, self.change)

    @cached_property
    def digest(self) -> str:
        """Names the sound: window, places, changes, and some samples of every excerpt."""
        found = hashlib.sha256(repr((self.window, self.change)).encode())
        middle = self.window.samples // 2
        for owner, start in zip(self.owner, self.start, strict=True):
            recording = self.recordings[owner]
            found.update(f"{recording.name}|{start}|{recording.length}".encode())
            at = int(start) + middle
            found.update(np.ascontiguousarray(recording.samples[at : at + _FINGERPRINT]).tobytes())
        return found.hexdigest()


def cut(name: str, recordings: Sequence[Recording], window: Window, *, most: int = 3000, every: int = 1) -> ExcerptSet:
    """All excerpts of the recordings that are not silent, one window after the other, thinned evenly where too many.

    Args:
        name: of the set.
        recordings: those shorter than one window give none.
        window: length and distance of the excerpts.
        most: excerpts at most, about.
        every: keep only every so many.
    """
    length = window.samples
    owner, start = [], []
    total = sum(recording.length // length for recording in recordings)
    step = every * max(1, -(-total // most))
    places = [(index, at * length) for index, one in enumerate(recordings) for at in range(one.length // length)]
    for index, at in places[::step]:
        if not is_silent(recordings[index], at, window):
            owner.append(index)
            start.append(at)
    return ExcerptSet(name, tuple(recordings), np.array(owner, np.int64), np.array(start, np.int64), window)


def is_silent(recording: Recording, start: int, window: Window) -> bool:
    """Whether the frames that the network hears in this window hold nothing."""
    heard = recording.samples[start + MARGIN * window.hop : start + window.samples - MARGIN * window.hop]
    return int(np.abs(heard.astype(np.int32)).max(initial=0)) < SILENT
