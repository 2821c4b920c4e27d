"""How many beats a loop has: as the name of its file states, or as its onsets suggest."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

MOST_BEATS = 64

_NAMED = {
    "beats": re.compile(r"(?<![\d.])(\d{1,3})[ _-]?beats?(?![a-z])", re.IGNORECASE),
    "bars": re.compile(r"(?<![\d.])(\d{1,2})[ _-]?bars?(?![a-z])", re.IGNORECASE),
    "tempo": re.compile(r"(?<![\d.])(\d{2,3}(?:\.\d+)?)[ _-]?bpm(?![a-z])", re.IGNORECASE),
    "tempo_after": re.compile(r"(?<![a-z])bpm[ _-]?(\d{2,3}(?:\.\d+)?)(?!\d)", re.IGNORECASE),
}


def named_beats(stem: str, seconds: float) -> float | None:
    """Beats (not always whole) in a file of this length, as its name states them; 4 beats a bar."""
    for kind, pattern in _NAMED.items():
        for found in pattern.finditer(stem):
            number = float(found.group(1))
            beats = {"beats": number, "bars": 4.0 * number}.get(kind, number * seconds / 60.0)
            if 20.0 <= beats * 60.0 / seconds <= 300.0:
                return beats
    return None


def estimate_beats(mid: NDArray[np.float32], sample_rate: int) -> int:
    """Whole beats in a loop, judged by ear: how well its onsets repeat after one beat, two, and a bar.

    Candidates have a tempo of 70 to 180 BPM (one beat if none has). Among equals 4, 8, 16 and 32 beats and tempi near
    120 BPM win, so a loop without onsets gets the plainest reading.

    Args:
        mid: shape ``(samples,)``.
        sample_rate: in Hz.
    """
    seconds = len(mid) / sample_rate
    candidates = [n for n in range(1, MOST_BEATS + 1) if 70.0 <= n * 60.0 / seconds <= 180.0]
    if not candidates:
        return 1
    frames = max(32, round(100.0 * seconds))
    size = 1 << (sample_rate // 43).bit_length()
    starts = np.arange(frames) * len(mid) // frames
    grains = mid[(starts[:, None] + np.arange(size)) % len(mid)] * np.hanning(size).astype(np.float32)
    power = np.abs(np.fft.rfft(grains)) / max(1e-9, float(np.max(np.abs(mid), initial=0.0)))
    level = np.log1p(10.0 * power)
    onsets = np.maximum(0.0, level - np.roll(level, 1, axis=0)).sum(axis=1)
    onsets -= onsets.mean()
    echo = np.fft.irfft(np.abs(np.fft.rfft(onsets)) ** 2, frames)
    echo /= echo[0] + 1e-6

    def score(beats: int) -> float:
        lags = np.array([1, 2, 4]) * frames / beats
        heard = np.interp(lags % frames, np.arange(frames + 1), np.append(echo, echo[0]))
        octaves = math.log2(beats * 60.0 / seconds / 120.0)
        plain = 0.25 if beats in (4, 8, 16, 32) else 0.05 if beats % 4 == 0 else 0.0
        return float(heard @ (0.5, 0.3, 0.2)) + plain - 0.6 * octaves**2

    return max(candidates, key=score)
