"""Loops from the session's folder, checked before they may sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ear_engine.playback.events import EventLog
from ear_engine.playback.mix import correlation
from ear_engine.playback.plan import Stereo
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import read_loop, source_name

_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class LoadedLoop:
    """A loop in memory, with the source it descends from; ``wet`` and ``dry`` are (2, samples)."""

    file: str
    loop: int
    source_number: int
    beats: int
    wet: Stereo
    dry: Stereo
    correlation: float


class LoopLibrary:
    """Loads loop files; a bad one is reported once and tried again at most once a second.

    Audio is copied out of the file, so that a file removed or a slow disk cannot touch what sounds.
    """

    def __init__(self, folder: Path, sample_rate: int, events: EventLog) -> None:
        self._folder = folder
        self._rate = sample_rate
        self._events = events
        self._refused: dict[str, float] = {}
        self._source: tuple[str, Stereo] | None = None

    def load(self, file: str) -> LoadedLoop | None:
        """The loop in ``file``, or None if it cannot sound (an event tells why)."""
        if now() - self._refused.get(file, -_RETRY_SECONDS) < _RETRY_SECONDS:
            return None
        try:
            found = read_loop(self._folder / file)
            wet = _stereo(found.audio)
            if found.sample_rate != self._rate:
                raise ValueError(f"its rate is {found.sample_rate} Hz, not the engine's {self._rate} Hz")
            if found.beats < 1:
                raise ValueError(f"it has {found.beats} beats")
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._refuse(file, error)
            return None
        dry = wet if found.loop == 0 else self._dry(found.source_number, wet)
        return LoadedLoop(file, found.loop, found.source_number, found.beats, wet, dry, correlation(wet, dry))

    def _dry(self, source_number: int, wet: Stereo) -> Stereo:
        file = source_name(source_number)
        if self._source is not None and self._source[0] == file and self._source[1].shape == wet.shape:
            return self._source[1]
        try:
            source = _stereo(read_loop(self._folder / file).audio)
            if source.shape != wet.shape:
                raise ValueError(f"it has {source.shape[1]} samples, its dream {wet.shape[1]}")
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._refuse(file, error)
            return wet
        self._source = (file, source)
        return source

    def _refuse(self, file: str, error: Exception) -> None:
        if file not in self._refused:
            reason = "it is gone" if isinstance(error, FileNotFoundError) else str(error) or type(error).__name__
            self._events.report("warning", "loop_refused", f"{file} cannot sound ({reason}); what plays goes on.")
        self._refused[file] = now()
        while len(self._refused) > 64:
            self._refused.pop(next(iter(self._refused)))


def read_stereo(path: Path) -> tuple[Stereo, int]:
    """Audio of a file of the session's, (2, samples), copied out of it, and its rate in Hz.

    Raises:
        OSError: it is gone, or cannot be read.
        ValueError: it is no loop file, or its audio is not finite; :class:`KeyError` and :class:`TypeError` likewise.
    """
    found = read_loop(path)
    return _stereo(found.audio), found.sample_rate


def _stereo(audio: Stereo) -> Stereo:
    """A copy with two channels: mono on both sides, more than two cut to the first two."""
    if audio.ndim != 2 or audio.shape[0] < 1 or audio.shape[1] < 1:
        raise ValueError(f"its audio has shape {audio.shape}")
    if not np.isfinite(audio.sum(dtype=np.float64)):  # one bad value spoils the sum
        raise ValueError("its audio is not finite")
    return np.ascontiguousarray(np.broadcast_to(audio[:2], (2, audio.shape[1])), dtype=np.float32).copy()
