"""A whole source: two clips of falling drops, made when they are asked for."""

from __future__ import annotations

import numpy as np

from ear_engine.clip import Clip
from ear_engine.sources.source import ClipRow

BEATS = 4
TEMPO = 90.0


class Rain:
    """Drops that fall on a loop of four beats."""

    name = "rain"

    def names(self) -> tuple[str, ...]:
        """Two."""
        return ("rain_light", "rain_heavy")

    def describe(self, name: str) -> ClipRow:
        """Without making them."""
        return ClipRow("", BEATS * 60.0 / TEMPO, BEATS, TEMPO, f"{_drops(name)} drops")

    def render(self, name: str, sample_rate: int) -> Clip:
        """Each drop is one sample, where the clip's own generator says."""
        audio = np.zeros((2, round(BEATS * 60.0 / TEMPO * sample_rate)), dtype=np.float32)
        rng = np.random.default_rng(_drops(name))
        audio[:, rng.choice(audio.shape[1], _drops(name), replace=False)] = 0.5
        return Clip(name, audio, sample_rate, BEATS, "declared")


def _drops(name: str) -> int:
    return {"rain_light": 20, "rain_heavy": 400}[name]
