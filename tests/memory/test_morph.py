from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.memory.morph import WINDOW, LoopFrames, SpectralMorph

RATE = 44100
SAMPLES = RATE + 311  # no multiple of the hop

Audio = NDArray[np.float32]


def tone(frequency: float, level: float = 0.3, phase: float = 0.0) -> Audio:
    cycles = round(frequency * SAMPLES / RATE)
    wave = level * np.sin(2 * np.pi * cycles * np.arange(SAMPLES) / SAMPLES + phase)
    return np.stack([wave, 0.5 * wave]).astype(np.float32)


def hits(places: list[float], level: float = 0.8) -> Audio:
    audio = np.zeros((2, SAMPLES), np.float32)
    decay = level * np.exp(-np.arange(2000) / 300) * np.sin(np.arange(2000) * 0.4)
    for place in places:
        first = round(place * SAMPLES)
        audio[:, np.arange(first, first + 2000) % SAMPLES] += decay.astype(np.float32)
    return audio


def noise(seed: int, level: float = 0.1) -> Audio:
    return (level * np.random.default_rng(seed).standard_normal((2, SAMPLES))).astype(np.float32)


def decibels(audio: Audio) -> float:
    return float(10 * np.log10(np.square(audio, dtype=np.float64).mean()))


def level_of(audio: Audio, frequency: float) -> float:
    """dB of a tone in the left channel."""
    spectrum = np.abs(np.fft.rfft(audio[0].astype(np.float64))) * 2 / SAMPLES
    place = round(frequency * SAMPLES / RATE)
    return float(20 * np.log10(spectrum[place - 2 : place + 3].max()))


def test_frames_give_the_loop_back_around_the_circle() -> None:
    frames, audio = LoopFrames(SAMPLES), noise(1)
    assert np.abs(frames.audio(frames.spectra(audio)) - audio).max() < 1e-6


def test_both_ends_are_the_loops_bit_for_bit_and_nearby_is_near() -> None:
    a, b = hits([0.1, 0.6]) + tone(220), noise(2)
    morph = SpectralMorph(a, b)
    assert np.array_equal(morph.at(0.0), a) and np.array_equal(morph.at(1.0), b)
    for share, end in ((1e-4, a), (1 - 1e-4, b)):
        assert decibels(morph.at(share) - end) < decibels(end) - 20


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (tone(440), tone(440, phase=np.pi)),
        (tone(220, 0.4), tone(1760, 0.1)),
        (hits([0.0, 0.5]), hits([0.25, 0.75], 0.3)),
        (noise(3, 0.15), tone(330)),
    ],
    ids=["opposed", "other tones", "hits", "noise to tone"],
)
def test_power_goes_from_end_to_end_within_one_db(a: Audio, b: Audio) -> None:
    morph = SpectralMorph(a, b)
    ends = 10 ** (decibels(a) / 10), 10 ** (decibels(b) / 10)
    for share in (0.25, 0.5, 0.75):
        wanted = 10 * np.log10((1 - share) * ends[0] + share * ends[1])
        assert abs(decibels(morph.at(share)) - wanted) < 1.0


def test_opposed_phases_do_not_cancel_as_in_a_cross_fade() -> None:
    a, b = tone(440), tone(440, phase=np.pi)
    assert decibels(0.5 * (a + b)) < -100
    assert level_of(SpectralMorph(a, b).at(0.5), 440) > level_of(a, 440) - 2


def test_it_is_no_cross_fade_what_only_one_has_fades_sooner_than_what_both_have() -> None:
    a, b = tone(440) + tone(880, 0.2), tone(440) + tone(3000, 0.2)
    middle = SpectralMorph(a, b).at(0.5)
    assert level_of(middle, 440) > level_of(a, 440) - 0.5
    for frequency, end in ((880, a), (3000, b)):
        assert level_of(middle, frequency) < level_of(end, frequency) - 9, "a cross-fade leaves 6 dB less"


def test_an_onset_stays_where_it_is_and_sharp() -> None:
    a, b = hits([0.25]), noise(4, 0.02)
    middle = SpectralMorph(a, b).at(0.5)
    envelope = np.square(middle[0].astype(np.float64))
    onset = round(0.25 * SAMPLES)
    after, before = envelope[onset : onset + 512].sum(), envelope[onset - 512 : onset].sum()
    assert after > 30 * before


def test_loops_of_other_lengths_have_no_way_between_them() -> None:
    with pytest.raises(ValueError, match="no way"):
        SpectralMorph(noise(1), noise(1)[:, :-1])
    with pytest.raises(ValueError, match="no way"):
        SpectralMorph(noise(1)[:, : WINDOW - 1], noise(2)[:, : WINDOW - 1])
