"""What is heard: loudness against the meter, true peaks against another oversampling, nothing touched without need."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ear_engine.loudness import LoudnessMeter
from ear_engine.optimization.limiter import BLOCK, CEILING, MOST_REDUCTION, limiting
from ear_engine.optimization.mastering import Mastered, Mastering
from ear_engine.sources.loops import builtin_names, render_builtin

RATE = 44100
CEILING_DB = -1.0


def true_peak(audio: NDArray[np.float32], factor: int = 16) -> float:
    """dBTP, from ``factor`` values a sample around the circle."""
    return float(
        20 * np.log10(np.abs(scipy.signal.resample(audio.astype(np.float64), factor * audio.shape[1], axis=1)).max())
    )


def loudness(audio: NDArray[np.float32]) -> float:
    return LoudnessMeter(audio.shape[1], RATE).measure(audio)


def master(audio: NDArray[np.float32], target: float) -> tuple[NDArray[np.float32], Mastered]:
    mastered = Mastering(audio.shape[1], RATE)(torch.from_numpy(audio), target)
    return mastered.audio.numpy(), mastered


def noise(samples: int, seed: int = 0, level: float = 0.1) -> NDArray[np.float32]:
    return (level * np.random.default_rng(seed).standard_normal((2, samples))).astype(np.float32)


def sine(hertz: float, samples: int, phase: float = 0.0, level: float = 1.0) -> NDArray[np.float32]:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(samples) / RATE + phase)
    return np.stack([wave, wave]).astype(np.float32)


def dreams(name: str) -> dict[str, NDArray[np.float32]]:
    """Loops such as a dream makes of a clip: denser, noisier, with clicks, and sharper than any dream."""
    clip = np.broadcast_to(render_builtin(name).audio, (2, render_builtin(name).samples))
    clicks = np.zeros_like(clip)
    clicks[:, :: clip.shape[1] // 8] = 0.5
    level = float(clip.std())
    return {
        "dense": clip + sine(220.0, clip.shape[1], level=level),
        "noisy": clip + noise(clip.shape[1], level=0.5 * level),
        "clicks": 0.3 * clip + clicks,
    }


@pytest.mark.parametrize("name", [name for name in builtin_names() if name != "silence"])
def test_every_clip_however_it_is_dreamed_is_heard_as_loud_as_its_source(name: str) -> None:
    target = loudness(
        np.ascontiguousarray(np.broadcast_to(render_builtin(name).audio, (2, render_builtin(name).samples)))
    )
    for kind, dream in dreams(name).items():
        heard, mastered = master(dream, target)
        assert loudness(heard) == pytest.approx(target, abs=1.0), kind
        assert mastered.loudness == pytest.approx(loudness(heard), abs=0.2), kind
        assert true_peak(heard, 16) <= CEILING_DB + 0.1, kind  # twice as many values a sample as mastering looks at
    assert mastered.limited > 0 or name == "low_noise"  # clicks at -18 LUFS do not fit below -1 dBTP


def test_without_need_nothing_but_the_level_changes() -> None:
    audio = noise(RATE)
    audio -= audio.mean(axis=1, keepdims=True)
    clean = Mastering(RATE, RATE)(torch.from_numpy(audio), -30.0).audio.numpy()  # without what lies below 5 Hz
    heard, mastered = master(clean, -25.0)
    assert mastered.limited == 0.0
    assert np.array_equal(heard, clean * np.float32(mastered.gain))


def test_a_clean_loop_of_the_right_loudness_passes_unchanged() -> None:
    audio = sine(441.0, RATE, level=0.5)
    heard, mastered = master(audio, loudness(audio))
    assert mastered.gain == pytest.approx(1.0, abs=1e-5)
    assert np.abs(heard - audio).max() < 1e-5


def test_true_peaks_between_the_samples_are_found() -> None:
    """A sine at a quarter of the sample rate, 45 degrees off: its samples are 3 dB below its peaks."""
    audio = sine(RATE / 4, RATE, phase=np.pi / 4, level=0.99)
    assert np.abs(audio).max() < 0.71
    assert Mastering(RATE, RATE).true_peak(torch.from_numpy(audio)) == pytest.approx(0.99, abs=1e-4)
    heard, mastered = master(audio, loudness(audio))
    assert true_peak(heard) == pytest.approx(CEILING_DB, abs=0.02)
    assert mastered.limited > 0.9


@given(
    seed=st.integers(0, 99),
    samples=st.integers(3000, 20000),
    level=st.floats(-30.0, 20.0),
    target=st.floats(-40.0, -3.0),
)
@settings(max_examples=30)
def test_whatever_comes_in_no_true_peak_passes_the_ceiling(
    seed: int, samples: int, level: float, target: float
) -> None:
    audio = noise(samples, seed) ** 3 * np.float32(1000 * 10 ** (level / 20))
    heard, mastered = master(audio.astype(np.float32), target)
    measured = Mastering(samples, RATE).true_peak(torch.from_numpy(heard))
    assert measured <= CEILING * (1 + 1e-5)
    assert np.isfinite(heard).all() and mastered.limited <= MOST_REDUCTION + 1e-6


def test_a_lone_click_stays_quieter_and_is_not_blown_up() -> None:
    """At -18 LUFS it would need a peak far above full scale: it ends at the ceiling, the rest 12 dB up at most."""
    audio = 1e-4 * noise(4 * RATE, level=1.0)
    audio[:, 1000] = 0.9
    heard, mastered = master(audio, -18.0)
    assert mastered.loudness < -30.0 and mastered.limited == pytest.approx(MOST_REDUCTION, abs=1e-3)
    assert true_peak(heard, 4) == pytest.approx(CEILING_DB, abs=0.05)
    far = np.abs(heard[:, 4 * RATE // 2 :]).max() / np.abs(audio[:, 4 * RATE // 2 :]).max()
    assert 20 * np.log10(far) < MOST_REDUCTION + 0.5


def test_direct_current_and_rumble_go_and_music_stays() -> None:
    music = sine(55.0, 4 * RATE, level=0.2)
    rumble = 0.1 + sine(2.0, 4 * RATE, level=0.1)
    heard, mastered = master(music + rumble, -30.0)
    spectrum = np.abs(np.fft.rfft(heard)) / heard.shape[1] * 2
    assert spectrum[:, :20].max() < 1e-6  # below 5 Hz
    assert np.abs(heard - music * mastered.gain).max() < 1e-5


def test_limited_moments_have_no_direct_current_either() -> None:
    audio = np.abs(noise(RATE, level=0.5)) ** 2
    heard, _ = master(audio, -14.0)
    assert abs(heard.mean()) < 1e-5


def test_mastering_goes_around_the_circle() -> None:
    audio = noise(10 * BLOCK * 100) ** 3 * np.float32(300)
    turned, _ = master(np.roll(audio, 7 * BLOCK, axis=1), -14.0)
    heard, mastered = master(audio, -14.0)
    assert mastered.limited > 1.0
    assert np.allclose(np.roll(heard, 7 * BLOCK, axis=1), turned, atol=2e-3)  # loudness is measured every 100 ms


def test_the_limiters_gain_is_smooth_and_far_from_peaks_exactly_one() -> None:
    peaks = np.full(2000, 0.5)
    peaks[5] = 2.0
    gain = limiting(peaks, RATE)
    assert gain[5] <= CEILING / 2.0 + 1e-12 and gain[6] <= CEILING / 2.0 + 1e-12  # both ends of the block
    assert (gain[100:-20] == 1.0).all()
    decibels = 20 * np.log10(gain)
    falling = np.diff(np.roll(decibels, 50))
    assert falling.min() > -2.5 and falling.max() < 0.3  # dB a block of 1.5 ms


def test_silence_stays_silence() -> None:
    heard, mastered = master(np.zeros((2, RATE), np.float32), -20.0)
    assert not heard.any() and mastered.loudness == -70.0 and mastered.limited == 0.0
