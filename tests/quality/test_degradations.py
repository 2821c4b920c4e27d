from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.quality.degradations import DEGRADATIONS, compressed, dulled, repitched, shifted
from ear_engine.quality.other_ear import translate
from ear_engine.quality.percentiles import standing
from ear_engine.sources.loops import render_builtin

RATE = 44100


def sine(hertz: float) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)).astype(np.float32)


def strongest(loop: NDArray[np.float32]) -> float:
    return float(np.abs(np.fft.rfft(loop)).argmax() * RATE / len(loop))


def test_shifts_are_the_same_loop_elsewhere() -> None:
    loop = render_builtin("beat").mid
    for moved in shifted(loop, RATE):
        assert not np.array_equal(moved, loop)
        assert np.abs(np.fft.rfft(moved)) == pytest.approx(np.abs(np.fft.rfft(loop)), abs=0.05)


def test_half_a_semitone_lower_and_higher() -> None:
    lower, higher = repitched(sine(1000), RATE)
    assert sorted(round(strongest(one)) for one in (lower, higher)) == pytest.approx([972, 1029], abs=2)


def test_a_low_pass_takes_what_is_high_and_nothing_else() -> None:
    (kept,) = dulled(sine(1000) + sine(10000), RATE)
    assert kept == pytest.approx(sine(1000), abs=1e-4)


def test_the_codec_gives_back_nearly_the_same_in_the_same_place() -> None:
    loop = render_builtin("beat").mid
    (heard,) = compressed(loop, RATE)
    assert len(heard) == len(loop) and not np.array_equal(heard, loop)
    assert np.corrcoef(heard, loop)[0, 1] > 0.98


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_silence_stays_silence(name: str) -> None:
    for loop in DEGRADATIONS[name](np.zeros(RATE, np.float32), RATE):
        assert np.abs(loop).max() < 1e-4


def test_a_target_that_is_in_another_ears_channels_is_found_there() -> None:
    rng = np.random.default_rng(0)
    channels = rng.normal(size=(400, 12)) * rng.uniform(0.1, 10, 12)
    values = 2 * channels[:, 3] - channels[:, 7] + 5
    found = translate(channels, values)
    assert found.explained > 0.999
    fresh = rng.normal(size=(20, 12))
    assert found.read(fresh) == pytest.approx(2 * fresh[:, 3] - fresh[:, 7] + 5, abs=0.1)


def test_a_target_that_is_not_there_is_not_found() -> None:
    rng = np.random.default_rng(1)
    found = translate(rng.normal(size=(400, 40)), rng.normal(size=400))
    assert found.explained < 0.05
    assert np.abs(found.read(rng.normal(size=(50, 40)))).max() < 1.0


def test_a_value_stands_where_it_lies() -> None:
    corpus = np.arange(1000.0)
    found = standing(499.5, corpus)
    assert found.percentile == 50.0 and found.above == 500 and found.beyond == pytest.approx(0.0, abs=1e-9)
    assert standing(998.001, corpus).beyond == pytest.approx(1.0, abs=1e-3)
    top = standing(2000.0, corpus)
    assert top.percentile == 100.0 and top.above == 0 and top.beyond > 2
