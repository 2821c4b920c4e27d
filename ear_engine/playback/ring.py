"""Fills the graph's rings with the planned signal, at the device's rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from ear_engine.playback.graph import Graph
from ear_engine.playback.plan import Plan, Stereo

_CHUNK = 1024  # least samples rendered at once


class RingWriter:
    """Renders the plan into the rings, ahead of what sounds.

    Device samples count from the server's start, engine samples from the session's. They are tied together at an
    anchor; from there device sample ``d`` is engine sample ``e0 + (d - d0) * sample_rate / device_rate``, also if
    the stream is resampled: the resampler (soxr) gives out its first sample for its first sample, only later.

    Args:
        graph: whose rings are filled.
        plan: what the hall hears.
        sample_rate, device_rate: Hz.
        ahead: what the cue hears of what comes next, if there is a cue.
    """

    def __init__(self, graph: Graph, plan: Plan, sample_rate: int, device_rate: int, ahead: Plan | None = None) -> None:
        self._graph = graph
        self._plan = plan
        self._ahead = ahead
        self._rates = (sample_rate, device_rate)
        self._ratio = sample_rate / device_rate
        self._anchor = (0, 0.0)
        self._resampler: Any = None
        self.anchored: tuple[int, float, int] | None = None
        """Device sample and engine sample of the anchor, and the device sample from which on it is silent before."""
        self.written = 0  # first device sample not in the ring
        self.rendered = 0  # first engine sample not rendered

    def anchor(self, device: int, engine: float) -> None:
        """Go on writing at ``device``, which is the moment ``engine`` (rounded to a sample)."""
        silent, self.written, self.rendered = self.written, device, round(engine)
        self._anchor = (device, float(self.rendered))
        self.anchored = (*self._anchor, silent)
        if self._rates[0] != self._rates[1]:
            import soxr  # only if needed: it costs 50 ms

            self._resampler = soxr.ResampleStream(
                *self._rates, 4 if self._ahead is None else 6, dtype="float32", quality="HQ"
            )

    def engine_position(self, device: float) -> float:
        """Engine sample at device sample ``device``."""
        return self._anchor[1] + (device - self._anchor[0]) * self._ratio

    def fill(self, until: int) -> None:
        """Write whole chunks as long as they end at or before device sample ``until``."""
        while self.written + _CHUNK <= until:
            pairs = [*self._plan.render(self.rendered, _CHUNK)]
            if self._ahead is not None:
                pairs.append(self._ahead.render(self.rendered, _CHUNK)[0])
            self.rendered += _CHUNK
            if self._resampler is not None:
                pairs = self._resample(pairs)
            self._graph.write(self.written, pairs[0], pairs[1])
            if self._ahead is not None:
                self._graph.write_next(self.written, pairs[2])
            self.written += pairs[0].shape[1]

    def _resample(self, pairs: list[Stereo]) -> list[Stereo]:
        block = self._resampler.resample_chunk(np.ascontiguousarray(np.concatenate(pairs).T)).T
        return [block[first : first + 2] for first in range(0, len(block), 2)]
