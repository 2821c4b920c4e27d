from __future__ import annotations

import math
from dataclasses import astuple
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ear_engine.quality.descriptors import describe
from ear_engine.quality.keys import NAMES as NOTES
from ear_engine.quality.keys import find_key, pitch_classes
from ear_engine.quality.onsets import find_onsets
from ear_engine.quality.roughness import pair_roughness, roughness
from ear_engine.sources.loops import render_builtin

RATE = 44100
SAMPLES = 4 * RATE


def tones(*hertz: float, samples: int = SAMPLES) -> NDArray[np.float32]:
    """Equally loud sines, each with whole cycles in the loop."""
    cycles = np.round(np.array(hertz) * samples / RATE)
    return np.sin(2 * np.pi * cycles[:, None] * np.arange(samples) / samples).sum(axis=0).astype(np.float32)


def noise(samples: int = SAMPLES) -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=samples).astype(np.float32)


def chord(root: int, minor: bool, samples: int) -> NDArray[np.float32]:
    """A triad of MIDI notes, each with four partials."""
    pitches = [root, root + (3 if minor else 4), root + 7]
    time = np.arange(samples) / RATE
    waves = [
        np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * partial * time) / partial
        for pitch in pitches
        for partial in range(1, 5)
    ]
    return (np.sum(waves, axis=0) * np.hanning(samples)).astype(np.float32)


def test_white_noise_is_as_flat_as_its_periodogram_is_exponential() -> None:
    assert describe(noise()).flatness == pytest.approx(math.exp(-np.euler_gamma), abs=0.01)
    assert describe(tones(440)).flatness < 1e-6


def test_tones_are_steady_clicks_are_not_and_noise_is_neither() -> None:
    clicks = np.zeros(SAMPLES, np.float32)
    clicks[:: RATE // 2] = 1.0
    assert describe(tones(440, 1000)).tonal > 0.999
    assert describe(clicks).tonal < 0.001
    assert describe(noise()).tonal == pytest.approx(0.5, abs=0.02)


def test_centroid_of_two_equal_tones_is_their_geometric_mean() -> None:
    assert describe(tones(250, 4000)).centroid == pytest.approx(1000, rel=0.01)


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_every_kick_of_a_loop_is_one_onset(count: int) -> None:
    clip = render_builtin(f"kick_{count}")
    assert describe(clip.audio).onset_rate * clip.seconds == pytest.approx(count)


def test_onsets_are_found_where_clicks_are() -> None:
    places = np.array([0.0, 0.31, 0.5, 1.7, 2.93, 3.6])
    loop = 1e-4 * noise()
    loop[(places * RATE).astype(int)] = 1.0
    found = find_onsets(loop, RATE) * 0.01
    apart = np.abs((found[:, None] - places + 2.0) % 4.0 - 2.0)
    assert len(found) == len(places) and apart.min(axis=0).max() < 0.03


def test_steady_sounds_begin_nowhere() -> None:
    assert describe(tones(440)).onset_rate == describe(noise()).onset_rate == 0.0


@pytest.mark.parametrize(
    ("root", "minor", "name"), [(60, False, "C major"), (57, True, "A minor"), (66, False, "F# major")]
)
def test_a_cadence_is_in_its_key(root: int, minor: bool, name: str) -> None:
    steps = [(0, minor), (5, minor), (7, False), (0, minor)]
    loop = np.concatenate([chord(root + step, kind, RATE) for step, kind in steps])
    key, clarity = find_key(pitch_classes(loop, RATE))
    assert key == name and clarity > 0.85


def test_profiles_are_their_own_keys_and_equal_classes_are_no_key() -> None:
    ratings = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
    for root in range(12):
        assert find_key(np.roll(ratings, root)) == (f"{NOTES[root]} major", pytest.approx(1.0))
    assert find_key(np.full(12, 1 / 12)) == ("", 0.0)


def test_a_tone_is_its_pitch_class() -> None:
    assert pitch_classes(tones(440), RATE)[9] > 0.97
    between = pitch_classes(tones(440 * 2 ** (1 / 24)), RATE)  # halfway to A sharp
    assert between[9] == pytest.approx(between[10], abs=0.05)


def test_two_tones_are_as_rough_as_plomp_and_levelt_say() -> None:
    for low, high in ((440, 465), (440, 500), (200, 400), (1000, 1100)):
        scale = 0.24 / (0.021 * low + 19)
        apart = scale * (high - low)
        curve = [math.exp(-3.5 * x) - math.exp(-5.75 * x) for x in np.linspace(0, 5, 20001)]
        expected = (math.exp(-3.5 * apart) - math.exp(-5.75 * apart)) / max(curve) / 2  # a² over 2 a²
        assert roughness(tones(low, high), RATE) == pytest.approx(expected, abs=0.02)
    assert roughness(tones(440), RATE) == 0.0


def test_of_many_tones_every_pair_counts() -> None:
    partials = [220.0, 240.0, 310.0, 900.0]
    pairs = [float(pair_roughness(np.array(a), np.array(b - a))) for a, b in combinations(partials, 2)]
    assert roughness(tones(*partials), RATE) == pytest.approx(np.sum(pairs) / 4, abs=0.02)


def test_a_buzz_is_rougher_than_a_chord() -> None:
    buzz = tones(*(43.07 * k for k in range(10, 60)))
    assert describe(buzz).roughness > 2 * describe(chord(60, False, SAMPLES)).roughness


@pytest.mark.parametrize("name", ["beat", "piano"])
def test_loudness_and_place_in_the_circle_do_not_matter(name: str) -> None:
    loop = render_builtin(name).audio
    found = astuple(describe(loop))
    assert astuple(describe(0.01 * loop)) == pytest.approx(found, rel=1e-3, abs=1e-6)
    moved = describe(np.roll(loop, 12345, axis=1))
    assert moved.key_clarity == pytest.approx(found[2], abs=0.02)
    assert moved.onset_rate == pytest.approx(found[1], abs=0.3)
    assert moved.roughness == pytest.approx(found[3], rel=0.1)


def test_silence_is_nothing() -> None:
    assert set(astuple(describe(np.zeros((2, 5000), np.float32)))) == {0.0}


@pytest.mark.parametrize("loop", [np.zeros(0), np.zeros((1, 2, 3)), np.array([0.0, np.nan])])
def test_what_is_no_loop_is_refused(loop: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="finite"):
        describe(loop.astype(np.float32))


@given(st.integers(1, 30000), st.floats(1e-6, 1e3), st.integers(0, 99))
def test_any_loop_has_finite_descriptors_in_range(samples: int, level: float, seed: int) -> None:
    loop = (np.random.default_rng(seed).normal(size=samples) * level).astype(np.float32)
    found = describe(loop)
    assert np.isfinite(astuple(found)).all()
    assert all(0 <= value <= 1.001 for value in (found.flatness, found.key_clarity, found.tonal))
    assert 0 <= found.onset_rate <= 100 * RATE / samples and 0 < found.centroid < RATE / 2
