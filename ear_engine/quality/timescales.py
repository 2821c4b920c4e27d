"""How slowly, and how widely, a dream changed its source: local textures against long structures.

The change is the difference of two spectrograms in dB (quarter-octave bands, frames of 10 ms, around the circle). Its
autocorrelation in time says how long its parts last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from ear_engine.quality.spectra import TINY, Floats, Loop, power_frames

_SIZE, _HOP = 1024, 441
_LOW, _BANDS, _BANDS_AN_OCTAVE = 60.0, 32, 4
_DEPTH = 60.0  # dB below the loudest band of either loop at which nothing counts
_FRAME = 0.01  # seconds


@dataclass(frozen=True)
class Timescale:
    """How long the parts of a change last.

    Args:
        correlation: seconds after which the change is less than half like itself.
        modulation: center in Hz of the spectrum of its course, on a logarithmic axis; slower is longer.
        width: octaves over which it is more than half like itself at one moment.
    """

    correlation: float
    modulation: float
    width: float


def band_levels(loop: Loop, sample_rate: int = 44100) -> Floats:
    """Levels in dB of 32 quarter-octave bands from 60 Hz on, (frames, bands), without what lies 60 dB below."""
    power = power_frames(loop, _SIZE, _HOP)
    edges = _LOW * 2.0 ** (np.arange(_BANDS + 1) / _BANDS_AN_OCTAVE)
    hertz = np.arange(power.shape[1]) * sample_rate / _SIZE
    # below 400 Hz bands are narrower than a bin: read between bins instead
    total = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)
    at = np.interp(edges, np.append(hertz, hertz[-1] + hertz[1]) - hertz[1] / 2, np.arange(len(hertz) + 1))
    low = np.floor(at).astype(np.int64)
    share = at - low
    up_to = total[:, low] * (1 - share) + total[:, np.minimum(low + 1, total.shape[1] - 1)] * share
    levels = 10.0 * np.log10(np.maximum(np.diff(up_to, axis=1), TINY))
    return np.asarray(np.maximum(levels, levels.max() - _DEPTH))


def change_of(source: Loop, dreamed: Loop, sample_rate: int = 44100) -> Floats:
    """What a dream changed, in dB, (frames, bands), without what it changed all the time in a band."""
    before, after = band_levels(source, sample_rate), band_levels(dreamed, sample_rate)
    floor = max(before.max(), after.max()) - _DEPTH
    change = np.maximum(after, floor) - np.maximum(before, floor)
    return np.asarray(change - change.mean(axis=0))


def timescale(change: Floats) -> Timescale:
    """Measure a change, (frames, bands); bands count by how much they change."""
    spectrum = np.abs(np.fft.rfft(change, axis=0)) ** 2
    course = np.fft.irfft(spectrum.sum(axis=1), len(change))
    power = spectrum.sum(axis=1)[1:]
    hertz = np.arange(1, len(power) + 1) / (len(change) * _FRAME)
    modulation = float(np.exp((power * np.log(hertz)).sum() / max(float(power.sum()), TINY)))
    bands = change.shape[1]
    across = np.array([(change[:, : bands - lag] * change[:, lag:]).mean() for lag in range(bands // 2)])
    return Timescale(
        _half_life(course / max(course[0], TINY)) * _FRAME,
        modulation,
        2.0 * _half_life(across / max(across[0], TINY)) / _BANDS_AN_OCTAVE,
    )


def _half_life(correlation: Floats) -> float:
    """Lag, between steps, at which a correlation that begins at 1 first falls to a half; half its length if never."""
    below = np.flatnonzero(correlation[: len(correlation) // 2 + 1] < 0.5)
    if not below.size:
        return float(len(correlation) // 2)
    last = int(below[0])
    before, after = correlation[last - 1], correlation[last]
    return float(last - 1 + (before - 0.5) / max(before - after, TINY))


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's correlation of two columns, and its 95 % interval."""

    value: float
    low: float
    high: float


def rank_correlation(depths: Floats, values: Floats, seed: int = 0, draws: int = 1000) -> RankCorrelation:
    """Correlation of ranks between the depth of layers and what was measured of them.

    The interval is a bootstrap over layers: a layer is drawn with all its dreams, since those are not independent.

    Args:
        depths: (layers,).
        values: (layers, dreams).
        seed: of the draws.
        draws: how many.
    """
    rng = np.random.default_rng(seed)

    def of(rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
        return float(spearmanr(np.repeat(depths[rows], values.shape[1]), values[rows].ravel()).statistic)

    everything = np.arange(len(depths))
    found: list[float] = []
    while len(found) < draws:
        rows = rng.integers(0, len(depths), len(depths))
        if len(set(rows.tolist())) > 2:
            found.append(of(rows))
    low, high = np.percentile(found, (2.5, 97.5))
    return RankCorrelation(of(everything), float(low), float(high))
