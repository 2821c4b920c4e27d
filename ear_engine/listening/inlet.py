"""From the ring of the live input to what an ear can hear: at its rate, finite, and without what came too late."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from ear_engine.shared_memory.input_ring import InputReader, InputState

_MOST = 0.25  # seconds taken at once
_LATE = 1.0  # seconds behind at which the rest is skipped
_RECENT = 1.0  # seconds that the level is of


class Inlet:
    """Takes what is new.

    Args:
        reader: of the ring.
        rate: of the ear, Hz.
    """

    def __init__(self, reader: InputReader, rate: int) -> None:
        self._reader = reader
        self._rate = rate
        self._their_rate = 0
        self._next = -1  # number of the next sample in the ring
        self._resampler: Any = None
        self._start = 0  # number in the ring of the first sample that was given, as if none had been skipped since
        self._chunks: deque[tuple[int, float, int]] = deque()  # samples, peak, clipped
        self.broken = 0
        """Samples that were no numbers; they are silence now."""
        self.skipped = 0
        """Samples that came too fast to be heard."""

    def take(self, state: InputState) -> tuple[NDArray[np.float32], bool]:
        """What is new as of ``state``, (count,) at the ear's rate, at most a quarter of a second; and whether it begins
        anew (the input has another rate, or it is the first)."""
        anew = state.rate != self._their_rate or not 0 <= self._next <= state.count
        if anew:
            self._begin(state)
        if state.count - self._next > _LATE * state.rate:
            skipped = state.count - self._next - round(_MOST * state.rate)
            self.skipped += skipped
            self._next += skipped
            self._start += skipped
        stop = min(state.count, self._next + round(_MOST * state.rate))
        raw = self._reader.samples(self._next, stop)
        if raw is None:
            return np.zeros(0, np.float32), anew
        self._next = stop
        audio = self._clean(raw)
        if self._resampler is not None:
            audio = self._resampler.resample_chunk(audio)
        return audio, anew

    def _begin(self, state: InputState) -> None:
        self._their_rate, self._next, self._start = state.rate, state.count, state.count
        self._chunks.clear()
        self._resampler = None
        if state.rate != self._rate:
            self._resampler = soxr.ResampleStream(state.rate, self._rate, 1, dtype="float32", quality="HQ")

    def when(self, sample: int, state: InputState) -> float:
        """Clock time at which sample number ``sample`` of those that were given came in."""
        theirs = self._start + sample * self._their_rate / self._rate
        return state.time - (state.count - theirs) / self._their_rate

    @property
    def level(self) -> float:
        """Largest sample of the last second."""
        return max((peak for _, peak, _ in self._chunks), default=0.0)

    @property
    def clipped(self) -> float:
        """Share of the samples of the last second that are at full scale or beyond."""
        total = sum(count for count, _, _ in self._chunks)
        return sum(clipped for _, _, clipped in self._chunks) / total if total else 0.0

    def _clean(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        finite = np.isfinite(raw)
        self.broken += len(raw) - int(finite.sum())
        audio = np.clip(np.where(finite, raw, 0.0), -8.0, 8.0).astype(np.float32)
        loud = np.abs(audio)
        self._chunks.append((len(raw), float(loud.max(initial=0.0)), int((loud >= 1.0).sum())))
        while sum(count for count, _, _ in self._chunks) > _RECENT * self._their_rate and len(self._chunks) > 1:
            self._chunks.popleft()
        return audio
