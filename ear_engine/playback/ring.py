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
    """

    def __init__(self, graph: Graph, plan: Plan, sample_rate: int, device_rate: int) -> None:
        self._graph = graph
        self._plan = plan
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

            self._resampler = soxr.ResampleStream(*self._rates, 4, dtype="float32", quality="HQ")

    def engine_position(self, device: float) -> float:
        """Engine sample at device sample ``device``."""
        return self._anchor[1] + (device - self._anchor[0]) * self._ratio

    def fill(self, until: int) -> None:
        """Write whole chunks as long as they end at or before device sample ``until``."""
        while self.written + _CHUNK <= until:
            wet, dry = self._plan.render(self.rendered, _CHUNK)
            self.rendered += _CHUNK
            if self._resampler is not None:
                wet, dry = self._resample(wet, dry)
            self._graph.write(self.written, wet, dry)
            self.written += wet.shape[1]

    def _resample(self, wet: Stereo, dry: Stereo) -> tuple[Stereo, Stereo]:
        block = self._resampler.resample_chunk(np.ascontiguousarray(np.concatenate((wet, dry)).T)).T
        return block[:2], block[2:]
