"""Changes stay inside what they promise, and come from their seed."""

from __future__ import annotations

import numpy as np

from ear_engine.corpora.corpus import Recording
from ear_engine.evaluation.changes import EQUALIZATION_DB, LEVEL_DB, changed

RATE, LENGTH = 44100, 88200


def sine(frequency: float, samples: int = 2 * LENGTH) -> Recording:
    wave = 8000 * np.sin(2 * np.pi * frequency / RATE * np.arange(samples))
    return Recording(f"{frequency} Hz", wave.astype(np.int16))


def test_a_change_comes_from_seed_recording_and_place() -> None:
    recording = sine(440.0)
    first = changed(recording, 1000, LENGTH, RATE, 1)
    assert first.shape == (LENGTH,) and first.dtype == np.float32
    assert np.array_equal(first, changed(recording, 1000, LENGTH, RATE, 1))
    assert not np.array_equal(first, changed(recording, 1000, LENGTH, RATE, 2))
    assert not np.array_equal(first, changed(recording, 2000, LENGTH, RATE, 1))


def test_pitch_moves_by_up_to_a_semitone_both_ways_and_level_by_up_to_the_sum_of_both_gains() -> None:
    recording = sine(1000.0)
    plain = np.abs(np.fft.rfft(recording.audio(0, LENGTH) * np.hanning(LENGTH))).max()
    semitones, gains = [], []
    for seed in range(30):
        spectrum = np.abs(np.fft.rfft(changed(recording, LENGTH // 2, LENGTH, RATE, seed) * np.hanning(LENGTH)))
        semitones.append(12 * np.log2(np.argmax(spectrum) * RATE / LENGTH / 1000.0))
        gains.append(20 * np.log10(spectrum.max() / plain))
    assert -1.02 <= min(semitones) < -0.5 and 0.5 < max(semitones) <= 1.02
    assert max(np.abs(gains)) <= EQUALIZATION_DB + LEVEL_DB + 1.5  # a peak between two bins loses up to 1.4 dB
    assert np.ptp(gains) > 12


def test_noise_lies_10_to_30_db_below_the_music() -> None:
    for seed in range(10):
        audio = changed(sine(1000.0), LENGTH // 2, LENGTH, RATE, seed)
        power = np.abs(np.fft.rfft(audio * np.hanning(LENGTH))) ** 2
        near = slice(1880, 2130)  # 940 to 1065 Hz
        signal = power[near].sum()
        ratio = 10 * np.log10(signal / (power.sum() - signal))
        assert 9.0 < ratio < 31.0


def test_the_shortest_recording_is_enough() -> None:
    recording = sine(500.0, LENGTH)
    for seed in range(4):
        audio = changed(recording, 0, LENGTH, RATE, seed)
        assert len(audio) == LENGTH and np.isfinite(audio).all()
