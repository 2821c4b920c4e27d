from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from ear_engine.quality.dreaming import pink_noise
from ear_engine.quality.timescales import change_of, rank_correlation, timescale


@pytest.mark.parametrize("hertz", [0.5, 2.0, 8.0])
def test_a_pulsating_change_is_as_long_as_its_pulse(hertz: float) -> None:
    time = np.arange(400) * 0.01
    change = np.sin(2 * np.pi * hertz * time)[:, None] * np.ones(32)
    found = timescale(change)
    assert found.correlation == pytest.approx(1 / (6 * hertz), abs=0.003)  # cos is 1/2 after a sixth
    assert found.modulation == pytest.approx(hertz, rel=1e-6)
    assert found.width > 3.9  # all bands alike: half of the eight octaves on each side, at most


def test_bands_that_change_by_themselves_are_narrow() -> None:
    change = np.random.default_rng(0).normal(size=(400, 32))
    found = timescale(change)
    assert found.correlation < 0.011 and found.width < 0.51


def test_half_width_of_a_smooth_bump_across_bands() -> None:
    rng = np.random.default_rng(1)
    bumps = np.exp(-0.5 * ((np.arange(32) - rng.uniform(0, 32, 3000)[:, None]) / 2.0) ** 2)
    width = timescale(bumps * rng.choice([-1, 1], (3000, 1))).width
    expected = 2 * 2.0 * np.sqrt(2) * np.sqrt(2 * np.log(2)) / 4  # correlation of a Gaussian with itself, in octaves
    assert width == pytest.approx(expected, rel=0.1)


def test_what_is_not_changed_has_no_change_nor_has_a_gain() -> None:
    loop = pink_noise(88200)
    assert np.abs(change_of(loop, loop)).max() == 0.0
    assert np.abs(change_of(loop, 0.5 * loop)).max() < 1e-6


def test_a_slow_swell_is_slower_than_a_tremolo() -> None:
    loop = pink_noise(176400)
    time = np.arange(176400) / 44100
    swell, tremolo = (loop * (1.2 + np.sin(2 * np.pi * f * time)).astype(np.float32) for f in (0.5, 8.0))
    slow, fast = timescale(change_of(loop, swell)), timescale(change_of(loop, tremolo))
    assert slow.modulation < 1.5 < 6 < fast.modulation
    assert slow.correlation > 5 * fast.correlation


def test_rank_correlation_is_spearmans_with_an_interval_over_layers() -> None:
    rng = np.random.default_rng(2)
    depths = np.arange(20.0)
    values = depths[:, None] + rng.normal(size=(20, 3)) * 6
    found = rank_correlation(depths, values, draws=300)
    assert found.value == pytest.approx(spearmanr(np.repeat(depths, 3), values.ravel()).statistic)
    assert 0 < found.low < found.value < found.high < 1
    unrelated = rank_correlation(depths, rng.normal(size=(20, 1)), draws=300)
    assert unrelated.low < 0 < unrelated.high
    assert rank_correlation(depths, values, draws=300) == found
