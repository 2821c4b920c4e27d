"""Wet, dry, gain and mute as three numbers for the graph."""

from __future__ import annotations

import math

import numpy as np

from ear_engine.playback.plan import Stereo, cyclic

_ENOUGH = 30011  # samples


def mix_gains(wet: float, correlation: float) -> tuple[float, float]:
    """Gains of wet and dry at ``wet`` 0..1 so that the power stays the same whatever the two have in common.

    Sine and cosine keep the power of unrelated signals, but would raise equal ones (the source, before the first
    dream) by 3 dB; with the correlation r of two signals of the same power, the sum has power 1 + 2 r sin cos, which
    is divided out. Exactly (1, 0) and (0, 1) at the ends.
    """
    if wet >= 1.0:
        return 1.0, 0.0
    if wet <= 0.0:
        return 0.0, 1.0
    sine, cosine = math.sin(wet * math.pi / 2), math.cos(wet * math.pi / 2)
    scale = 1.0 / math.sqrt(max(1.0 + 2.0 * correlation * sine * cosine, 0.25))
    return sine * scale, cosine * scale


def level(gain_db: float, mute: bool) -> float:
    """Linear gain; 0 dB is exactly 1."""
    return 0.0 if mute else 10.0 ** (gain_db / 20.0)


def correlation(wet: Stereo, dry: Stereo) -> float:
    """Normalized correlation of two loops read from the same origin, -1..1; 0 if one is silent.

    Long loops are looked at in every n-th sample only: the statistics are the same, and the feeder does not wait.
    """
    step = max(1, wet.shape[1] // _ENOUGH)
    wet, other = wet[:, ::step], cyclic(dry, 0, wet.shape[1])[:, ::step]
    power = math.sqrt(float(np.square(wet).sum()) * float(np.square(other).sum()))
    return float((wet * other).sum()) / power if power > 1e-12 else 0.0
